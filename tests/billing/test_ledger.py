"""Holds, captures, releases, and what is left of a balance."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import ledger, recharge_bell
from billing.errors import HoldLost, InsufficientCredits, LedgerBroken
from billing.models import CreditAccount, CreditHold, EntryKind, LedgerEntry
from billing.selectors import Credits, credits_of
from tests.factories import make_account, make_organization

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


def test_a_captured_hold_is_paid(alice):
    credit_hold = ledger.hold(alice, amount=3)
    entry = ledger.capture(credit_hold)

    assert (entry.kind, entry.amount, entry.balance_after) == ("use", -3, 7)
    assert entry.reference == f"hold:{credit_hold.pk}"
    assert credits_of(alice.pk) == Credits(available=7, granted=10, used=3)


def test_a_released_hold_costs_nothing(alice, available):
    credit_hold = ledger.hold(alice, amount=3)
    assert available(alice) == 7

    assert ledger.release(credit_hold)
    assert available(alice) == 10
    assert not LedgerEntry.objects.filter(kind=EntryKind.USE).exists()


def test_an_open_hold_counts_as_used(alice):
    credit_hold = ledger.hold(alice, amount=4)

    assert credits_of(alice.pk) == Credits(available=6, granted=10, used=4)
    ledger.release(credit_hold)


def test_more_than_is_available_is_refused(alice, available):
    first = ledger.hold(alice, amount=9)

    with pytest.raises(InsufficientCredits):
        ledger.hold(alice, amount=2)
    assert available(alice) == 1
    ledger.release(first)


def test_the_last_credit_can_be_held(alice, available):
    ledger.capture(ledger.hold(alice, amount=10))

    assert available(alice) == 0
    with pytest.raises(InsufficientCredits):
        ledger.hold(alice, amount=1)


def test_out_of_credits_says_whom_to_ask(settings):
    account = make_account(credits=0)
    settings.SUPPORT_EMAIL = "help@example.com"

    with pytest.raises(InsufficientCredits, match=r"Ask help@example\.com"):
        ledger.hold(account, amount=1)
    settings.SUPPORT_EMAIL = ""
    with pytest.raises(InsufficientCredits, match="Ask the person who runs this service"):
        ledger.hold(account, amount=1)


def test_releasing_twice_is_harmless(alice, available):
    credit_hold = ledger.hold(alice, amount=3)

    assert ledger.release(credit_hold)
    assert not ledger.release(credit_hold)
    assert available(alice) == 10


def test_releasing_twice_leaves_other_holds_alone(alice, available):
    first, second = ledger.hold(alice, amount=3), ledger.hold(alice, amount=3)

    assert ledger.release(first)
    assert not ledger.release(first)
    assert available(alice) == 7
    ledger.release(second)


def test_capturing_twice_is_refused_and_takes_nothing(alice, available):
    credit_hold = ledger.hold(alice, amount=3)
    ledger.capture(credit_hold)

    with pytest.raises(HoldLost):
        ledger.capture(credit_hold)
    assert available(alice) == 7


def test_a_released_hold_cannot_be_captured(alice, available):
    credit_hold = ledger.hold(alice, amount=3)
    ledger.release(credit_hold)

    with pytest.raises(HoldLost):
        ledger.capture(credit_hold)
    assert available(alice) == 10


def test_a_captured_hold_cannot_be_released(alice, available):
    credit_hold = ledger.hold(alice, amount=3)
    ledger.capture(credit_hold)

    assert not ledger.release(credit_hold)
    assert available(alice) == 7


def test_a_hold_says_who_works_on_it_until_when(alice, settings):
    settings.HOLD_LEASE_S = 120
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        credit_hold = ledger.hold(alice, amount=1)
        ledger.release(credit_hold)
    credit_hold.refresh_from_db()

    assert credit_hold.lease_expires_at == datetime(2026, 1, 1, 0, 2, tzinfo=UTC)
    assert credit_hold.settled_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert "MainThread" in credit_hold.owner


def test_a_hold_whose_lease_has_passed_comes_free(alice, available, settings):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        credit_hold = ledger.hold(alice, amount=3)
        clock.shift(timedelta(seconds=settings.HOLD_LEASE_S - 1))
        assert ledger.release_expired(timezone.now()) == 0
        clock.shift(timedelta(seconds=1))
        assert ledger.release_expired(timezone.now()) == 1
        assert ledger.release_expired(timezone.now()) == 0

    assert available(alice) == 10
    with pytest.raises(HoldLost):
        ledger.capture(credit_hold)


def test_the_sweeper_leaves_settled_holds_alone(alice, available):
    ledger.capture(ledger.hold(alice, amount=3))
    ledger.release(ledger.hold(alice, amount=2))

    assert ledger.release_expired(timezone.now() + timedelta(days=365)) == 0
    assert available(alice) == 7


def test_two_sweepers_release_each_hold_once(alice, available, monkeypatch):
    """The second sweeper has listed the hold when the first one releases it."""
    ledger.hold(alice, amount=3)
    later = timezone.now() + timedelta(days=1)
    release = ledger.release

    def release_after_the_other_sweeper(credit_hold: CreditHold) -> bool:
        assert release(credit_hold)
        return release(credit_hold)

    monkeypatch.setattr(ledger, "release", release_after_the_other_sweeper)

    assert ledger.release_expired(later) == 0
    assert available(alice) == 10


def test_a_broken_hold_does_not_keep_the_others_waiting(alice, caplog):
    broken = make_account("Bob's shop", credits=5)
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        stuck = ledger.hold(broken, amount=2)
        ledger.hold(alice, amount=1)
    CreditAccount.objects.filter(pk=broken.pk).update(held=0)

    assert ledger.release_expired(timezone.now()) == 1
    assert [(line.message, line.hold_id) for line in caplog.records] == [("hold_not_released", stuck.pk)]
    CreditAccount.objects.filter(pk=broken.pk).update(held=2)
    assert ledger.release(stuck)


def test_an_account_is_opened_once(alice, available):
    assert ledger.open_account(alice.organization) == alice
    assert available(alice) == 10


def test_a_new_account_is_empty_and_on_the_default_plan():
    account = ledger.open_account(make_account("Bob's shop", credits=0).organization)

    assert (account.balance, account.held, account.debt) == (0, 0, 0)
    assert account.plan.slug == "free"
    assert make_account("Carol's shop", plan="pro").plan.requests_per_minute == 600


def test_credits_are_read_in_one_statement(alice):
    with CaptureQueriesContext(connection) as queries:
        credits_of(alice.pk)

    assert len(queries) == 1


def test_credits_of_nobody_are_an_error():
    with pytest.raises(CreditAccount.DoesNotExist):
        credits_of(10**6)


def test_two_organizations_do_not_share_credits(alice, available):
    bob = make_account("Bob's shop", credits=2)
    ledger.capture(ledger.hold(alice, amount=10))

    assert available(bob) == 2
    assert make_organization("Carol's shop", credits=0).credit_account.balance == 0


def test_a_movement_the_balance_cannot_bear_is_an_alarm(alice):
    with pytest.raises(LedgerBroken):
        ledger._change_account(alice.pk, balance=-11, held=0)


def test_settled_holds_do_not_fill_the_sweepers_round(alice, monkeypatch):
    monkeypatch.setattr(ledger, "SWEPT_AT_ONCE", 1)
    ledger.release(ledger.hold(alice, amount=1))
    ledger.hold(alice, amount=1)

    assert ledger.release_expired(timezone.now() + timedelta(days=1)) == 1


def test_a_long_host_name_is_cut_to_fit(alice, monkeypatch):
    monkeypatch.setattr(ledger.socket, "gethostname", lambda: "h" * 300)

    assert ledger.hold(alice, amount=1).owner == "h" * 200


@pytest.mark.parametrize(("used", "rings"), [(2, 0), (3, 1)])
def test_who_falls_below_the_threshold_of_auto_recharge_rings(alice, used, rings, django_capture_on_commit_callbacks):
    CreditAccount.objects.filter(pk=alice.pk).update(auto_recharge_threshold=8)
    with django_capture_on_commit_callbacks() as callbacks:
        ledger.capture(ledger.hold(alice, amount=used))

    assert callbacks == [recharge_bell.ring] * rings
    CreditAccount.objects.filter(pk=alice.pk).update(auto_recharge_threshold=None)


def test_no_more_debt_is_paid_than_there_is(alice):
    with pytest.raises(LedgerBroken):
        ledger._change_account(alice.pk, balance=0, held=0, debt=-1)
