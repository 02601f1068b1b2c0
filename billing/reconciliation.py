"""What events did not tell: orders are asked for at Stripe, finished or closed, and every disagreement is named."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.errors import ServiceError
from billing import order_audit, payments, plan_reconciliation, recharge_reconciliation, stripe_gateway
from billing.checkout import last_moment_to_open
from billing.disagreements import Disagreement
from billing.errors import OrderNotFulfilled, StripeUnreachable
from billing.fulfilment import fulfil
from billing.order_models import OPEN_STATES, Order, OrderKind, OrderState, Payment, StripeCustomer
from billing.refund_reconciliation import compare_refunds
from billing.stripe_objects import CheckoutSession, uuid_of

logger = logging.getLogger(__name__)

ASKED_AT_ONCE = 20
OLD_AFTER = timedelta(days=1)
OLD_ORDERS_EVERY = timedelta(hours=6)
CLOCKS_DIFFER = timedelta(minutes=10)


def finish_open_orders(now: datetime) -> int:
    """Ask Stripe about orders that have waited for news; return how many are open no more.

    Where Stripe does not answer the rest is left to the next time.
    """
    if not stripe_gateway.is_configured():
        return 0
    finished = 0
    for order in _due(now)[:ASKED_AT_ONCE]:
        if not Order.objects.filter(pk=order.pk, checked_at=order.checked_at).update(checked_at=now):
            continue  # another process asks
        try:
            finished += ask_about(order, now).state not in OPEN_STATES
        except StripeUnreachable:
            break
        except ServiceError:
            logger.exception("order_not_finished", extra={"order_id": order.pk})
    return finished


def ask_about(order: Order, now: datetime) -> Order:
    """Bring one open order to where Stripe is with it; return it as it is then."""
    if order.kind == OrderKind.RECHARGE:
        return recharge_reconciliation.ask_about(order, now)
    if order.checkout_session_id is not None:
        fulfil(order.checkout_session_id)
    else:
        session = _find_session(order)
        if session is not None:
            fulfil(session.id, told=session)
            Order.objects.filter(pk=order.pk, checkout_url="").update(checkout_url=session.url or "")
        elif now > last_moment_to_open(order) + CLOCKS_DIFFER:
            nobody_was_sent = Order.objects.filter(pk=order.pk, state=OrderState.PENDING, checkout_session_id=None)
            nobody_was_sent.update(state=OrderState.EXPIRED)
    order.refresh_from_db()
    return order


def find_disagreements(*, since: datetime) -> Iterator[Disagreement]:
    """Compare every order since then with Stripe, finish what can be finished, and name what does not agree."""
    now = timezone.now()
    for order in Order.objects.filter(livemode=settings.STRIPE_IS_LIVE, created__gte=since).order_by("pk"):
        try:
            yield from _compare_order(order, now)
        except OrderNotFulfilled as error:
            logger.warning("order_disagrees", extra={"order_id": order.pk, "facts": error.facts})
    for session in stripe_gateway.sessions_since(since):
        yield from _compare_session(session)
    yield from plan_reconciliation.find_disagreements(since=since)
    yield from recharge_reconciliation.find_lost_payments(since)
    for rule in order_audit.RULES:
        yield from rule(now)


def _due(now: datetime) -> QuerySet[Order]:
    """Return the open orders of our mode that waited long enough, those never asked for first."""
    waited = now - timedelta(seconds=settings.RECONCILE_AFTER_S)
    due = Q(checked_at=None) | Q(checked_at__lte=waited, created__gt=now - OLD_AFTER)
    due |= Q(checked_at__lte=now - OLD_ORDERS_EVERY)
    orders = Order.objects.filter(due, state__in=OPEN_STATES, livemode=settings.STRIPE_IS_LIVE, created__lte=waited)
    return orders.order_by(F("checked_at").asc(nulls_first=True), "pk")


def _find_session(order: Order) -> CheckoutSession | None:
    """Look for the page of an order that does not know which it got, because we died in between."""
    customer = StripeCustomer.objects.filter(organization=order.organization_id, livemode=order.livemode).first()
    if customer is None or customer.customer_id is None:
        return None
    sessions = stripe_gateway.sessions_since(order.created - CLOCKS_DIFFER, customer_id=customer.customer_id)
    return next((session for session in sessions if session.order_reference == str(order.public_id)), None)


def _compare_order(order: Order, now: datetime) -> Iterator[Disagreement]:
    row, before = f"order {order.public_id}", order.state
    order = ask_about(order, now)
    if order.state != before:
        yield Disagreement("order_was_told", row, f"was {before}, is {order.state} now that Stripe was asked")
    if order.paid_at is None or order.payment_intent_id is None:
        return
    for facts in stripe_gateway.disputes_of(order.payment_intent_id):
        payments.note_dispute(facts)
    yield from compare_refunds(Payment.objects.get(payment_intent_id=order.payment_intent_id), row)
    told = Order.objects.get(pk=order.pk).state
    if told != order.state:
        yield Disagreement("order_was_told", row, f"was {order.state}, is {told} now that Stripe was asked")


def _compare_session(session: CheckoutSession) -> Iterator[Disagreement]:
    """Name a paid page that looks like ours and belongs to no order."""
    if session.mode != "payment" or not session.is_paid or uuid_of(session.order_reference) is None:
        return
    if not Order.objects.filter(checkout_session_id=session.id).exists():
        yield Disagreement("session_has_its_order", f"session {session.id}", f"paid, for {session.order_reference}")
