"""Take a guard out, and the test that watches it must fail: else it watches nothing."""

import pytest
from django.db import IntegrityError, connection
from django.db.models import Q
from django.utils import timezone

from billing import append_only, idempotency, ledger
from billing.errors import LedgerBroken
from billing.idempotency import Claim
from billing.models import CreditHold, HoldState, IdempotencyClaim
from tests.billing import test_charging, test_grants, test_ledger, test_permanent_entries
from tests.billing.dropped_constraints import entries_without_unique_events


def settle_whatever_its_state(credit_hold: CreditHold, state: HoldState) -> bool:
    """`ledger._settle` without `state = 'held'`."""
    return CreditHold.objects.filter(pk=credit_hold.pk).update(state=state, settled_at=timezone.now()) == 1


def claims_of_any_attempt(claimed: Claim):
    """`idempotency._still_ours` without the attempt."""
    return IdempotencyClaim.objects.filter(Q(pk=claimed.row.pk))


@pytest.fixture
def unguarded_entries(transactional_db):
    """Ledger entries without UNIQUE(kind, reference), for one test."""
    with entries_without_unique_events():
        yield


def test_without_unique_events_a_grant_counts_twice(unguarded_entries, alice, available):
    with pytest.raises(AssertionError):
        test_grants.test_the_same_grant_again_changes_nothing(alice, available)


def test_the_unique_event_is_back(alice, available):
    test_grants.test_the_same_grant_again_changes_nothing(alice, available)


def test_without_the_held_condition_a_release_counts_twice(alice, available, monkeypatch):
    monkeypatch.setattr(ledger, "_settle", settle_whatever_its_state)

    with pytest.raises(AssertionError):
        test_ledger.test_releasing_twice_leaves_other_holds_alone(alice, available)


def test_without_the_held_condition_a_capture_is_attempted_twice(alice, available, monkeypatch):
    """The other guards still stop the money; the caller would get the wrong answer."""
    monkeypatch.setattr(ledger, "_settle", settle_whatever_its_state)

    with pytest.raises(LedgerBroken):
        test_ledger.test_capturing_twice_is_refused_and_takes_nothing(alice, available)


def test_without_the_attempt_a_late_owner_reaches_the_last_guard(alice, available, settings, monkeypatch):
    """Then only the schema stands between one key and two payments."""
    monkeypatch.setattr(idempotency, "_still_ours", claims_of_any_attempt)

    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        test_charging.test_a_late_first_owner_neither_delivers_nor_charges(alice, available, settings)


def test_without_triggers_the_database_forgets(alice):
    append_only.lift(connection)
    try:
        with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
            test_permanent_entries.test_the_database_refuses_what_slips_past_the_model(
                alice.entries.get(), "UPDATE billing_ledgerentry SET amount = 1000"
            )
    finally:
        append_only.install(connection)
