"""Money that arrives for an organization after it was closed: reported once, and listed until it is returned."""

import logging
from functools import partial

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Organization
from billing.metrics import paid_after_closing
from billing.order_models import Order, OrderState
from billing.sales import Sale
from billing.subscription_models import InvoiceState, PlanInvoice

logger = logging.getLogger(__name__)


def report(sale: Sale, organization: Organization) -> None:
    """Log and count a sale that has just been paid, if its organization is closed: an operator is to return it."""
    if organization.closed_at is not None and sale.amount:
        transaction.on_commit(partial(_report, sale, organization))


def orders() -> QuerySet[Order]:
    """Return the orders whose money arrived after closing and was not returned in full."""
    kept = Order.objects.filter(state__in=(OrderState.PAID, OrderState.PARTLY_REFUNDED))
    return kept.filter(paid_at__gte=F("organization__closed_at"))


def invoices() -> QuerySet[PlanInvoice]:
    """Return the invoices of plans whose money arrived after closing and was not returned in full."""
    kept = PlanInvoice.objects.filter(state__in=(InvoiceState.PAID, InvoiceState.PARTLY_REFUNDED), amount__gt=0)
    return kept.filter(paid_at__gte=F("subscription__organization__closed_at"))


def _report(sale: Sale, organization: Organization) -> None:
    paid_after_closing.inc()
    logger.error(
        "paid_after_closing",
        extra={"sale": sale._meta.model_name, "sale_id": sale.pk, "organization": organization.public_id},
    )
