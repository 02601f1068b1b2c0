"""A key uses no more of a month than its cap, whatever becomes of its images."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import api_keys
from accounts.models import ApiKey
from billing import ledger
from billing.charging import held_credits
from billing.errors import InsufficientCredits, KeyCapReached, LedgerBroken
from billing.models import KeyMonth
from tests.factories import make_account, make_key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


@pytest.fixture
def capped(alice):
    """A key of Alice's that may use two credits a month."""
    return make_key(alice.organization, monthly_credit_cap=2).api_key


def pay(account, api_key, *, key=None):
    with held_credits(account, amount=1, idempotency_key=key, fingerprint="f", api_key=api_key) as charge:
        charge.bind_images("0" * 64)


def month_of(api_key):
    return KeyMonth.objects.values_list("held", "spent").get(api_key=api_key)


def test_a_key_uses_its_cap_and_no_more(alice, capped, available):
    pay(alice, capped)
    pay(alice, capped)

    with pytest.raises(KeyCapReached, match="may use 2 credits a month"):
        pay(alice, capped)
    assert available(alice) == 8
    assert month_of(capped) == (0, 2)


def test_other_keys_and_calls_without_one_go_on(alice, capped, available):
    pay(alice, capped)
    pay(alice, capped)
    pay(alice, make_key(alice.organization, name="Other").api_key)
    pay(alice, None)

    assert available(alice) == 6
    assert month_of(capped) == (0, 2)
    assert month_of(ApiKey.objects.get(name="Other")) == (0, 1)


def test_what_is_settled_for_one_key_is_not_settled_for_another(alice, capped):
    other = make_key(alice.organization, name="Other").api_key
    mine, _theirs = ledger.hold(alice, amount=1, api_key=capped), ledger.hold(alice, amount=2, api_key=other)
    ledger.capture(mine)

    assert (month_of(capped), month_of(other)) == ((0, 1), (2, 0))


def test_a_month_that_lost_what_was_held_is_not_made_up_for(alice, capped, available):
    held = ledger.hold(alice, amount=2, api_key=capped)
    KeyMonth.objects.update(held=1)

    with pytest.raises(LedgerBroken):
        ledger.capture(held)
    assert (month_of(capped), available(alice)) == ((1, 0), 8)
    KeyMonth.objects.update(held=2)


def test_images_in_work_count(alice, capped):
    first, _second = ledger.hold(alice, amount=1, api_key=capped), ledger.hold(alice, amount=1, api_key=capped)
    with pytest.raises(KeyCapReached):
        ledger.hold(alice, amount=1, api_key=capped)
    ledger.release(first)

    assert ledger.hold(alice, amount=1, api_key=capped)


def test_a_failed_image_gives_its_place_back(alice, capped):
    for _ in range(3):
        with (
            pytest.raises(ValueError, match="broken"),
            held_credits(alice, amount=1, idempotency_key=None, fingerprint="f", api_key=capped),
        ):
            raise ValueError("broken")

    assert month_of(capped) == (0, 0)


def test_a_swept_hold_gives_its_place_back(alice, capped):
    ledger.hold(alice, amount=2, api_key=capped)
    ledger.release_expired(timezone.now() + timedelta(days=1))

    assert month_of(capped) == (0, 0)


def test_releasing_twice_gives_back_once(alice, capped):
    first, _second = ledger.hold(alice, amount=1, api_key=capped), ledger.hold(alice, amount=1, api_key=capped)
    ledger.release(first)
    ledger.release(first)

    assert month_of(capped) == (1, 0)


def test_a_refused_hold_leaves_no_trace(capped, available):
    bob = make_account("Bob's shop", credits=1)
    key = make_key(bob.organization, monthly_credit_cap=5).api_key
    with pytest.raises(InsufficientCredits):
        ledger.hold(bob, amount=2, api_key=key)
    assert month_of(key) == (0, 0)

    api_keys.ApiKey.objects.filter(pk=key.pk).update(monthly_credit_cap=1)
    key.refresh_from_db()
    pay(bob, key)
    ledger.grant(bob, amount=5, reference="more", reason="")
    with pytest.raises(KeyCapReached):
        ledger.hold(bob, amount=1, api_key=key)
    assert available(bob) == 5


def test_a_repetition_needs_no_room(alice, capped):
    pay(alice, capped, key="a")
    pay(alice, capped, key="b")
    pay(alice, capped, key="a")

    assert month_of(capped) == (0, 2)


def test_a_new_month_begins_at_nothing_and_an_image_belongs_to_the_month_it_began_in(alice, capped):
    with time_machine.travel("2026-01-31T23:59:59Z", tick=False) as clock:
        held = ledger.hold(alice, amount=2, api_key=capped)
        with pytest.raises(KeyCapReached, match="at 2026-02-01 00:00 UTC"):
            ledger.hold(alice, amount=1, api_key=capped)
        clock.shift(1)
        ledger.capture(held)
        ledger.release(ledger.hold(alice, amount=1, api_key=capped))

    months = dict(KeyMonth.objects.values_list("month", "spent"))
    assert months == {date(2026, 1, 1): 2, date(2026, 2, 1): 0}


def test_rotating_a_key_does_not_give_it_a_second_month(alice, capped):
    pay(alice, capped)
    second = api_keys.rotate(capped, overlap=timedelta(hours=1)).api_key
    third = api_keys.rotate(second, overlap=timedelta(hours=1)).api_key
    pay(alice, third)

    for key in (capped, second, third):
        with pytest.raises(KeyCapReached):
            pay(alice, key)


def test_what_a_key_used_before_it_was_capped_counts(alice):
    key = make_key(alice.organization).api_key
    pay(alice, key)
    key.monthly_credit_cap = 1
    key.save()

    with pytest.raises(KeyCapReached):
        pay(alice, key)
