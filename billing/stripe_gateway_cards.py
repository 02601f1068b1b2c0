"""What we ask of Stripe about saved cards: pages to save them on, and payments without a page.

The calls go through `stripe_gateway`, with its time-outs, retries, errors and keys made of our rows.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from billing.order_models import Order
from billing.recharge_models import RechargeConsent, SavedCard
from billing.stripe_gateway import _client, _our_errors, _plain
from billing.stripe_objects import (
    RECHARGE,
    CardSetup,
    CheckoutSession,
    PaymentIntent,
    read_intent,
    read_session,
    read_setup,
    read_setup_page,
)


def create_card_page(
    consent: RechargeConsent, *, customer_id: str, return_url: str, cancel_url: str
) -> CheckoutSession:
    """Open the page where a card is saved and nothing is paid; asked again it is the same page."""
    reference = str(consent.public_id)
    closes = consent.created + timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES)
    with _our_errors():
        session = _client().v1.checkout.sessions.create(
            {
                "mode": "setup",
                "customer": customer_id,
                "client_reference_id": reference,
                # Cards alone can be charged at once and without their person.
                "allowed_payment_method_types": ["card"],
                "setup_intent_data": {"metadata": {"consent": reference}},
                "success_url": return_url,
                "cancel_url": cancel_url,
                "expires_at": int(closes.timestamp()),
            },
            {"idempotency_key": f"consent:{reference}:{customer_id}"},
        )
        return read_session(_plain(session))


def get_card_setup(session_id: str) -> CardSetup | None:
    """Ask what was saved on a page; None for a page of another kind."""
    with _our_errors():
        session = _client().v1.checkout.sessions.retrieve(session_id, {"expand": ["setup_intent.payment_method"]})
        return read_setup_page(_plain(session))


def get_setup(setup_intent_id: str) -> CardSetup:
    """Ask what became of saving a card."""
    with _our_errors():
        setup = _client().v1.setup_intents.retrieve(setup_intent_id, {"expand": ["payment_method"]})
        return read_setup(_plain(setup))


def forget_card(card: SavedCard) -> None:
    """Let Stripe forget a card; it may have done so already."""
    if card.payment_method_id is None:
        return
    with _our_errors():
        if _client().v1.payment_methods.retrieve(card.payment_method_id).customer is not None:
            key = {"idempotency_key": f"forget:{card.setup_intent_id}"}
            _client().v1.payment_methods.detach(card.payment_method_id, {}, key)  # type: ignore[arg-type]


def charge_saved_card(order: Order, *, customer_id: str) -> PaymentIntent:
    """Ask for an order's money while its person is away; asked again it is the same payment.

    Raise CardRefused, with the name of the payment, where the bank says no.
    """
    assert order.saved_card is not None and order.saved_card.payment_method_id is not None  # noqa: S101 - for the type checker
    reference = str(order.public_id)
    with _our_errors():
        intent = _client().v1.payment_intents.create(
            {
                "amount": order.amount,
                "currency": order.currency,
                "customer": customer_id,
                "payment_method": order.saved_card.payment_method_id,
                "allowed_payment_method_types": ["card"],
                "off_session": True,
                "confirm": True,
                "description": order.pack_name,
                "metadata": {"order": reference, "purpose": RECHARGE},
            },
            {"idempotency_key": f"recharge:{reference}"},
        )
        return read_intent(_plain(intent))


def pay_with_person(order: Order, card: SavedCard, *, click_token: UUID, return_url: str) -> PaymentIntent:
    """Try an order's payment once more, its person being there: the bank may want to see them on a page of its own."""
    assert order.payment_intent_id is not None and card.payment_method_id is not None  # noqa: S101 - for the type checker
    with _our_errors():
        intent = _client().v1.payment_intents.confirm(
            order.payment_intent_id,
            {"payment_method": card.payment_method_id, "return_url": return_url},
            {"idempotency_key": f"recharge:{order.public_id}:{click_token}"},
        )
        return read_intent(_plain(intent))


def get_payment(payment_intent_id: str) -> PaymentIntent:
    """Ask where a payment stands now."""
    with _our_errors():
        return read_intent(_plain(_client().v1.payment_intents.retrieve(payment_intent_id)))


def cancel_payment(order: Order) -> PaymentIntent:
    """Give up on an order's payment for good."""
    assert order.payment_intent_id is not None  # noqa: S101 - for the type checker
    with _our_errors():
        key = {"idempotency_key": f"recharge:{order.public_id}:cancel"}
        intent = _client().v1.payment_intents.cancel(order.payment_intent_id, {}, key)  # type: ignore[arg-type]
        return read_intent(_plain(intent))


def payments_since(moment: datetime, *, customer_id: str | None = None) -> Iterator[PaymentIntent]:
    """Go through the payments that were begun since then, of one customer or of all."""
    wanted: dict[str, Any] = {"created": {"gte": int(moment.timestamp())}, "limit": 100}
    if customer_id is not None:
        wanted["customer"] = customer_id
    with _our_errors():
        for intent in _client().v1.payment_intents.list(wanted).auto_paging_iter():  # type: ignore[arg-type]
            yield read_intent(_plain(intent))
