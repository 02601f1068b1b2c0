"""What templates ask about selling, and how they write amounts of money and names. What isolates is for pages alone."""

from typing import Any

from django import template
from django.conf import settings
from django.utils.formats import number_format
from django.utils.html import format_html

from billing import money, stripe_gateway, subscriptions, waiting_upgrades
from billing.shelf import in_words, shelf_of_buyer
from billing.subscription_models import PlanChange, Subscription

register = template.Library()


@register.simple_tag
def is_selling() -> bool:
    """Tell whether credits can be bought here: `{% is_selling as selling %}`."""
    return stripe_gateway.is_configured()


@register.simple_tag(takes_context=True)
def pays_for_a_plan(context: Any) -> bool:
    """Tell whether the organization of who looks is charged each month: `{% pays_for_a_plan as has_plan %}`."""
    subscription = subscriptions.running_of(context["request"].membership.organization.pk)
    return subscription is not None and subscription.paid_terms is not None


@register.simple_tag
def waiting_upgrade(subscription: Subscription) -> PlanChange | None:
    """Return the upgrade that waits for its person: `{% waiting_upgrade subscription as upgrade %}`."""
    return waiting_upgrades.find_waiting(subscription)


@register.inclusion_tag("billing/more_credits.html", takes_context=True)
def more_credits(context: Any, missing: int = 1) -> dict[str, Any]:
    """Say where so many more credits come from: `{% more_credits 20 %}`."""
    membership = context["request"].membership
    return {
        "is_suspended": membership.organization.is_suspended,
        "offer": shelf_of_buyer(membership).smallest_with(missing),
        "selling": stripe_gateway.is_configured(),
        "support_email": settings.SUPPORT_EMAIL,
    }


@register.filter
def in_currency(amount: int, currency: str) -> str:
    """Write an amount in minor units as people write it: `{{ order.amount|in_currency:order.currency }}`."""
    return money.show(amount, currency)


@register.filter
def isolated_amount(words: str) -> str:
    """Keep an amount apart from text that runs the other way, and in one line: `{{ offer.price|isolated_amount }}`."""
    return format_html('<bdi class="amount">{}</bdi>', words)


@register.filter
def isolated(name: str) -> str:
    """Keep a name apart from text that runs the other way: `{{ order.pack_name|isolated }}`."""
    return format_html("<bdi>{}</bdi>", name)


@register.filter
def brings(pack: Any) -> str:
    """Say what a pack, or a consent to one, brings: `{{ consent|brings }}`."""
    return in_words(pack)


@register.filter
def signed(amount: int) -> str:
    """Write a movement with its sign: +100, −1."""
    sign = "+" if amount > 0 else "\N{MINUS SIGN}" if amount < 0 else ""
    return sign + number_format(abs(amount), 0, force_grouping=True)
