"""Recharges without news: found at Stripe by the order they name, charged again under the same key, or given up."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from billing import recharge_outcomes, recharging, stripe_gateway_cards
from billing.disagreements import Disagreement
from billing.errors import StripeRefused
from billing.order_models import Order, OrderState, StripeCustomer
from billing.recharge_models import AutoRecharge, RechargeState
from billing.stripe_objects import RECHARGE, PaymentIntent, uuid_of

ASKED_AGAIN_FOR = timedelta(hours=1)
"""Stripe remembers our key for a day. Whoever waited longer than this for credits has bought some otherwise."""
CLOCKS_DIFFER = timedelta(minutes=10)
_NOT_BEGUN = ("requires_payment_method", "requires_confirmation", "requires_action")


def ask_about(order: Order, now: datetime) -> Order:
    """Bring one open recharge to where Stripe is with it; return it as it is then."""
    intent = _find_payment(order)
    if intent is not None:
        recharge_outcomes.follow(intent)
        order.refresh_from_db()
        if order.state == OrderState.PENDING and intent.status in _NOT_BEGUN and _is_over(order, now):
            _cancel(order)
    elif order.state != OrderState.PENDING:
        return order
    elif now <= order.created + ASKED_AGAIN_FOR:
        if recharging.is_still_wanted(order):
            recharging.charge(order)
    elif now > order.created + ASKED_AGAIN_FOR + CLOCKS_DIFFER:
        recharge_outcomes.expire(order)
    order.refresh_from_db()
    return order


def find_lost_payments(since: datetime) -> Iterator[Disagreement]:
    """Name payments that were asked for as recharges and belong to no order."""
    for intent in stripe_gateway_cards.payments_since(since):
        if intent.purpose != RECHARGE or not intent.is_paid or uuid_of(intent.order_reference) is None:
            continue
        if not Order.objects.filter(payment_intent_id=intent.id).exists():
            yield Disagreement("payment_has_its_order", f"payment {intent.id}", f"paid, for {intent.order_reference}")


def _find_payment(order: Order) -> PaymentIntent | None:
    """Ask for an order's payment, also where we died, or Stripe fell silent, before we knew its name."""
    if order.payment_intent_id is not None:
        return stripe_gateway_cards.get_payment(order.payment_intent_id)
    customer = StripeCustomer.objects.filter(organization=order.organization_id, livemode=order.livemode).first()
    if customer is None or customer.customer_id is None:
        return None
    begun = stripe_gateway_cards.payments_since(order.created - CLOCKS_DIFFER, customer_id=customer.customer_id)
    return next((intent for intent in begun if intent.order_reference == str(order.public_id)), None)


def _is_over(order: Order, now: datetime) -> bool:
    """Tell whether a payment that waits for its person has waited long enough, or nobody wants it any more."""
    waits_since = order.needs_person_at or order.created
    return now > waits_since + timedelta(hours=settings.RECHARGE_WAITS_HOURS) or _is_off(order)


def _is_off(order: Order) -> bool:
    return AutoRecharge.objects.filter(organization=order.organization_id, state=RechargeState.OFF).exists()


def _cancel(order: Order) -> None:
    """Give the payment up; one that went on in this moment is left to its news."""
    try:
        recharge_outcomes.follow(stripe_gateway_cards.cancel_payment(order))
    except StripeRefused:
        return
