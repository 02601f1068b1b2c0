from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.models import F, ProtectedError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import ledger
from billing.errors import HoldLost, InsufficientCredits, LedgerBroken
from billing.models import CreditAccount, CreditHold, EntryKind, HoldState, LedgerEntry
from billing.selectors import Credits, credits_of
from tests.factories import make_account, make_organization, make_staff

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


@pytest.mark.parametrize("amount", [0, -1, 1.5, "1", True, None, 10**9 + 1])
def test_only_sensible_whole_numbers_move(alice, amount):
    with pytest.raises(ValueError, match="whole numbers"):
        ledger.hold(alice, amount=amount)
    with pytest.raises(ValueError, match="whole numbers"):
        ledger.grant(alice, amount=amount, reference="a", reason="b")


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


# --- the sweeper ---


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


# --- grants ---


def test_a_grant_is_recorded_with_its_reason_and_actor(alice):
    sam = make_staff()
    entry = ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry about Tuesday.", actor=sam)

    assert (entry.amount, entry.balance_after, entry.actor) == (5, 15, sam)
    assert credits_of(alice.pk) == Credits(available=15, granted=15, used=0)


def test_the_same_grant_again_changes_nothing(alice, available):
    first = ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")
    again = ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")

    assert again == first
    assert available(alice) == 15


def test_one_reference_may_serve_two_kinds(alice, available):
    ledger.grant(alice, amount=5, reference="pi_1", reason="")
    ledger.grant(alice, amount=5, reference="pi_1", reason="", kind=EntryKind.PURCHASE)

    assert available(alice) == 20


def test_a_reference_of_another_movement_is_an_alarm(alice, available):
    bob = make_account("Bob's shop", credits=1)
    ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")

    with pytest.raises(LedgerBroken):
        ledger.grant(alice, amount=6, reference="ticket:7", reason="Sorry.")
    with pytest.raises(LedgerBroken):
        ledger.grant(bob, amount=5, reference="ticket:7", reason="Sorry.")
    assert (available(alice), available(bob)) == (15, 1)


@pytest.mark.parametrize("kind", [EntryKind.USE, EntryKind.REFUND, EntryKind.EXPIRE, EntryKind.DISPUTE])
def test_a_kind_that_takes_credits_cannot_grant_them(alice, kind):
    with pytest.raises(ValueError, match="does not add"):
        ledger.grant(alice, amount=1, reference="x", reason="", kind=kind)


@pytest.mark.parametrize(
    ("debt", "bought", "available_after", "debt_after"), [(30, 100, 80, 0), (100, 100, 10, 0), (130, 100, 10, 30)]
)
def test_a_purchase_pays_debt_first(alice, debt, bought, available_after, debt_after):
    CreditAccount.objects.filter(pk=alice.pk).update(debt=debt)
    for _ in range(2):
        ledger.grant(alice, amount=bought, reference="pi_1", reason="Pack", kind=EntryKind.PURCHASE)
    alice.refresh_from_db()

    assert (alice.balance, alice.debt) == (available_after, debt_after)
    assert credits_of(alice.pk) == Credits(available=available_after, granted=available_after, used=0)
    assert list(alice.entries.order_by("pk").values_list("kind", "amount")) == [
        ("grant", 10),
        ("purchase", bought),
        ("adjust", -min(debt, bought)),
    ]


def test_a_gift_pays_no_debt(alice):
    CreditAccount.objects.filter(pk=alice.pk).update(debt=30)
    ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")
    alice.refresh_from_db()

    assert (alice.balance, alice.debt) == (15, 30)


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


# --- what the schema promises ---


@pytest.mark.parametrize(
    "changes",
    [{"balance": -1}, {"held": -1}, {"debt": -1}, {"held": 11}, {"held": F("balance") + 1}],
)
def test_the_schema_refuses_impossible_accounts(alice, changes):
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditAccount.objects.filter(pk=alice.pk).update(**changes)


@pytest.mark.parametrize(
    ("kind", "amount"),
    [("grant", 0), ("grant", -1), ("purchase", -1), ("use", 1), ("refund", 1), ("adjust", 0), ("gift", 1)],
)
def test_the_schema_refuses_entries_whose_sign_does_not_fit(alice, kind, amount):
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(account=alice, kind=kind, reference="x", amount=amount, balance_after=10)


@pytest.mark.parametrize("amount", [0, -1])
def test_the_schema_refuses_holds_of_nothing(alice, amount):
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditHold.objects.create(account=alice, amount=amount, lease_expires_at=timezone.now())


def test_the_schema_refuses_a_settled_hold_without_its_time(alice):
    credit_hold = ledger.hold(alice, amount=1)
    for state in (HoldState.CAPTURED, HoldState.RELEASED, "void"):
        with pytest.raises(IntegrityError), transaction.atomic():
            CreditHold.objects.filter(pk=credit_hold.pk).update(state=state)
    ledger.release(credit_hold)


def test_there_is_one_default_plan(alice):
    with pytest.raises(IntegrityError), transaction.atomic():
        type(alice.plan).objects.update(is_default=True)


def test_an_organization_with_a_ledger_cannot_be_deleted(alice):
    with pytest.raises(ProtectedError):
        alice.organization.delete()


def test_two_organizations_do_not_share_credits(alice, available):
    bob = make_account("Bob's shop", credits=2)
    ledger.capture(ledger.hold(alice, amount=10))

    assert available(bob) == 2
    assert make_organization("Carol's shop", credits=0).credit_account.balance == 0


def test_the_largest_movement_is_allowed(alice, available):
    ledger.grant(alice, amount=ledger.LARGEST_MOVEMENT, reference="big", reason="A test.")

    assert available(alice) == 10 + ledger.LARGEST_MOVEMENT


def test_a_purchase_pays_only_the_debt_of_its_own_account_and_says_so(alice):
    bob = make_account("Bob's shop")
    CreditAccount.objects.update(debt=30)
    ledger.grant(alice, amount=30, reference="pi_1", reason="Pack", kind=EntryKind.PURCHASE)
    bob.refresh_from_db()

    assert bob.debt == 30
    assert alice.entries.get(kind=EntryKind.ADJUST).reason == "Debt paid by the purchase before it."


def test_a_repetition_is_recognised_beside_another_kind_with_its_reference(alice):
    ledger.grant(alice, amount=5, reference="r", reason="Welcome.")
    bought = ledger.grant(alice, amount=7, reference="r", reason="Pack", kind=EntryKind.PURCHASE)

    assert ledger.grant(alice, amount=7, reference="r", reason="Pack", kind=EntryKind.PURCHASE) == bought


def test_a_reference_that_is_taken_is_named(alice):
    ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")

    with pytest.raises(LedgerBroken) as refused:
        ledger.grant(alice, amount=6, reference="ticket:7", reason="Sorry.")
    assert refused.value.args == ("The reference ticket:7 was used for another movement.",)


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
