"""Calls that are free of charge, held to the daily budgets."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from billing import free_usage
from billing.errors import FreeBudgetUsed
from billing.free_usage import FreeCaller, Reservation
from billing.free_usage_models import FreeKind
from processing.matting.errors import MattingError, TooSlow
from processing.metrics import free_calls
from processing.slots import ServerBusy

logger = logging.getLogger(__name__)


@contextmanager
def budgeted(kind: FreeKind | None, caller: FreeCaller, *, has_deadline: bool) -> Iterator[None]:
    """Count the work in the block against today's budgets of free calls; None is work that is charged.

    A call that finds no slot is taken off again. Charged work becomes free where it is given up at its deadline or its
    image is refused, and is counted then. Raise FreeBudgetUsed, before the work, where a budget is used.
    """
    reservation = _begin(kind, caller, has_deadline=has_deadline)
    try:
        yield
    except ServerBusy:
        if reservation is not None:
            _give_back(reservation)
        raise
    except MattingError as error:
        if reservation is None and not error.is_our_fault:
            _count_unpaid(FreeKind.LATE if isinstance(error, TooSlow) else FreeKind.REFUSED, caller)
        raise


def _begin(kind: FreeKind | None, caller: FreeCaller, *, has_deadline: bool) -> Reservation | None:
    attempted = kind or FreeKind.REFUSED
    try:
        if kind is not None:
            reservation = free_usage.reserve(kind, caller)
            free_calls.labels(kind.value, "counted").inc()
            return reservation
        free_usage.require_refused_budget(caller)
        if has_deadline:
            attempted = FreeKind.LATE
            free_usage.require_late_budget(caller)
    except FreeBudgetUsed:
        free_calls.labels(attempted.value, "refused").inc()
        raise
    return None


def _give_back(reservation: Reservation) -> None:
    """Take the call off its budgets; a failure to do so must not hide why the work was not begun."""
    try:
        free_usage.give_back(reservation)
        free_calls.labels(reservation.kind.value, "given_back").inc()
    except Exception:
        logger.exception("free_call_not_given_back")


def _count_unpaid(kind: FreeKind, caller: FreeCaller) -> None:
    """Count the call; a failure to do so must not hide why nothing was delivered."""
    try:
        free_usage.count_unpaid(kind, caller)
        free_calls.labels(kind.value, "counted").inc()
    except Exception:
        logger.exception("unpaid_call_not_counted")
