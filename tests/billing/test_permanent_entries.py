import pytest
from django.db import IntegrityError, connection, transaction

from billing import append_only, audit
from billing.errors import LedgerEntriesArePermanent
from billing.models import LedgerEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(alice):
    return alice.entries.get()


def test_a_stored_entry_cannot_be_saved(entry):
    entry.amount = 1_000

    with pytest.raises(LedgerEntriesArePermanent):
        entry.save()


def test_a_stored_entry_cannot_be_overwritten_by_a_new_one_with_its_number(entry):
    copy = LedgerEntry(pk=entry.pk, account=entry.account, kind="grant", reference="other", amount=1, balance_after=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save()


def test_a_stored_entry_cannot_be_deleted(entry):
    with pytest.raises(LedgerEntriesArePermanent):
        entry.delete()


def test_entries_cannot_be_changed_together(entry):
    with pytest.raises(LedgerEntriesArePermanent):
        LedgerEntry.objects.update(amount=1_000)
    with pytest.raises(LedgerEntriesArePermanent):
        LedgerEntry.objects.all().delete()
    with pytest.raises(LedgerEntriesArePermanent):
        LedgerEntry.objects.bulk_update([entry], ["amount"])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_ledgerentry SET amount = 1000",
        "UPDATE billing_ledgerentry SET reason = 'oops' WHERE amount > 0",
        "DELETE FROM billing_ledgerentry",
    ],
)
def test_the_database_refuses_what_slips_past_the_model(entry, statement):
    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert LedgerEntry.objects.get() == entry


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_postgres_refuses_to_empty_the_table(entry):
    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE billing_ledgerentry CASCADE")


def test_the_audit_misses_triggers_that_are_gone(entry):
    append_only.lift(connection)
    missing = {disagreement.row for disagreement in audit.find_disagreements()}
    append_only.install(connection)

    assert "trigger billing_ledgerentry_no_update" in missing
    assert "trigger billing_ledgerentry_no_delete" in missing
    assert audit.find_disagreements() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_the_test_harness_empties_tables_and_guards_them_again(run, alice):
    assert LedgerEntry.objects.count() == 1
    assert append_only.find_missing_triggers(connection) == []
