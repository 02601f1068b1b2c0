"""Plans that people subscribed to, for support: on what terms, what Stripe said, what was paid and what changed."""

from django.contrib import admin
from django.db.models.functions import Coalesce
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from accounts.admin_pages import link_to, list_where
from accounts.look_only import LookOnly
from billing.fulfill_admin import FulfillableSales
from billing.money import show
from billing.refund_admin import RefundableSales, RefundRequestInline
from billing.sale_admin import PaidAfterClosingFilter, ShownSales, events_about
from billing.subscription_models import PlanChange, PlanInvoice, PlanTerms, Subscription

SUBSCRIPTION_LABELS = {
    "active": "success",
    "canceling": "info",
    "past_due": "danger",
    "pending": "warning",
    "left": "info",
    "ended": "info",
}
INVOICE_LABELS = {
    "paid": "success",
    "partly_refunded": "info",
    "refunded": "info",
    "failed": "danger",
    "disputed": "danger",
    "charged_back": "danger",
    "open": "warning",
    "void": "info",
}
CHANGE_LABELS = {
    "done": "success",
    "begun": "warning",
    "waiting": "warning",
    "refused": "danger",
    "given_up": "info",
}


class PlanInvoiceInline(ShownSales, LookOnly, TabularInline):  # type: ignore[misc]
    """What was asked for a subscription, the newest first."""

    model = PlanInvoice
    fields = readonly_fields = ("created", "reason", "price", "credits", "state", "paid_at", "problem")
    show_change_link = True
    ordering = ("-pk",)
    extra = 0


class PlanChangeInline(LookOnly, TabularInline):  # type: ignore[misc]
    """What somebody asked of a subscription, the newest first."""

    model = PlanChange
    fields = readonly_fields = ("created", "kind", "to_terms", "actor", "state")
    show_change_link = True
    ordering = ("-pk",)
    extra = 0


