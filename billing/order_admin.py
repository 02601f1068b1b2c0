"""What is sold, and what Stripe said about it, for support. Only packs and their prices are changed by hand."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from billing import webhooks
from billing.look_only import LookOnly
from billing.order_models import Dispute, Order, Pack, PackPrice, Payment, StripeCustomer, StripeEvent


class PackPriceInline(admin.TabularInline):  # type: ignore[type-arg]
    """What a pack costs in each currency."""

    model = PackPrice
    extra = 0


@admin.register(Pack)
class PackAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Packs on sale. A pack that was ordered stays; switch it off instead of deleting it."""

    inlines = (PackPriceInline,)
    list_display = ("name", "credits", "expires_after_days", "is_active")


@admin.register(Order)
class OrderAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Orders, and what does not agree about them."""

    list_display = ("created", "organization", "pack_name", "amount", "currency", "state", "paid_at", "problem")
    list_filter = ("state", "livemode")
    list_select_related = ("organization",)
    search_fields = ("public_id", "organization__name", "checkout_session_id", "payment_intent_id")
    date_hierarchy = "created"


@admin.register(StripeCustomer)
class StripeCustomerAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who organizations are at Stripe."""

    list_display = ("organization", "customer_id", "livemode", "created")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "customer_id")


@admin.register(Payment)
class PaymentAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What was refunded of payments."""

    list_display = ("payment_intent_id", "amount_refunded", "livemode", "created")
    search_fields = ("payment_intent_id",)


@admin.register(Dispute)
class DisputeAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What banks took back, or ask about."""

    list_display = ("dispute_id", "payment", "amount", "currency", "reason", "stage", "created")
    list_filter = ("stage",)
    list_select_related = ("payment",)
    search_fields = ("dispute_id", "payment__payment_intent_id")


@admin.register(StripeEvent)
class StripeEventAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Events as Stripe signed them, and what became of them; what failed can be tried again."""

    list_display = ("created", "type", "event_id", "state", "error")
    list_filter = ("state", "livemode", "type")
    search_fields = ("event_id",)
    date_hierarchy = "created"
    actions = ("replay",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Let those replay who may change events elsewhere."""
        return request.user.has_perm("billing.change_stripeevent")

    @admin.action(description="Act on them as if they came once more", permissions=["replay"])
    def replay(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> None:
        """Take the way of an event that comes; say of each what became of it."""
        for event in events.order_by("created", "pk"):
            try:
                state = webhooks.replay(event)
            except Exception as error:  # stored with the event, too
                self.message_user(request, f"{event.event_id}: {type(error).__name__}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{event.event_id}: {state}", messages.SUCCESS)
