"""What is sold, and what Stripe said about it, for support. Only packs and their prices are changed by hand."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from accounts.admin_pages import joined, link_to
from accounts.look_only import LookOnly
from billing import event_subjects, webhooks
from billing.fulfill_admin import FulfillableSales
from billing.money import show
from billing.operator_forms import PackPriceForm
from billing.order_models import Dispute, Order, Pack, PackPrice, Payment, StripeCustomer, StripeEvent
from billing.refund_admin import RefundableSales, RefundRequestInline
from billing.refund_models import Refund
from billing.sale_admin import PaidAfterClosingFilter, ShownSales, events_about
from billing.sales import paid_with

STATE_LABELS = {
    "paid": "success",
    "partly_refunded": "info",
    "refunded": "info",
    "failed": "danger",
    "disputed": "danger",
    "charged_back": "danger",
    "awaiting": "warning",
    "pending": "warning",
    "expired": "info",
}
EVENT_LABELS = {"processed": "success", "ignored": "info", "failed": "danger", "received": "warning"}


class PackPriceInline(TabularInline):  # type: ignore[misc]
    """What a pack costs in each currency."""

    model = PackPrice
    form = PackPriceForm
    extra = 0


@admin.register(Pack)
class PackAdmin(ModelAdmin):  # type: ignore[misc]
    """Packs on sale. A pack that was ordered stays; switch it off instead of deleting it."""

    inlines = (PackPriceInline,)
    list_display = ("name", "credits", "costs", "expires_after_days", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pack]:
        """Read the prices along."""
        packs: QuerySet[Pack] = super().get_queryset(request)
        return packs.prefetch_related("prices")

    @admin.display(description="price")
    def costs(self, pack: Pack) -> str:
        """Show what it costs in each currency."""
        return prices_of(pack)


def prices_of(thing: Any) -> str:
    """Return what a pack or a plan costs, as people write money."""
    return ", ".join(show(price.amount, price.currency) for price in thing.prices.all()) or "-"


@admin.register(Order)
class OrderAdmin(ShownSales, RefundableSales, FulfillableSales, LookOnly, ModelAdmin):  # type: ignore[misc]
    """Orders, what does not agree about them, and what can be returned of them."""

    inlines = (RefundRequestInline,)
    actions_detail = ("refund", "fulfill_again")
    list_display = ("created", "organization", "pack_name", "price", "shown_state", "paid_at", "problem")
    list_filter = (
        *("state", "kind", "created", ("problem", admin.EmptyFieldListFilter), PaidAfterClosingFilter),
        *("currency", "livemode", "pack"),
    )
    list_select_related = ("organization",)
    search_fields = (
        *("public_id", "organization__name", "organization__public_id"),
        *("checkout_session_id", "payment_intent_id", "actor__email"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *(
                        "state",
                        "kind",
                        "problem",
                        "credits_failed_at",
                        "organization",
                        "actor",
                        "pack",
                        "pack_name",
                        "credits",
                        "price",
                    ),
                    *("returned", "left", "expires_after_days", "created", "paid_at", "checked_at"),
                )
            },
        ),
        (
            "At Stripe",
            {
                "fields": (
                    "payment",
                    "disputes",
                    "events",
                    "checkout_session_id",
                    "payment_intent_id",
                    "saved_card",
                    "livemode",
                )
            },
        ),
        ("Credits", {"fields": ("entries", "public_id")}),
    )

    @display(description="state", label=STATE_LABELS, ordering="state")
    def shown_state(self, order: Order) -> tuple[str, str]:
        """Show the state in words, coloured by what it asks for."""
        return order.state, order.get_state_display()

    @admin.display(description="events")
    def events(self, order: Order) -> str:
        """Lead to the events about its page and its payment."""
        return events_about(order.checkout_session_id, order.payment_intent_id)


@admin.register(StripeCustomer)
class StripeCustomerAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Who organizations are at Stripe."""

    list_display = ("organization", "customer_id", "email", "livemode", "created")
    list_filter = ("livemode",)
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__public_id", "customer_id", "email")


class RefundInline(LookOnly, TabularInline):  # type: ignore[misc]
    """Single refunds of a payment."""

    model = Refund
    fields = readonly_fields = ("refund_id", "amount", "has_failed", "created")


class DisputeInline(LookOnly, TabularInline):  # type: ignore[misc]
    """Disputes of a payment."""

    model = Dispute
    fields = readonly_fields = ("dispute_id", "amount", "currency", "reason", "stage", "created")
    show_change_link = True


@admin.register(Payment)
class PaymentAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What was returned of payments, in the minor unit of their currency, which only what was sold knows."""

    inlines = (RefundInline, DisputeInline)
    list_display = ("payment_intent_id", "amount_refunded", "livemode", "created")
    list_filter = ("livemode",)
    search_fields = ("payment_intent_id", "refunds__refund_id")
    fields = ("payment_intent_id", "paid_for", "amount_refunded", "livemode", "created")

    @admin.display(description="paid for")
    def paid_for(self, payment: Payment) -> str:
        """Lead to the order or the plan's invoice."""
        return link_to(paid_with(payment.payment_intent_id))


@admin.register(Dispute)
class DisputeAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What banks took back, or ask about."""

    list_display = ("dispute_id", "payment", "money", "reason", "stage", "created")
    list_filter = ("stage", "created", "reason")
    list_select_related = ("payment",)
    search_fields = ("dispute_id", "payment__payment_intent_id")
    fields = ("dispute_id", "paid_for", "payment", "money", "reason", "stage", "created")

    @admin.display(description="amount")
    def money(self, dispute: Dispute) -> str:
        """Show money as people write it."""
        return show(dispute.amount, dispute.currency)

    @admin.display(description="paid for")
    def paid_for(self, dispute: Dispute) -> str:
        """Lead to the order or the plan's invoice."""
        return link_to(paid_with(dispute.payment.payment_intent_id))


@admin.register(StripeEvent)
class StripeEventAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Facts of the events that Stripe signed, and what became of them; a failed or ignored one can be tried again."""

    list_display = ("created", "type", "event_id", "shown_state", "error")
    list_filter = ("state", "created", "livemode", "type")
    search_fields = ("event_id", *(f"payload__data__object__{path}" for path in event_subjects.NAMES))
    actions = ("replay",)
    fields = ("event_id", "type", "state", "error", "about", "livemode", "created", "settled_at", "payload")

    @display(description="state", label=EVENT_LABELS, ordering="state")
    def shown_state(self, event: StripeEvent) -> str:
        """Show the state, coloured by what it asks for."""
        return event.state

    @admin.display(description="about")
    def about(self, event: StripeEvent) -> str:
        """Lead to what we know of what it tells."""
        return joined([link_to(row) for row in event_subjects.rows_of(event)])

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Let those replay who may change events elsewhere."""
        return request.user.has_perm("billing.change_stripeevent")

    @admin.action(description="Act on them as if they came once more", permissions=["replay"])
    def replay(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> None:
        """Take the way of an event that comes; say of each what became of it, and write down who asked."""
        for event in events.order_by("created", "pk"):
            try:
                became = str(webhooks.replay(event))
            except Exception as error:  # stored with the event, too
                became = f"{type(error).__name__}: {error}"
                self.message_user(request, f"{event.event_id}: {became}", messages.ERROR)
            else:
                self.message_user(request, f"{event.event_id}: {became}", messages.SUCCESS)
            self.log_change(request, event, f"Acted on once more: {became}")
