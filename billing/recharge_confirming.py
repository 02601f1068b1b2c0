"""Paying a recharge whose bank wants its person: the same order and the same payment, so that nobody pays twice."""

from uuid import UUID

from django.conf import settings

from billing import recharge_outcomes, stripe_gateway_cards
from billing.buyers import require_buyer
from billing.errors import CardRefused, PurchaseRefused, StripeRefused
from billing.order_models import Order
from billing.recharge_switch import card_of
from billing.stripe_objects import PaymentIntent

PAYABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def confirm(order: Order, *, click_token: UUID) -> str | None:
    """Try again with the person there; return the bank's page where it wants to see them, None where it is settled.

    Raise CardRefused where the bank says no all the same, and StripeUnreachable.
    """
    intent = _payment_of(order)
    if intent.status in PAYABLE and intent.bank_url is None:
        try:
            intent = _pay(order, click_token)
        except (CardRefused, StripeRefused):
            look_after(order)
            raise
    recharge_outcomes.follow(intent)
    return intent.bank_url if intent.status == "requires_action" else None


def look_after(order: Order) -> None:
    """Bring the order to where its payment is now: somebody comes back from the bank."""
    recharge_outcomes.follow(_payment_of(order))


def _payment_of(order: Order) -> PaymentIntent:
    assert order.payment_intent_id is not None  # noqa: S101 - only such orders wait for a person
    return stripe_gateway_cards.get_payment(order.payment_intent_id)


def _pay(order: Order, click_token: UUID) -> PaymentIntent:
    require_buyer(order.organization)
    card = card_of(order.organization)
    if card is None:  # removed in this moment
        raise PurchaseRefused
    Order.objects.filter(pk=order.pk).update(saved_card=card)
    page = f"{settings.PUBLIC_URL}/billing/auto-recharge/?back={order.public_id}"
    return stripe_gateway_cards.pay_with_person(order, card, click_token=click_token, return_url=page)
