"""Which of our rows an event of Stripe's is about, by the names in it."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Model

from billing.order_models import Order, StripeEvent
from billing.recharge_models import SavedCard
from billing.sales import paid_with
from billing.stripe_objects import id_of
from billing.subscription_models import PlanInvoice, Subscription

NAMES = (
    *("id", "payment_intent", "invoice", "subscription", "setup_intent"),
    *("payment__payment_intent", "parent__subscription_details__subscription"),
)
"""Where the objects that we hear of keep the names of others, as a question to the database is written."""


def rows_of(event: StripeEvent) -> list[Model]:
    """Return the orders, invoices, subscriptions and cards that an event names; each once."""
    rows: list[Model] = []
    for name in names_in(event.payload["data"]["object"]):
        rows += [row for row in _named(name) if row not in rows]
    return rows


def names_in(thing: Mapping[str, Any]) -> list[str]:
    """Return the names that an object carries: its own, and those of what it belongs to."""
    found = []
    for path in NAMES:
        value: Any = thing
        for step in path.split("__"):
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, str | Mapping) and (name := id_of(value)):
            found.append(name)
    return found


def _named(name: str) -> Iterator[Model]:
    sale = paid_with(name)
    if sale is not None:
        yield sale
    yield from Order.objects.filter(checkout_session_id=name)
    yield from Subscription.objects.filter(checkout_session_id=name)
    yield from Subscription.objects.filter(subscription_id=name)
    yield from PlanInvoice.objects.filter(invoice_id=name)
    yield from SavedCard.objects.filter(setup_intent_id=name)
    yield from SavedCard.objects.filter(payment_method_id=name)
