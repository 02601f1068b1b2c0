"""Who has which plan, what Stripe said about it, and what its invoices brought; for support, to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from accounts.admin_pages import link_to
from accounts.look_only import LookOnly
from billing.models import EntryKind, LedgerEntry
from billing.money import show
from billing.order_admin import joined
from billing.order_models import Payment
from billing.subscription_models import PlanChange, PlanInvoice, Subscription

STATE_LABELS = {
    "active": "success",
    "canceling": "warning",
    "past_due": "danger",
    "ended": "info",
    "failed": "danger",
    "paid": "success",
    "partly_refunded": "info",
    "refunded": "info",
    "disputed": "danger",
    "charged_back": "danger",
}


class ShownMoney:
    """How an invoice's state and amount are shown."""

    @display(description="state", label=STATE_LABELS, ordering="state")
    def shown_state(self, invoice: PlanInvoice) -> tuple[str, str]:
        """Show the state in words, coloured by what it asks for."""
        return invoice.state, invoice.get_state_display()

    @admin.display(description="amount", ordering="amount")
    def money(self, invoice: PlanInvoice) -> str:
        """Show money as people write it; what an unpaid invoice is about is known once it is paid."""
        return show(invoice.amount, invoice.currency) if invoice.currency else "-"


class PlanInvoiceInline(ShownMoney, LookOnly, TabularInline):  # type: ignore[misc]
    """The months of a subscription, and its upgrades."""

    model = PlanInvoice
    fields = readonly_fields = ("invoice_id", "reason", "shown_state", "money", "credits", "paid_at", "problem")
    ordering = ("-pk",)
    show_change_link = True


class PlanChangeInline(LookOnly, TabularInline):  # type: ignore[misc]
    """What somebody asked of a subscription."""

    model = PlanChange
    fields = readonly_fields = ("created", "kind", "to_terms", "actor", "state")
    ordering = ("-pk",)


@admin.register(Subscription)
class SubscriptionAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Plans that people began, and what does not agree about them."""

    inlines = (PlanInvoiceInline, PlanChangeInline)
    list_display = ("created", "organization", "agreed", "shown_state", "period_end", "grace_ends_at", "problem")
    list_filter = ("state", "created", ("problem", admin.EmptyFieldListFilter), "livemode", "terms__plan")
    list_select_related = ("organization", "terms", "paid_terms")
    search_fields = (
        *("public_id", "organization__name", "organization__public_id"),
        *("checkout_session_id", "subscription_id", "invoices__invoice_id", "actor__email"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("state", "problem", "organization", "actor", "terms", "paid_terms", "next_terms", "given_plan"),
                    *("cancel_at_period_end", "period_end", "grace_ends_at", "ended_at", "created", "checked_at"),
                )
            },
        ),
        (
            "At Stripe",
            {
                "fields": (
                    *("status", "as_of", "is_answer", "has_doubt", "subscription_id", "checkout_session_id"),
                    *("livemode", "public_id"),
                )
            },
        ),
    )

    @display(description="state", label=STATE_LABELS, ordering="state")
    def shown_state(self, subscription: Subscription) -> tuple[str, str]:
        """Show the state in words, coloured by what it asks for."""
        return subscription.state, subscription.get_state_display()

    @admin.display(description="plan")
    def agreed(self, subscription: Subscription) -> str:
        """Show what is paid for, else what was agreed."""
        terms = subscription.paid_terms or subscription.terms
        return f"{terms.plan_name}, {show(terms.amount, terms.currency)}"


@admin.register(PlanInvoice)
class PlanInvoiceAdmin(ShownMoney, LookOnly, ModelAdmin):  # type: ignore[misc]
    """What each invoice of a plan brought."""

    list_display = ("created", "invoice_id", "subscription", "reason", "shown_state", "money", "credits", "problem")
    list_filter = ("state", "reason", "created", ("problem", admin.EmptyFieldListFilter), "livemode")
    list_select_related = ("subscription__terms",)
    search_fields = ("invoice_id", "payment_intent_id", "subscription__organization__name")
    fields = (
        *("invoice_id", "state", "problem", "subscription", "reason", "terms", "money", "credits", "entries"),
        *("payment", "period_start", "period_end", "failed_at", "paid_at", "expires_at", "livemode", "created"),
    )

    @admin.display(description="payment")
    def payment(self, invoice: PlanInvoice) -> str:
        """Lead to what Stripe said about the money."""
        if invoice.payment_intent_id is None:
            return "-"
        return link_to(Payment.objects.filter(payment_intent_id=invoice.payment_intent_id).first())

    @admin.display(description="ledger entries")
    def entries(self, invoice: PlanInvoice) -> str:
        """Lead to the credits that it brought, and to those that followed."""
        return joined([link_to(entry) for entry in _entries_of(invoice)])


def _entries_of(invoice: PlanInvoice) -> QuerySet[LedgerEntry]:
    brought = LedgerEntry.objects.filter(kind=EntryKind.PLAN, reference=invoice.invoice_id)
    return (brought | LedgerEntry.objects.filter(origin__in=brought)).order_by("pk")
