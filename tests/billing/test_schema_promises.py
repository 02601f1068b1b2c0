"""What the tables themselves refuse."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError
from django.utils import timezone

from billing import ledger
from billing.models import CreditAccount, CreditHold, HoldState, LedgerEntry
from billing.order_models import StripeEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


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


def test_the_schema_knows_an_event_of_stripes_once():
    facts = {"event_id": "evt_1", "type": "charge.refunded", "livemode": False, "payload": {}}
    StripeEvent.objects.create(**facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        StripeEvent.objects.create(**facts)