@admin.register(Subscription)
class SubscriptionAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Subscriptions: the newest that Stripe said of each, and what follows from it."""

    inlines = (PlanInvoiceInline, PlanChangeInline)
    list_display = ("created", "organization", "plan", "price", "shown_state", "period_end", "problem")
    list_filter = (
        *("state", "created", ("problem", admin.EmptyFieldListFilter)),
        *(("grace_ends_at", admin.EmptyFieldListFilter), "has_doubt", "livemode", "paid_terms__plan"),
    )
    list_select_related = ("organization", "terms", "paid_terms")
    search_fields = (
        *("public_id", "organization__name", "organization__public_id", "actor__email"),
        *("subscription_id", "checkout_session_id", "invoices__invoice_id"),
    )
    fieldsets = (
        (
            None,
            {"fields": ("state", "problem", "organization", "actor", "terms", "paid_terms", "next_terms", "created")},
        ),
        (
            "What it gives",
            {"fields": ("given_plan", "account", "period_end", "grace_ends_at", "past_due_told_at", "ended_told_at")},
        ),
        (
            "At Stripe",
            {
                "fields": (
                    *("status", "cancel_at_period_end", "ended_at", "as_of", "has_doubt", "checked_at", "events"),
                    *("subscription_id", "checkout_session_id", "page_is_over", "livemode", "public_id"),
                )
            },
        ),
    )

    @display(description="state", label=SUBSCRIPTION_LABELS, ordering="state")
    def shown_state(self, subscription: Subscription) -> tuple[str, str]:
        """Show the state in words, coloured by what it asks for."""
        return subscription.state, subscription.get_state_display()

    @admin.display(description="plan", ordering=Coalesce("paid_terms__plan_name", "terms__plan_name"))
    def plan(self, subscription: Subscription) -> str:
        """Name what is paid for now, or what was agreed on while nothing is."""
        return (subscription.paid_terms or subscription.terms).plan_name

    @admin.display(description="a month", ordering=Coalesce("paid_terms__amount", "terms__amount"))
    def price(self, subscription: Subscription) -> str:
        """Show what a month of it costs."""
        terms = subscription.paid_terms or subscription.terms
        return show(terms.amount, terms.currency)

    @admin.display(description="credits")
    def account(self, subscription: Subscription) -> str:
        """Lead to what the organization has, and the plan it is on."""
        return link_to(getattr(subscription.organization, "credit_account", None))

    @admin.display(description="events")
    def events(self, subscription: Subscription) -> str:
        """Lead to the events about its page and itself."""
        return events_about(subscription.checkout_session_id, subscription.subscription_id)


@admin.register(PlanInvoice)
class PlanInvoiceAdmin(ShownSales, RefundableSales, FulfillableSales, LookOnly, ModelAdmin):  # type: ignore[misc]
    """Invoices of plans: what does not agree about them, and what can be returned of them."""

    inlines = (RefundRequestInline,)
    actions_detail = ("refund", "fulfill_again")
    list_display = ("created", "of", "name", "reason", "price", "shown_state", "paid_at", "problem")
    list_filter = (
        *("state", "reason", "created", ("problem", admin.EmptyFieldListFilter), PaidAfterClosingFilter),
        *("currency", "livemode", "terms__plan"),
    )
    list_select_related = ("subscription__organization", "terms")
    search_fields = (
        *("invoice_id", "payment_intent_id", "subscription__subscription_id", "subscription__public_id"),
        *("subscription__organization__name", "subscription__organization__public_id"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *(
                        "state",
                        "problem",
                        "credits_failed_at",
                        "organization",
                        "subscription",
                        "reason",
                        "terms",
                        "credits",
                        "price",
                    ),
                    *(
                        "returned",
                        "left",
                        "period_start",
                        "period_end",
                        "expires_at",
                        "created",
                        "failed_at",
                        "paid_at",
                    ),
                )
            },
        ),
        ("At Stripe", {"fields": ("payment", "disputes", "events", "invoice_id", "payment_intent_id", "livemode")}),
        ("Credits", {"fields": ("entries",)}),
    )

    @display(description="state", label=INVOICE_LABELS, ordering="state")
    def shown_state(self, invoice: PlanInvoice) -> tuple[str, str]:
        """Show the state in words, coloured by what it asks for."""
        return invoice.state, invoice.get_state_display()

    @admin.display(description="organization", ordering="subscription__organization")
    def of(self, invoice: PlanInvoice) -> str:
        """Name whose it is in the list, where each row leads to its own page."""
        return str(invoice.organization) if invoice.subscription else "-"

    @admin.display(description="organization")
    def organization(self, invoice: PlanInvoice) -> str:
        """Lead to whose it is, where that is known."""
        return link_to(invoice.organization if invoice.subscription else None)

    @admin.display(description="plan", ordering="terms__plan_name")
    def name(self, invoice: PlanInvoice) -> str:
        """Name the plan that was paid for."""
        return invoice.name or "-"

    @admin.display(description="events")
    def events(self, invoice: PlanInvoice) -> str:
        """Lead to the events about it and its payment."""
        return events_about(invoice.invoice_id, invoice.payment_intent_id)


@admin.register(PlanTerms)
class PlanTermsAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What plans were ever sold for; a plan that changes gets other terms, and these stay."""

    list_display = ("plan_name", "price", "credits", "rollover", "price_id", "livemode", "created")
    list_filter = ("plan", "currency", "livemode", "created")
    search_fields = ("plan_name", "price_id", "plan__slug")
    fields = (
        *("plan", "plan_name", "price", "credits", "rollover", "agreed_on", "invoices"),
        *("price_id", "livemode", "public_id", "created"),
    )

    @admin.display(description="a month", ordering="amount")
    def price(self, terms: PlanTerms) -> str:
        """Show money as people write it."""
        return show(terms.amount, terms.currency)

    @admin.display(description="subscriptions")
    def agreed_on(self, terms: PlanTerms) -> str:
        """Lead to those who clicked on these terms."""
        number = Subscription.objects.filter(terms=terms).count()
        return list_where(f"{number:,}", "billing_subscription_changelist", terms__id__exact=terms.pk)

    @admin.display(description="invoices")
    def invoices(self, terms: PlanTerms) -> str:
        """Lead to what was paid on these terms."""
        number = PlanInvoice.objects.filter(terms=terms).count()
        return list_where(f"{number:,}", "billing_planinvoice_changelist", terms__id__exact=terms.pk)


@admin.register(PlanChange)
class PlanChangeAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What people asked of their subscriptions, and what became of it."""

    list_display = ("created", "of", "kind", "to_terms", "shown_state", "actor")
    list_filter = ("state", "kind", "created")
    list_select_related = ("subscription__organization", "to_terms", "actor")
    search_fields = (
        *("public_id", "subscription__public_id", "subscription__subscription_id", "actor__email"),
        *("subscription__organization__name", "subscription__organization__public_id"),
    )
    fields = (
        *("state", "kind", "organization", "subscription", "to_terms", "prorated_at", "actor"),
        *("invoice", "waits_until", "public_id", "created"),
    )

    @display(description="state", label=CHANGE_LABELS, ordering="state")
    def shown_state(self, change: PlanChange) -> tuple[str, str]:
        """Show the state, coloured by what it asks for."""
        return change.state, change.get_state_display()

    @admin.display(description="organization", ordering="subscription__organization")
    def of(self, change: PlanChange) -> str:
        """Name whose it is in the list, where each row leads to its own page."""
        return str(change.subscription.organization)

    @admin.display(description="organization")
    def organization(self, change: PlanChange) -> str:
        """Lead to whose it is."""
        return link_to(change.subscription.organization)
