"""What templates ask about selling, and how they write amounts of money."""

from django import template

from billing import money, stripe_gateway

register = template.Library()


@register.simple_tag
def is_selling() -> bool:
    """Tell whether credits can be bought here: `{% is_selling as selling %}`."""
    return stripe_gateway.is_configured()


@register.filter
def in_currency(amount: int, currency: str) -> str:
    """Write an amount in minor units as people write it: `{{ order.amount|in_currency:order.currency }}`."""
    return money.show(amount, currency)
