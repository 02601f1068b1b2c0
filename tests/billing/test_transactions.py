import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from billing import transactions
from billing.errors import LedgerBusy
from billing.transactions import in_short_transaction
from tests.billing.shared_database import run_child, shared_database


class Movement:
    """Fails with these errors, one a try, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "moved"


def in_the_way() -> OperationalError:
    """What the database in use raises when others hold what we need."""
    if connection.vendor == "postgresql":
        error = OperationalError("deadlock detected")
        error.__cause__ = psycopg.errors.DeadlockDetected()
        return error
    return OperationalError("database is locked")


@pytest.mark.django_db(transaction=True)
def test_a_movement_that_was_in_the_way_is_tried_again():
    movement = Movement(in_the_way(), in_the_way())

    assert in_short_transaction(movement) == "moved"
    assert movement.tries == 3


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_locked_is_a_503():
    movement = Movement(*(in_the_way() for _ in range(10)))

    with pytest.raises(LedgerBusy) as refused:
        in_short_transaction(movement)
    assert movement.tries == transactions.TRIES
    assert (refused.value.status, refused.value.code, refused.value.retry_after_s) == (503, "service_unavailable", 5)


@pytest.mark.django_db(transaction=True)
def test_any_other_failure_is_not_tried_again():
    movement = Movement(OperationalError("disk I/O error"), OperationalError("disk I/O error"))

    with pytest.raises(OperationalError, match="disk"):
        in_short_transaction(movement)
    assert movement.tries == 1


@pytest.mark.django_db
def test_inside_a_transaction_of_the_caller_it_runs_once():
    movement = Movement(in_the_way())

    with pytest.raises(OperationalError), transaction.atomic():
        in_short_transaction(movement)
    assert movement.tries == 1


@pytest.mark.sqlite_only
def test_a_file_locked_by_another_process_is_a_503_and_then_works(tmp_path):
    with shared_database(tmp_path) as url:
        report = run_child("tests.billing.locked_child", url)

    assert report == {"code": "service_unavailable", "status": 503, "retry_after_s": 5, "disagreements": []}
