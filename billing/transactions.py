"""Short transactions that wait for their turn: a locked database is asked again, then given up in words."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

from billing.errors import LedgerBusy

logger = logging.getLogger(__name__)

T = TypeVar("T")

TRIES = 3
LONGEST_PAUSE_S = 0.2
_POSTGRES_TRY_AGAIN = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available


def in_short_transaction(movement: Callable[[], T]) -> T:
    """Run `movement` in one transaction, again when others were in the way; raise LedgerBusy when they stay there.

    `movement` may run several times, so it must touch nothing but the database. Inside a transaction of the caller it
    runs once, because only the caller can begin that one anew.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            return movement()
    for tries_left in range(TRIES - 1, -1, -1):
        try:
            with transaction.atomic():
                return movement()
        except OperationalError as error:
            if not _others_are_in_the_way(error):
                raise
            if not tries_left:
                logger.exception("ledger_busy")
                raise LedgerBusy from error
        time.sleep(random.uniform(0, LONGEST_PAUSE_S))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable: the last try returns or raises")


def _others_are_in_the_way(error: OperationalError) -> bool:
    if connection.vendor == "postgresql":
        return getattr(error.__cause__, "sqlstate", None) in _POSTGRES_TRY_AGAIN
    return "locked" in str(error) or "busy" in str(error)
