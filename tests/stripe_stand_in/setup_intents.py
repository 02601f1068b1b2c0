"""Setup intents: a card saved with its person's consent, and nothing taken."""

from typing import Any

from tests.stripe_stand_in import payment_methods
from tests.stripe_stand_in.errors import Refusal, unexpected_state
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import list_where
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage


def create(storage: Storage, params: dict[str, Any]) -> Object:
    confirmed = params.pop("confirm", False)
    intent = add(storage, **params)
    if confirmed:
        _confirm(storage, intent)
    return intent


def add(storage: Storage, **params: Any) -> Object:
    """Remember a wish to save a card."""
    if params.get("customer"):
        storage.get("customer", params["customer"], param="customer")
    method = payment_methods.get(storage, params["payment_method"]) if params.get("payment_method") else None
    intent_id = storage.new_id("seti")
    intent = storage.add(
        "setup_intent",
        "seti",
        **{
            "usage": "off_session",
            "payment_method_types": params.get("allowed_payment_method_types") or ["card"],
            "metadata": {},
            **params,
            "id": intent_id,
            "client_secret": f"{intent_id}_secret_{storage.new_id('s')[2:]}",
            "payment_method": method["id"] if method else None,
            "status": "requires_confirmation" if method else "requires_payment_method",
        },
    )
    emit(storage, "setup_intent.created", intent)
    return intent


def confirm(storage: Storage, params: dict[str, Any], intent: str) -> Object:
    stored = storage.get("setup_intent", intent)
    if "payment_method" in params:
        stored["payment_method"] = payment_methods.get(storage, params["payment_method"])["id"]
    _confirm(storage, stored)
    return stored


def _confirm(storage: Storage, intent: Object) -> None:
    if intent["status"] in ("succeeded", "canceled"):
        raise unexpected_state(intent, "confirm")
    if intent["payment_method"] is None:
        raise Refusal("You cannot confirm this SetupIntent because it's missing a payment method.")
    method = storage.get("payment_method", intent["payment_method"])
    card = payment_methods.card_of(storage, method)
    if card and card.needs_person(is_set_up=False):
        intent |= {"status": "requires_action", "next_action": {"type": "use_stripe_sdk"}}
        emit(storage, "setup_intent.requires_action", intent)
    else:
        save(storage, intent, method)


def save(storage: Storage, intent: Object, method: Object) -> None:
    """Save the card with its customer, or pass on the bank's no."""
    card = payment_methods.card_of(storage, method)
    if card is not None and card.code is not None and not card.is_savable:
        refusal = payment_methods.declined(card)
        intent |= {"status": "requires_payment_method", "payment_method": None}
        emit(storage, "setup_intent.setup_failed", intent)
        raise refusal
    intent |= {"status": "succeeded", "payment_method": method["id"], "next_action": None}
    storage.hidden[method["id"]]["set_up"] = True
    emit(storage, "setup_intent.succeeded", intent)
    if intent["customer"]:
        payment_methods.attach_to(storage, method, intent["customer"])


def cancel(storage: Storage, params: dict[str, Any], intent: str) -> Object:
    stored = storage.get("setup_intent", intent)
    if stored["status"] == "succeeded":
        raise unexpected_state(stored, "cancel")
    stored |= {"status": "canceled", "cancellation_reason": params.get("cancellation_reason")}
    emit(storage, "setup_intent.canceled", stored)
    return stored


def retrieve(storage: Storage, params: dict[str, Any], intent: str) -> Object:
    return storage.get("setup_intent", intent)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    return list_where(storage, "setup_intent", params, url="/v1/setup_intents", by="customer payment_method")
