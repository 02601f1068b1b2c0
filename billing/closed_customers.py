"""What is still open at Stripe for closed organizations: pages are closed, payments canceled, the customer deleted.

A periodic job does it, because closing is one transaction of ours and Stripe may be away. Invoices stay at Stripe.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing import recharge_reconciliation, stripe_gateway
from billing.errors import CustomerMissing, StripeRefused, StripeUnreachable
from billing.order_models import OPEN_STATES, Order, OrderKind, OrderState, StripeCustomer
from billing.refund_models import RefundRequest, RefundState
from billing.subscription_models import OPEN_SUBSCRIPTION_STATES, Subscription

logger = logging.getLogger(__name__)

CLOSED_AT_ONCE = 20
CLOCKS_DIFFER = timedelta(minutes=10)


def close_customers(now: datetime) -> int:
    """Close what is open at Stripe for closed organizations; return how many customers were deleted there.

    Where Stripe does not answer the rest is left to the next time.
    """
    if not stripe_gateway.is_configured():
        return 0
    deleted = 0
    for customer in _due(now)[:CLOSED_AT_ONCE]:
        if not StripeCustomer.objects.filter(pk=customer.pk, checked_at=customer.checked_at).update(checked_at=now):
            continue  # another process does it
        try:
            deleted += _close(customer, now)
        except StripeUnreachable:
            StripeCustomer.objects.filter(pk=customer.pk).update(checked_at=customer.checked_at)
            break
        except Exception:
            logger.exception("customer_not_closed", extra={"customer_id": customer.customer_id})
    return deleted


def _due(now: datetime) -> QuerySet[StripeCustomer]:
    waited = now - timedelta(seconds=settings.RECONCILE_AFTER_S)
    customers = StripeCustomer.objects.filter(
        Q(checked_at=None) | Q(checked_at__lte=waited),
        organization__closed_at__isnull=False,
        livemode=settings.STRIPE_IS_LIVE,
        customer_id__isnull=False,
        deleted_at=None,
    )
    return customers.select_related("organization").order_by(F("checked_at").asc(nulls_first=True), "pk")


def _close(customer: StripeCustomer, now: datetime) -> bool:
    try:
        _close_pages(customer, now)
        _cancel_recharges(customer, now)
        if _has_open_business(customer, now):
            return False
        stripe_gateway.delete_customer(customer.customer_id or "")
    except CustomerMissing:  # somebody deleted it there
        pass
    StripeCustomer.objects.filter(pk=customer.pk).update(
        deleted_at=timezone.now(), email="", name="", erased_digests=""
    )
    return True


def _close_pages(customer: StripeCustomer, now: datetime) -> None:
    """Close every open Checkout page: of packs, plans and cards, also one that we do not know of.

    Each tells of its end by an event, like a page that expires by itself.
    """
    since = now - timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES) - CLOCKS_DIFFER
    for session in stripe_gateway.sessions_since(since, customer_id=customer.customer_id):
        if session.status == "open":
            try:
                stripe_gateway.close_page(session.id)
            except StripeRefused:  # it ended in this moment
                logger.info("page_ended_meanwhile", extra={"session_id": session.id})


def _cancel_recharges(customer: StripeCustomer, now: datetime) -> None:
    """Bring recharges to where Stripe is with them; a payment that waits for its person is canceled."""
    for order in _open_orders(customer).filter(kind=OrderKind.RECHARGE, state=OrderState.PENDING):
        recharge_reconciliation.ask_about(order, now)


def _has_open_business(customer: StripeCustomer, now: datetime) -> bool:
    """Tell whether something may still be paid, or be returned, for a customer."""
    closed_at = customer.organization.closed_at or now
    if now < closed_at + timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES) + CLOCKS_DIFFER:
        return True
    plans = Subscription.objects.filter(
        organization=customer.organization_id, livemode=customer.livemode, state__in=OPEN_SUBSCRIPTION_STATES
    )
    refunds = RefundRequest.objects.filter(
        Q(order__organization=customer.organization_id)
        | Q(invoice__subscription__organization=customer.organization_id),
        state=RefundState.ASKED,
    )
    return _open_orders(customer).exists() or plans.exists() or refunds.exists()


def _open_orders(customer: StripeCustomer) -> QuerySet[Order]:
    return Order.objects.filter(
        organization=customer.organization_id, livemode=customer.livemode, state__in=OPEN_STATES
    )
