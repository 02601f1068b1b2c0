"""Saved cards, and the bank debit behind a delayed payment."""

import hashlib
from typing import Any

from tests.stripe_stand_in import cards
from tests.stripe_stand_in.cards import Card
from tests.stripe_stand_in.errors import CardRefusal, Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import list_where
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage


def create(storage: Storage, params: dict[str, Any]) -> Object:
    if params["type"] != "card" or "number" not in params.get("card", {}):
        raise Refusal("The stand-in makes payment methods from card numbers.", param="type")
    sent = params["card"]
    return add_card(
        storage,
        known_card(sent["number"]),
        exp_month=sent["exp_month"],
        exp_year=sent["exp_year"],
        billing_details=params.get("billing_details", {}),
    )


def known_card(number: str) -> Card:
    """Return a test card; like Stripe in test mode, take no other."""
    if number not in cards.BY_NUMBER:
        raise CardRefusal("Your card number is incorrect.", code="incorrect_number", decline_code=None, param="number")
    return cards.BY_NUMBER[number]


def add_card(
    storage: Storage,
    card: Card,
    *,
    exp_month: int = 12,
    exp_year: int = 2034,
    billing_details: dict[str, Any] | None = None,
) -> Object:
    """Remember a card and, out of sight, how its bank will answer."""
    method = storage.add(
        "payment_method",
        "pm",
        type="card",
        allow_redisplay="unspecified",
        billing_details=billing_details or {},
        metadata={},
        card={
            "brand": "visa",
            "display_brand": "visa",
            "country": "US",
            "exp_month": exp_month,
            "exp_year": exp_year,
            "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
            "funding": "credit",
            "last4": card.last4,
            "checks": {"cvc_check": "pass"},
            "networks": {"available": ["visa"]},
            "three_d_secure_usage": {"supported": True},
        },
    )
    storage.hidden[method["id"]]["card"] = card
    return method


def add_bank_debit(storage: Storage, *, billing_details: dict[str, Any]) -> Object:
    """Remember a SEPA debit: its money is known to come, or not, days later."""
    return storage.add(
        "payment_method",
        "pm",
        type="sepa_debit",
        billing_details=billing_details,
        metadata={},
        sepa_debit={"bank_code": "37040044", "country": "DE", "last4": "3000", "fingerprint": "stand-in"},
    )


def get(storage: Storage, wanted_id: str) -> Object:
    """Return a payment method; one of Stripe's names such as `pm_card_visa` makes a new one."""
    if wanted_id in cards.BY_TOKEN:
        return add_card(storage, cards.BY_TOKEN[wanted_id])
    return storage.get("payment_method", wanted_id)


def get_saved(storage: Storage, wanted_id: str, customer: str) -> Object:
    """Return a payment method that this customer has saved."""
    method = storage.get("payment_method", wanted_id)
    if method["customer"] != customer:
        raise Refusal(
            f"The customer does not have a payment method with the ID {wanted_id}. "
            "The payment method must be attached to the customer.",
            code="resource_missing",
            param="default_payment_method",
        )
    return method


def check_usable(storage: Storage, method: Object, customer: str | None) -> None:
    """Refuse what belongs to somebody else, and what is used up because nobody saved it in time."""
    if method["customer"] not in (None, customer):
        raise Refusal("The PaymentMethod does not belong to the Customer you supplied.", param="payment_method")
    if method["customer"] is None and storage.hidden[method["id"]].get("used_up"):
        raise Refusal(
            "The provided PaymentMethod was previously used without being attached to a Customer or was detached "
            "from a Customer, and may not be used again.",
            param="payment_method",
        )


def use_up(storage: Storage, method: Object) -> None:
    """Note that a payment method was used, or let go; only one that is saved can be used again."""
    storage.hidden[method["id"]]["used_up"] = True


def card_of(storage: Storage, method: Object) -> Card | None:
    """Return the card behind a payment method, or None for a bank debit."""
    card: Card | None = storage.hidden[method["id"]].get("card")
    return card


def is_set_up(storage: Storage, method: Object) -> bool:
    """Tell whether the person once agreed, at their bank, to be charged later."""
    return bool(storage.hidden[method["id"]].get("set_up"))


def attach(storage: Storage, params: dict[str, Any], payment_method: str) -> Object:
    method = get(storage, payment_method)
    storage.get("customer", params["customer"], param="customer")
    card = card_of(storage, method)
    if card is not None and card.code is not None and not card.is_savable:
        raise declined(card, payment_method=method)
    attach_to(storage, method, params["customer"])
    return method


def attach_to(storage: Storage, method: Object, customer: str) -> None:
    """Save a payment method with its customer, once."""
    if method["customer"] not in (None, customer):
        raise Refusal("The payment method you provided has already been attached to a customer.")
    check_usable(storage, method, customer)
    if method["customer"] is None:
        method["customer"] = customer
        emit(storage, "payment_method.attached", method)


def detach(storage: Storage, params: dict[str, Any], payment_method: str) -> Object:
    method = storage.get("payment_method", payment_method)
    if method["customer"] is None:
        raise Refusal("The payment method you provided is not attached to a customer so detachment is impossible.")
    use_up(storage, method)
    before = dict(method)
    customer = storage.get("customer", method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == payment_method:
        customer["invoice_settings"]["default_payment_method"] = None
    method["customer"] = None
    emit(storage, "payment_method.detached", method, before=before)
    return method


def update(storage: Storage, params: dict[str, Any], payment_method: str) -> Object:
    method = storage.get("payment_method", payment_method)
    method["metadata"] = merged(method["metadata"], params.get("metadata", {}))
    emit(storage, "payment_method.updated", method)
    return method


def retrieve(storage: Storage, params: dict[str, Any], payment_method: str) -> Object:
    return storage.get("payment_method", payment_method)


def retrieve_of_customer(storage: Storage, params: dict[str, Any], customer: str, payment_method: str) -> Object:
    return storage.get("payment_method", payment_method)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    return list_where(storage, "payment_method", params, url="/v1/payment_methods", by="customer type")


def list_of_customer(storage: Storage, params: dict[str, Any], customer: str) -> Object:
    storage.get("customer", customer)
    asked = {**params, "customer": customer}
    url = f"/v1/customers/{customer}/payment_methods"
    return list_where(storage, "payment_method", asked, url=url, by="customer type")


def declined(card: Card, **details: Any) -> CardRefusal:
    """Return the bank's no in Stripe's words."""
    assert card.code is not None
    message = {
        "insufficient_funds": "Your card has insufficient funds.",
        None: "Your card has expired.",
    }.get(card.decline_code, "Your card was declined.")
    return CardRefusal(
        message,
        code=card.code,
        decline_code=card.decline_code,
        doc_url=f"https://docs.stripe.com/error-codes/{card.code.replace('_', '-')}",
        **details,
    )
