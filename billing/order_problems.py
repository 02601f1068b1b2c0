"""Why an order was not fulfilled, written on the order in a transaction of its own, for the operator and the buyer."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError
from django.utils import timezone

from billing.errors import LedgerBusy, OrderNotFulfilled, StripeUnreachable
from billing.order_models import Order

logger = logging.getLogger(__name__)

LONGEST_PROBLEM = 2000


@contextmanager
def noting_problems(find_order: Callable[[], Order | None], *, is_paid: bool) -> Iterator[None]:
    """Write any failure of the block on the order that `find_order` returns, and raise OrderNotFulfilled.

    What a database or Stripe that does not answer raises is no problem of the order, and is raised as it is.
    """
    try:
        yield
    except (LedgerBusy, OperationalError, StripeUnreachable):
        raise
    except OrderNotFulfilled as error:
        logger.error("order_disagrees", extra={"order_id": error.order_id, "facts": error.facts})
        note_problem(error)
        raise
    except Exception as error:
        order = find_order()
        if order is None:
            raise
        facts = f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM]
        failure = OrderNotFulfilled(order_id=order.pk, facts=facts, is_paid=is_paid)
        logger.exception("order_not_fulfilled", extra={"order_id": order.pk, "is_paid": is_paid})
        note_problem(failure)
        raise failure from error


def note_problem(error: OrderNotFulfilled) -> None:
    """Write the failure on the order; call it again where a surrounding transaction was rolled back."""
    Order.objects.filter(pk=error.order_id).update(problem=error.facts)
    if error.is_paid:
        without_credits = Order.objects.filter(pk=error.order_id, paid_at=None, credits_failed_at=None)
        without_credits.update(credits_failed_at=timezone.now())
