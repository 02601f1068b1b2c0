"""What Stripe knows of a customer, asked at most once in KEPT_S however often the page is loaded."""

from django.core.cache import cache

from accounts.errors import ServiceError
from billing import stripe_gateway
from billing.errors import StripeUnreachable
from billing.order_models import StripeCustomer
from billing.stripe_objects import CustomerFacts

KEPT_S = 15
ASKING_S = 30
"""While one request asks, others do not; so long at most, where the one that asks dies."""


class AskedJustNow(ServiceError):
    """Another request is asking Stripe, or Stripe did not answer one a moment ago."""

    status = 503
    is_our_fault = False


def fetch_details(customer: StripeCustomer) -> CustomerFacts:
    """Return what Stripe says of the customer; raise ServiceError where it does not answer or is being asked."""
    kept: CustomerFacts | None = cache.get(_key(customer))
    if kept is not None:
        return kept
    if cache.add(_asking_key(customer), 1, ASKING_S) is False:
        raise AskedJustNow
    try:
        facts = stripe_gateway.get_customer(customer.customer_id or "")
    except StripeUnreachable:
        cache.set(_asking_key(customer), 1, KEPT_S)
        raise
    cache.set(_key(customer), facts, KEPT_S)
    cache.delete(_asking_key(customer))
    return facts


def forget(customer: StripeCustomer) -> None:
    """Ask again at the next view, because the person changes the details at Stripe."""
    cache.delete(_key(customer))


def _key(customer: StripeCustomer) -> str:
    return f"stripe-details:{customer.pk}"


def _asking_key(customer: StripeCustomer) -> str:
    return f"stripe-details-asked:{customer.pk}"
