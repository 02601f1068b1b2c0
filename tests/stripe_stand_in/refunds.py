"""Refunds: money given back, in one go or in parts, never more than was taken."""

import copy
from typing import Any

from tests.stripe_stand_in import balance_transactions
from tests.stripe_stand_in.errors import Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import list_where
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage


def create(storage: Storage, params: dict[str, Any]) -> Object:
    charge = _charge_to_refund(storage, params)
    amount = params.get("amount", charge["amount"] - charge["amount_refunded"])
    _check_amount(charge, amount)
    refund = storage.add(
        "refund",
        "re",
        amount=amount,
        currency=charge["currency"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        reason=params.get("reason"),
        metadata=params.get("metadata", {}),
        status="succeeded",
    )
    transaction = balance_transactions.add(storage, refund, amount=-amount, category="refund")
    refund["balance_transaction"] = transaction["id"]
    before = copy.deepcopy(charge)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    emit(storage, "refund.created", refund)
    emit(storage, "charge.refunded", charge, before=before)
    return refund


def fail(storage: Storage, refund: Object, *, reason: str) -> None:
    """Let the bank send a refund's money back to the seller."""
    charge = storage.get("charge", refund["charge"])
    before = copy.deepcopy(refund)
    transaction = balance_transactions.add(storage, refund, amount=refund["amount"], category="refund_failure")
    refund |= {"status": "failed", "failure_reason": reason, "failure_balance_transaction": transaction["id"]}
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    for event in ("refund.updated", "charge.refund.updated", "refund.failed"):
        emit(storage, event, refund, before=before)


def _charge_to_refund(storage: Storage, params: dict[str, Any]) -> Object:
    if "charge" in params:
        return storage.get("charge", params["charge"])
    if "payment_intent" not in params:
        raise Refusal("One of the following params should be provided for this request: payment_intent or charge.")
    intent = storage.get("payment_intent", params["payment_intent"])
    if intent["status"] != "succeeded":
        raise Refusal("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    return storage.get("charge", intent["latest_charge"])


def _check_amount(charge: Object, amount: int) -> None:
    if charge["status"] != "succeeded":
        raise Refusal("This charge has not succeeded and cannot be refunded.", code="charge_not_refundable")
    if charge["refunded"]:
        raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if charge["disputed"]:
        raise Refusal(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if amount < 1:
        raise Refusal("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if amount > charge["amount"] - charge["amount_refunded"]:
        left = charge["amount"] - charge["amount_refunded"]
        raise Refusal(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).", param="amount")


def retrieve(storage: Storage, params: dict[str, Any], refund: str) -> Object:
    return storage.get("refund", refund)


def update(storage: Storage, params: dict[str, Any], refund: str) -> Object:
    stored = storage.get("refund", refund)
    stored["metadata"] = merged(stored["metadata"], params.get("metadata", {}))
    emit(storage, "refund.updated", stored)
    return stored


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    return list_where(storage, "refund", params, url="/v1/refunds", by="charge payment_intent")
