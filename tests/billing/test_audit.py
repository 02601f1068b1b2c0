"""Each rule of the audit sees its own kind of damage, and a sound ledger passes."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from billing import append_only, audit, ledger
from billing.charging import held_credits
from billing.models import (
    CreditAccount,
    CreditHold,
    CreditLot,
    EntryKind,
    HoldState,
    IdempotencyClaim,
    KeyMonth,
    LedgerEntry,
)
from tests.factories import make_account, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy_account(alice):
    """An account with one of everything: a grant, a paid key, a released hold, an open hold."""
    with held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"):
        pass
    ledger.release(ledger.hold(alice, amount=2))
    ledger.hold(alice, amount=3)
    return alice


@pytest.fixture
def unguarded_entries(busy_account):
    append_only.lift(connection)
    yield
    append_only.install(connection)


def rules_broken() -> set[str]:
    return {disagreement.rule for disagreement in audit.find_disagreements()} - {"entries_are_guarded"}


def test_a_sound_ledger_passes(busy_account):
    assert audit.find_disagreements() == []


def test_a_balance_that_its_entries_do_not_explain(busy_account):
    CreditAccount.objects.filter(pk=busy_account.pk).update(balance=11)

    assert [str(found) for found in audit.find_disagreements()] == [
        f"balance_is_sum_of_entries: account {busy_account.pk}: balance 11, entries add up to 9"
    ]


def test_held_credits_that_no_hold_explains(busy_account):
    CreditAccount.objects.filter(pk=busy_account.pk).update(held=4)

    assert rules_broken() == {"held_is_sum_of_open_holds"}


def test_an_altered_entry(busy_account, unguarded_entries):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE billing_ledgerentry SET amount = 12 WHERE kind = 'grant'")

    assert rules_broken() == {"balance_is_sum_of_entries", "balance_after_follows"}


def test_a_deleted_use(busy_account, unguarded_entries):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM billing_ledgerentry WHERE kind = 'use'")

    assert rules_broken() == {"balance_is_sum_of_entries", "captured_hold_has_its_use"}


def test_a_use_that_nobody_captured(busy_account):
    LedgerEntry.objects.create(account=busy_account, kind="use", reference="hold:999999", amount=-1, balance_after=8)

    assert rules_broken() == {"balance_is_sum_of_entries", "use_has_its_captured_hold"}


def test_a_captured_hold_that_was_not_paid(busy_account):
    CreditHold.objects.filter(state=HoldState.RELEASED).update(state=HoldState.CAPTURED)

    assert rules_broken() == {"captured_hold_has_its_use"}


def test_a_hold_paid_with_another_amount(busy_account):
    CreditHold.objects.filter(state=HoldState.CAPTURED).update(amount=2)

    assert rules_broken() == {"captured_hold_has_its_use"}


def test_a_hold_paid_by_another_account(busy_account):
    bob = make_account("Bob's shop")
    CreditHold.objects.filter(state=HoldState.CAPTURED).update(account=bob)

    assert rules_broken() == {"captured_hold_has_its_use", "key_is_paid_once"}


def test_a_delivered_key_that_nobody_paid(busy_account):
    CreditHold.objects.filter(state=HoldState.CAPTURED).update(claim=None)

    assert rules_broken() == {"key_is_paid_once"}


def test_a_running_key_that_was_paid(busy_account):
    IdempotencyClaim.objects.update(state="running", expires_at=None)

    assert rules_broken() == {"key_is_paid_once"}


@pytest.fixture
def unbounded_replays(busy_account):
    """IdempotencyClaim without the constraint that bounds its replays."""
    rule = next(one for one in IdempotencyClaim._meta.constraints if one.name == "billing_claim_replays_bounded")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE billing_idempotencyclaim DROP CONSTRAINT {rule.name}")
        yield
        IdempotencyClaim.objects.update(replays=0)
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def test_audit_reports_a_key_with_more_replays_than_allowed(busy_account, unbounded_replays):
    IdempotencyClaim.objects.update(replays=10)
    assert rules_broken() == set()

    IdempotencyClaim.objects.update(replays=11)
    assert rules_broken() == {"replays_are_bounded"}


def test_holds_that_nobody_sweeps(busy_account, settings):
    with time_machine.travel(timezone.now() + timedelta(seconds=2 * settings.HOLD_LEASE_S + 1)):
        assert rules_broken() == {"holds_are_swept"}
    with time_machine.travel(timezone.now() + timedelta(seconds=2 * settings.HOLD_LEASE_S - 5)):
        assert rules_broken() == set()


@pytest.mark.parametrize("change", [{"held": 1}, {"spent": 0}, {"spent": 2}])
def test_a_month_of_a_key_that_its_holds_do_not_explain(busy_account, change):
    ledger.capture(ledger.hold(busy_account, amount=1, api_key=make_key(busy_account.organization).api_key))
    assert rules_broken() == set()
    KeyMonth.objects.update(**change)

    assert rules_broken() == {"month_is_sum_of_holds"}


def test_a_debt_that_its_entries_do_not_explain(busy_account):
    CreditAccount.objects.filter(pk=busy_account.pk).update(debt=1)

    assert rules_broken() == {"debt_is_sum_of_entries"}


@pytest.mark.parametrize("left", [8, 11])
def test_lots_that_do_not_add_up(busy_account, left):
    CreditLot.objects.update(left=left)

    assert "lots_add_up" in rules_broken()


def test_uses_may_be_counted_or_not_yet(busy_account):
    CreditLot.objects.update(left=9)

    assert rules_broken() == set()


def test_a_lot_that_outlives_its_entry(busy_account):
    CreditLot.objects.update(expires_at=timezone.now())

    assert rules_broken() == {"lot_fits_its_entry"}


def test_a_lot_for_good_that_should_expire(alice):
    """For good is what is owed, because it was held while its money went back, and nothing else."""
    facts = {"kind": EntryKind.PURCHASE, "reason": "", "expires_at": timezone.now() + timedelta(days=1)}
    owed, other = (ledger.grant(alice, amount=5, reference=name, **facts) for name in ("owed", "other"))
    ledger.hold(alice, amount=20)
    ledger.take_back(owed, amount=5, kind=EntryKind.REFUND, reference="r", reason="")
    assert CreditLot.objects.get(entry=owed).expires_at is None
    assert rules_broken() == set()

    CreditLot.objects.filter(entry=other).update(expires_at=None)
    assert rules_broken() == {"lot_fits_its_entry"}


def test_accounts_of_before_lots_are_sound(busy_account):
    CreditLot.objects.all().delete()

    assert rules_broken() == set()


def test_credits_that_are_taken_back_twice(busy_account):
    origin = LedgerEntry.objects.get(kind="grant")
    for reference in ("a", "b"):
        ledger.take_back(origin, amount=6, kind="refund", reference=reference, reason="")

    assert rules_broken() == {"nothing_is_taken_back_twice"}


def test_the_command_counts_what_it_checked(busy_account):
    out = StringIO()
    call_command("audit_ledger", stdout=out)

    assert out.getvalue() == (
        "Checked 1 credit accounts, 2 ledger entries, 3 credit holds, 1 idempotency claims, 0 key months, "
        "1 credit lots, 0 orders, 0 subscriptions, 0 plan invoices: "
        "0 disagreements.\n"
        "Replays: 0 of 0 of 1 keys, at most 0 of one key.\n"
        "Work in 7 days: 0 images delivered for 0 credits, 0 of them free.\n"
    )


def test_the_command_names_each_disagreement_and_fails(busy_account):
    CreditAccount.objects.filter(pk=busy_account.pk).update(balance=11)
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("audit_ledger", stdout=out, stderr=err)

    assert ended.value.code == 1
    assert f"balance_is_sum_of_entries: account {busy_account.pk}" in err.getvalue()
    assert "1 disagreements" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_audit_runs_outside_a_transaction_too(busy_account):
    assert audit.find_disagreements() == []
