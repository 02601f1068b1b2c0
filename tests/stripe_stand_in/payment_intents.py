"""Payment intents: one wish to be paid, through as many attempts as it takes."""

import copy
from typing import Any

from tests.stripe_stand_in import charges, disputes, payment_methods
from tests.stripe_stand_in.errors import CardRefusal, Refusal, unexpected_state
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import list_where
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(storage: Storage, params: dict[str, Any]) -> Object:
    confirm, off_session = params.pop("confirm", False), params.pop("off_session", False)
    fail_on_action = params.pop("error_on_requires_action", False)
    return_url = params.pop("return_url", None)
    if off_session and not confirm:
        raise Refusal("You can only set `off_session` when `confirm` is true.", param="off_session")
    intent = add(storage, **params)
    if confirm:
        _confirm(storage, intent, off_session=bool(off_session) or fail_on_action, return_url=return_url)
    return intent


def add(storage: Storage, **params: Any) -> Object:
    """Remember a wish to be paid; nothing is tried yet."""
    if params["amount"] < 1:
        raise Refusal(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if params.get("customer"):
        storage.get("customer", params["customer"], param="customer")
    method = payment_methods.get(storage, params["payment_method"]) if params.get("payment_method") else None
    if method is not None:
        payment_methods.check_usable(storage, method, params.get("customer"))
    intent_id = storage.new_id("pi")
    intent = storage.add(
        "payment_intent",
        "pi",
        **{
            "capture_method": "automatic_async",
            "confirmation_method": "automatic",
            "payment_method_types": params.get("allowed_payment_method_types") or ["card"],
            "metadata": {},
            **params,
            "id": intent_id,
            "currency": params["currency"].lower(),
            "client_secret": f"{intent_id}_secret_{storage.new_id('s')[2:]}",
            "payment_method": method["id"] if method else None,
            "status": "requires_confirmation" if method else "requires_payment_method",
            "automatic_payment_methods": _automatic(params.get("automatic_payment_methods")),
        },
    )
    emit(storage, "payment_intent.created", intent)
    return intent


def _automatic(sent: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if sent is None else {"allow_redirects": "always", **sent}


def confirm(storage: Storage, params: dict[str, Any], intent: str) -> Object:
    stored = storage.get("payment_intent", intent)
    if "payment_method" in params:
        stored["payment_method"] = payment_methods.get(storage, params["payment_method"])["id"]
    off_session = bool(params.get("off_session")) or params.get("error_on_requires_action", False)
    _confirm(storage, stored, off_session=off_session, return_url=params.get("return_url"))
    return stored


def _confirm(storage: Storage, intent: Object, *, off_session: bool, return_url: str | None) -> None:
    if intent["status"] not in _OPEN:
        raise unexpected_state(intent, "confirm")
    if intent["payment_method"] is None:
        raise Refusal("You cannot confirm this PaymentIntent because it's missing a payment method.")
    method = storage.get("payment_method", intent["payment_method"])
    payment_methods.check_usable(storage, method, intent["customer"])
    card = payment_methods.card_of(storage, method)
    if card and card.needs_person(is_set_up=payment_methods.is_set_up(storage, method)) and not off_session:
        _ask_for_person(storage, intent, return_url)
    else:
        attempt(storage, intent, person_is_there=False)


def attempt(storage: Storage, intent: Object, *, person_is_there: bool) -> None:
    """Try to take the money. A bank's no is remembered, told in events, and raised."""
    method = storage.get("payment_method", intent["payment_method"])
    card = payment_methods.card_of(storage, method)
    assert card is not None, "a bank debit is begun by `begin_delayed`"
    if not person_is_there and card.needs_person(is_set_up=payment_methods.is_set_up(storage, method)):
        raise _failed(storage, intent, method, _wants_person())
    if card.code is not None:
        refusal = payment_methods.declined(card)
        charge = charges.add(storage, intent, method, status="failed")
        charges.fail(storage, charge, code=card.decline_code or card.code, message=str(refusal))
        intent["latest_charge"] = charge["id"]
        raise _failed(storage, intent, method, refusal, charge=charge["id"])
    charge = charges.add(storage, intent, method, status="pending")
    _succeed(storage, intent, charge)
    if card.dispute is not None:
        disputes.open_dispute(storage, charge, is_inquiry=card.dispute == "inquiry")


def _wants_person() -> CardRefusal:
    return CardRefusal(
        "Your card was declined. This transaction requires authentication.",
        code="authentication_required",
        decline_code="authentication_required",
        doc_url="https://docs.stripe.com/error-codes/authentication-required",
    )


def _succeed(storage: Storage, intent: Object, charge: Object) -> None:
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    _keep_for_later(storage, intent)
    charges.succeed(storage, charge)
    emit(storage, "payment_intent.succeeded", intent)


def _keep_for_later(storage: Storage, intent: Object) -> None:
    method = storage.get("payment_method", intent["payment_method"])
    if intent["setup_future_usage"] and intent["customer"]:
        payment_methods.attach_to(storage, method, intent["customer"])
        storage.hidden[method["id"]]["set_up"] = True
    payment_methods.use_up(storage, method)


def _failed(storage: Storage, intent: Object, method: Object, refusal: CardRefusal, **details: Any) -> CardRefusal:
    """Note the failure on the intent, tell it, and return the refusal with the intent inside."""
    error = refusal.body["error"]
    error |= details
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": {**_error_parts(intent), **error, "payment_method": copy.deepcopy(method)},
    }
    emit(storage, "payment_intent.payment_failed", intent)
    error |= {"payment_intent": copy.deepcopy(intent), "payment_method": copy.deepcopy(method)}
    return refusal


def _error_parts(intent: Object) -> dict[str, Any]:
    return dict.fromkeys(("charge", "code", "decline_code", "doc_url", "message", "param", "payment_method"))


def _ask_for_person(storage: Storage, intent: Object, return_url: str | None) -> None:
    redirect = {"url": f"{storage.base_url}/authenticate/{intent['id']}", "return_url": return_url}
    intent |= {
        "status": "requires_action",
        "next_action": {"type": "redirect_to_url", "redirect_to_url": redirect},
    }
    emit(storage, "payment_intent.requires_action", intent)


def authenticate(storage: Storage, intent: Object, *, agreed: bool) -> None:
    """Settle what the bank asked the person."""
    if intent["status"] != "requires_action":
        raise unexpected_state(intent, "authenticate")
    if agreed:
        attempt(storage, intent, person_is_there=True)
        return
    method = storage.get("payment_method", intent["payment_method"])
    refusal = CardRefusal(
        "We are unable to authenticate your payment method.",
        code="payment_intent_authentication_failure",
        decline_code=None,
    )
    raise _failed(storage, intent, method, refusal)


def begin_delayed(storage: Storage, intent: Object) -> None:
    """Start a bank debit whose outcome comes later."""
    method = storage.get("payment_method", intent["payment_method"])
    charge = charges.add(storage, intent, method, status="pending")
    intent |= {"status": "processing", "latest_charge": charge["id"]}
    emit(storage, "payment_intent.processing", intent)
    emit(storage, "charge.pending", charge)


def settle_delayed(storage: Storage, intent: Object, *, paid: bool) -> None:
    """Let a bank debit's outcome come."""
    if intent["status"] != "processing":
        raise unexpected_state(intent, "settle")
    charge = storage.get("charge", intent["latest_charge"])
    if paid:
        _succeed(storage, intent, charge)
        return
    message = "The customer's account has insufficient funds to cover this payment."
    charges.fail(storage, charge, code="insufficient_funds", message=message)
    refusal = CardRefusal(message, code="payment_intent_payment_attempt_failed", decline_code=None)
    _failed(storage, intent, storage.get("payment_method", intent["payment_method"]), refusal, charge=charge["id"])


def cancel(storage: Storage, params: dict[str, Any], intent: str) -> Object:
    stored = storage.get("payment_intent", intent)
    if stored["status"] not in _OPEN:
        raise unexpected_state(stored, "cancel")
    reason = params.get("cancellation_reason")
    stored |= {"status": "canceled", "canceled_at": storage.clock.now(), "cancellation_reason": reason}
    emit(storage, "payment_intent.canceled", stored)
    return stored


def update(storage: Storage, params: dict[str, Any], intent: str) -> Object:
    stored = storage.get("payment_intent", intent)
    stored["metadata"] = merged(stored["metadata"], params.pop("metadata", {}))
    stored |= params
    return stored


def retrieve(storage: Storage, params: dict[str, Any], intent: str) -> Object:
    return storage.get("payment_intent", intent)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    return list_where(storage, "payment_intent", params, url="/v1/payment_intents", by="customer")
