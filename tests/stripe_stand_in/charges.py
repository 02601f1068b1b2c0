"""Charges: one attempt each to take money from a card or a bank account."""

from typing import Any

from tests.stripe_stand_in import balance_transactions
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import list_where
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage


def add(storage: Storage, intent: Object, method: Object, *, status: str) -> Object:
    """Remember an attempt that is pending or has an outcome, without telling anyone."""
    charge_id = storage.new_id("ch")
    return storage.add(
        "charge",
        "ch",
        id=charge_id,
        amount=intent["amount"],
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        billing_details=method["billing_details"],
        captured=status != "failed",
        amount_captured=0 if status == "failed" else intent["amount"],
        metadata=dict(intent["metadata"]),
        paid=status == "succeeded",
        status=status,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=_details_of(method),
        receipt_email=intent["receipt_email"],
        receipt_url=f"{storage.base_url}/receipts/{charge_id}",
        outcome={"type": "authorized", "network_status": "approved_by_network", "risk_level": "normal"},
    )


def succeed(storage: Storage, charge: Object) -> None:
    """Let the money come."""
    charge |= {"paid": True, "status": "succeeded", "captured": True}
    fee = charge["amount"] * 29 // 1000 + 30
    transaction = balance_transactions.add(storage, charge, amount=charge["amount"], category="charge", fee=fee)
    charge["balance_transaction"] = transaction["id"]
    emit(storage, "charge.succeeded", charge)


def fail(storage: Storage, charge: Object, *, code: str, message: str) -> None:
    """Let the money stay where it is."""
    charge |= {"paid": False, "status": "failed", "failure_code": code, "failure_message": message}
    charge["outcome"] |= {"type": "issuer_declined", "network_status": "declined_by_network", "reason": code}
    emit(storage, "charge.failed", charge)


def _details_of(method: Object) -> dict[str, Any]:
    kind = method["type"]
    shared = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "bank_code")
    return {"type": kind, kind: {name: method[kind][name] for name in shared if name in method[kind]}}


def retrieve(storage: Storage, params: dict[str, Any], charge: str) -> Object:
    return storage.get("charge", charge)


def update(storage: Storage, params: dict[str, Any], charge: str) -> Object:
    stored = storage.get("charge", charge)
    stored["metadata"] = merged(stored["metadata"], params.pop("metadata", {}))
    stored |= params
    emit(storage, "charge.updated", stored)
    return stored


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    return list_where(storage, "charge", params, url="/v1/charges", by="customer payment_intent")
