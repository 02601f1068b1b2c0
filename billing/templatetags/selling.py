"""What templates ask about selling, and how they write amounts of money."""

from typing import Any

from django import template
from django.conf import settings
from django.utils.formats import number_format

from billing import money, stripe_gateway, subscriptions
from billing.shelf import in_words, shelf_of_buyer

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


@register.inclusion_tag("billing/more_credits.html", takes_context=True)
def more_credits(context: Any, missing: int = 1) -> dict[str, Any]:
    """Say where so many more credits come from: `{% more_credits 20 %}`."""
    return {
        "offer": shelf_of_buyer(context["request"].membership).smallest_with(missing),
        "selling": stripe_gateway.is_configured(),
        "support_email": settings.SUPPORT_EMAIL,
    }


@register.filter
def in_currency(amount: int, currency: str) -> str:
    """Write an amount in minor units as people write it: `{{ order.amount|in_currency:order.currency }}`."""
    return money.show(amount, currency)


@register.filter
def brings(pack: Any) -> str:
    """Say what a pack, or a consent to one, brings: `{{ consent|brings }}`."""
    return in_words(pack)


@register.filter
def signed(amount: int) -> str:
    """Write a movement with its sign: +100, −1."""
    sign = "+" if amount > 0 else "\N{MINUS SIGN}" if amount < 0 else ""
    return sign + number_format(abs(amount), 0, force_grouping=True)
