"""Packs that are bought by themselves, for support: where that stands, what was agreed to, which card pays."""

from django.contrib import admin
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.admin_pages import joined, link_to, list_where
from accounts.look_only import LookOnly
from accounts.models import Organization
from billing.money import show
from billing.order_models import OrderKind
from billing.recharge_models import AutoRecharge, RechargeConsent, RechargeNews, SavedCard
from billing.sale_admin import events_about

STATE_LABELS = {"on": "success", "stopped": "danger", "off": "info"}
OF_ORGANIZATION = ("organization__name", "organization__public_id")


def _recharges_of(organization: Organization) -> str:
    question = {"q": str(organization.public_id), "kind__exact": OrderKind.RECHARGE.value}
    return list_where("orders bought by themselves", "billing_order_changelist", **question)


@admin.register(AutoRecharge)
class AutoRechargeAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Where recharging stands for each organization, and why it stopped."""

    list_display = ("organization", "shown_state", "stop_reason", "consent", "declines", "last_attempt_at")
    list_filter = ("state", "stop_reason", "changed_at", "consent__livemode", "consent__pack")
    list_select_related = ("organization", "consent")
    search_fields = (*OF_ORGANIZATION, "consent__public_id", "consent__actor__email")
    fields = (
        *("organization", "state", "stop_reason", "consent", "cards", "orders", "declines", "last_attempt_at"),
        *("not_before", "ended_at", "changed_at"),
    )

    @display(description="state", label=STATE_LABELS, ordering="state")
    def shown_state(self, recharge: AutoRecharge) -> tuple[str, str]:
        """Show the state in words, coloured by what it asks for."""
        return recharge.state, recharge.get_state_display()

    @admin.display(description="saved cards")
    def cards(self, recharge: AutoRecharge) -> str:
        """Lead to the cards that are not removed."""
        cards = recharge.organization.saved_cards.filter(removed_at=None).order_by("pk")
        return joined([link_to(card) for card in cards])

    @admin.display(description="orders")
    def orders(self, recharge: AutoRecharge) -> str:
        """Lead to what was bought by itself."""
        return _recharges_of(recharge.organization)


@admin.register(RechargeConsent)
class RechargeConsentAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What people agreed to, in the words that they read."""

    list_display = ("created", "organization", "pack_name", "price", "threshold", "most_per_month", "actor", "language")
    list_filter = ("created", "pack", "currency", "language", "version", "livemode")
    list_select_related = ("organization", "actor")
    search_fields = (*OF_ORGANIZATION, "public_id", "actor__email", "text")
    fields = (
        *("organization", "actor", "created", "text", "language", "version", "pack", "pack_name", "credits", "price"),
        *("threshold", "most_per_month", "recharge", "saved_card", "livemode", "public_id"),
    )

    @admin.display(description="each time", ordering="amount")
    def price(self, consent: RechargeConsent) -> str:
        """Show money as people write it."""
        return show(consent.amount, consent.currency)

    @admin.display(description="auto-recharge")
    def recharge(self, consent: RechargeConsent) -> str:
        """Lead to where recharging stands, where this consent is the one in effect."""
        return link_to(AutoRecharge.objects.filter(consent=consent).first())

    @admin.display(description="saved card")
    def saved_card(self, consent: RechargeConsent) -> str:
        """Lead to the card that was saved with it."""
        return link_to(SavedCard.objects.filter(consent=consent).first())


@admin.register(SavedCard)
class SavedCardAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Cards that Stripe keeps. Of a card itself we show its brand and its last four digits."""

    list_display = ("__str__", "organization", "created", "removed_at", "detached_at", "livemode")
    list_filter = (
        *(("removed_at", admin.EmptyFieldListFilter), ("detached_at", admin.EmptyFieldListFilter)),
        *("created", "livemode"),
    )
    list_select_related = ("organization",)
    search_fields = (*OF_ORGANIZATION, "setup_intent_id", "payment_method_id", "=last4")
    fields = (
        *("brand", "last4", "organization", "consent", "orders", "created", "removed_at", "detached_at", "events"),
        *("setup_intent_id", "payment_method_id", "livemode"),
    )

    @admin.display(description="orders")
    def orders(self, card: SavedCard) -> str:
        """Lead to what it paid."""
        return list_where(f"{card.orders.count():,}", "billing_order_changelist", saved_card__id__exact=card.pk)

    @admin.display(description="events")
    def events(self, card: SavedCard) -> str:
        """Lead to the events about it."""
        return events_about(card.setup_intent_id, card.payment_method_id)


@admin.register(RechargeNews)
class RechargeNewsAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Mails about recharging: those that were sent, and those that are owed."""

    list_display = ("created", "organization", "kind", "of_order", "sent_at")
    list_filter = (("sent_at", admin.EmptyFieldListFilter), "kind", "created")
    list_select_related = ("organization", "order")
    search_fields = (*OF_ORGANIZATION, "order__public_id")
    fields = ("organization", "kind", "of_order", "about", "created", "sent_at")

    @admin.display(description="order")
    def of_order(self, news: RechargeNews) -> str:
        """Lead to the order that it tells of."""
        return link_to(news.order)
