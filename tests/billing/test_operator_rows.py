"""What operators asked for and did stays as it was written, in code and in the database."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.support_models import RowsArePermanent, SupportVisit, Suspension
from billing import append_only
from billing.refund_models import RefundRequest, RefundState
from billing.subscription_models import PlanInvoice
from tests.factories import make_order, make_organization, make_pack, make_staff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows():
    """One row of each kind, by its table."""
    organization, sam = make_organization(), make_staff()
    order = make_order(organization, make_pack())
    visit = {"person": make_user("bob@example.com"), "operator": sam, "expires_at": timezone.now()}
    return {
        "billing_refundrequest": RefundRequest.objects.create(order=order, actor=sam, amount=5, reason="Broken."),
        "accounts_supportvisit": SupportVisit.objects.create(**visit, reason="A ticket."),
        "accounts_suspension": Suspension.objects.create(
            organization=organization, actor=sam, suspends=True, reason="Spam."
        ),
    }


CHANGES = {
    "billing_refundrequest": (
        *("amount = 1", "reason = 'x'", "actor_id = 0", "order_id = 0", "invoice_id = 0", "created = NULL"),
    ),
    "accounts_supportvisit": ("reason = 'x'", "operator_id = 0", "person_id = 0", "expires_at = NULL"),
    "accounts_suspension": ("reason = 'x'", "actor_id = 0", "suspends = false", "organization_id = 0"),
}


@pytest.mark.parametrize("table", CHANGES)
def test_code_refuses_to_change_or_delete_them(rows, table):
    row = rows[table]
    every = type(row).objects.all()
    for act in (row.save, row.delete, every.delete, lambda: every.bulk_update([row], ["reason"])):
        with pytest.raises(RowsArePermanent):
            act()


@pytest.mark.parametrize(("table", "change"), [(table, change) for table in CHANGES for change in CHANGES[table]])
def test_the_database_refuses_to_change_them(rows, table, change):
    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {change}")


@pytest.mark.parametrize("table", CHANGES)
def test_the_database_refuses_to_delete_them(rows, table):
    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    assert type(rows[table]).objects.filter(pk=rows[table].pk).exists()


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", CHANGES)
def test_postgres_refuses_to_empty_them(rows, table):
    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_what_became_of_them_may_be_noted(rows):
    assert RefundRequest.objects.update(state=RefundState.TAKEN, refund_id="re_1") == 1
    assert SupportVisit.objects.update(ended_at=timezone.now()) == 1


def test_a_request_is_about_one_sale(rows):
    invoice = PlanInvoice.objects.create(invoice_id="in_1", livemode=False)
    wanted = {"actor": make_staff("tom@example.com"), "amount": 5, "reason": "Broken."}
    RefundRequest.objects.create(invoice=invoice, **wanted)
    for sales in ({}, {"order": rows["billing_refundrequest"].order, "invoice": invoice}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RefundRequest.objects.create(**sales, **wanted)


def test_every_trigger_is_there(rows):
    assert append_only.find_missing_triggers(connection) == []


@pytest.mark.parametrize("table", CHANGES)
def test_nothing_happens_without_a_reason(rows, table):
    row = rows[table]
    row.pk, row._state.adding, row.reason = None, True, ""
    if table == "billing_refundrequest":
        row.public_id = "00000000-0000-4000-8000-000000000001"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
