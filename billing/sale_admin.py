"""What the admin's pages of an order and of a plan's invoice have in common: the money, and what hangs on it."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.admin_pages import joined, link_to, list_where
from billing import paid_after_closing, payments
from billing.models import LedgerEntry
from billing.money import show
from billing.order_models import Order, Payment
from billing.refunds import left_of
from billing.sales import Sale, find_entry_of


class PaidAfterClosingFilter(admin.SimpleListFilter):
    """Sales that were paid after their organization was closed, and whose money was not returned in full."""

    title = "paid after closing"
    parameter_name = "paid_after_closing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer one choice beside all."""
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the sales to list."""
        if self.value() != "yes":
            return queryset
        late = paid_after_closing.orders() if queryset.model is Order else paid_after_closing.invoices()
        return queryset.filter(pk__in=late.values("pk"))


class ShownSales:
    """How a sale's money is shown, and where its page leads."""

    @admin.display(description="amount", ordering="amount")
    def price(self, sale: Sale) -> str:
        """Show money as people write it."""
        return shown(sale.amount, sale)

    @admin.display(description="returned")
    def returned(self, sale: Sale) -> str:
        """Show what went back to the buyer."""
        payment = payment_of(sale)
        return shown(payments.returned_of(payment) if payment else 0, sale)

    @admin.display(description="can still be returned")
    def left(self, sale: Sale) -> str:
        """Show what is left, less what was asked for and is not answered."""
        return shown(left_of(sale), sale)

    @admin.display(description="payment")
    def payment(self, sale: Sale) -> str:
        """Lead to what Stripe said about the money."""
        return link_to(payment_of(sale))

    @admin.display(description="disputes")
    def disputes(self, sale: Sale) -> str:
        """Lead to what banks said."""
        payment = payment_of(sale)
        return joined([link_to(dispute) for dispute in payment.disputes.all()] if payment else [])

    @admin.display(description="ledger entries")
    def entries(self, sale: Sale) -> str:
        """Lead to the credits that it brought, and to those that followed."""
        brought = find_entry_of(sale)
        if brought is None:
            return "-"
        entries = LedgerEntry.objects.filter(Q(pk=brought.pk) | Q(origin=brought)).order_by("pk")
        return joined([link_to(entry) for entry in entries])


def shown(amount: int, sale: Sale) -> str:
    """Return money as people write it; a dash while Stripe told neither amount nor currency."""
    return show(amount, sale.currency) if sale.currency else "-"


def payment_of(sale: Sale) -> Payment | None:
    """Return what Stripe said about a sale's money."""
    if sale.payment_intent_id is None:
        return None
    return Payment.objects.filter(payment_intent_id=sale.payment_intent_id).first()


def events_about(*names: Any) -> str:
    """Lead to the events that carry one of these names."""
    return joined([list_where(name, "billing_stripeevent_changelist", q=name) for name in names if name])
