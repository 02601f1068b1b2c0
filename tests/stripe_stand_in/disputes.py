"""Disputes: a bank takes money back for its customer, or only asks; somebody wins."""

import copy
from typing import Any, Literal

from tests.stripe_stand_in import balance_transactions
from tests.stripe_stand_in.clock import DAY_S
from tests.stripe_stand_in.errors import Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import list_where
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage

Outcome = Literal["won", "lost", "warning_closed"]
FEE = 1500


def open_dispute(
    storage: Storage,
    charge: Object,
    *,
    reason: str = "fraudulent",
    is_inquiry: bool = False,
    amount: int | None = None,
    withdraw: bool = True,
) -> Object:
    """Begin a dispute; an inquiry takes nothing, a dispute takes its amount and a fee."""
    if charge["status"] != "succeeded":
        raise Refusal("Only a charge that succeeded can be disputed.")
    charge["disputed"] = True
    dispute = storage.add(
        "dispute",
        "du",
        amount=charge["amount"] if amount is None else amount,
        charge=charge["id"],
        currency=charge["currency"],
        evidence={},
        evidence_details={
            "due_by": storage.clock.now() + 7 * DAY_S,
            "submission_method": "not_submitted",
            "enhanced_eligibility": {},
        },
        is_charge_refundable=is_inquiry,
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="warning_needs_response" if is_inquiry else "needs_response",
    )
    emit(storage, "charge.dispute.created", dispute)
    if withdraw and not is_inquiry:
        withdraw_funds(storage, dispute)
    return dispute


def withdraw_funds(storage: Storage, dispute: Object) -> None:
    """Take the disputed amount from the seller."""
    _move(storage, dispute, amount=-dispute["amount"], category="dispute", fee=FEE)
    emit(storage, "charge.dispute.funds_withdrawn", dispute)


def reinstate_funds(storage: Storage, dispute: Object) -> None:
    """Give the disputed amount back to the seller."""
    _move(storage, dispute, amount=dispute["amount"], category="dispute_reversal", fee=0)
    emit(storage, "charge.dispute.funds_reinstated", dispute)


def _move(storage: Storage, dispute: Object, *, amount: int, category: balance_transactions.Category, fee: int) -> None:
    moved = balance_transactions.add(storage, dispute, amount=amount, category=category, fee=fee)
    dispute["balance_transactions"].append(copy.deepcopy(moved))


def escalate(storage: Storage, dispute: Object) -> None:
    """Turn an inquiry into a dispute."""
    if not dispute["status"].startswith("warning_"):
        raise Refusal("Only an inquiry can become a dispute.")
    before = copy.deepcopy(dispute)
    dispute |= {"status": "needs_response", "is_charge_refundable": False}
    emit(storage, "charge.dispute.updated", dispute, before=before)
    withdraw_funds(storage, dispute)


def settle(storage: Storage, dispute: Object, outcome: Outcome, *, reinstate: bool = True) -> None:
    """End a dispute; a won one gives back what it took."""
    if (outcome == "warning_closed") != dispute["status"].startswith("warning_"):
        raise Refusal(f"A dispute that is {dispute['status']} cannot end as {outcome}.")
    if dispute["status"] in ("won", "lost", "warning_closed"):
        raise Refusal("This dispute is already closed.")
    if outcome == "won" and reinstate and dispute["balance_transactions"]:
        # The money comes back while the dispute is still open, so that event says nothing of winning.
        dispute["status"] = "under_review"
        reinstate_funds(storage, dispute)
    before = copy.deepcopy(dispute)
    dispute["status"] = outcome
    emit(storage, "charge.dispute.closed", dispute, before=before)


def update(storage: Storage, params: dict[str, Any], dispute: str) -> Object:
    stored = storage.get("dispute", dispute)
    before = copy.deepcopy(stored)
    stored["metadata"] = merged(stored["metadata"], params.get("metadata", {}))
    stored["evidence"] |= params.get("evidence", {})
    stored["evidence_details"]["has_evidence"] = any(stored["evidence"].values())
    if params.get("submit", True) and stored["status"] == "needs_response" and "evidence" in params:
        stored["status"] = "under_review"
    emit(storage, "charge.dispute.updated", stored, before=before)
    return stored


def close(storage: Storage, params: dict[str, Any], dispute: str) -> Object:
    """Accept the bank's view, which loses the dispute."""
    stored = storage.get("dispute", dispute)
    settle(storage, stored, "lost")
    return stored


def retrieve(storage: Storage, params: dict[str, Any], dispute: str) -> Object:
    return storage.get("dispute", dispute)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    return list_where(storage, "dispute", params, url="/v1/disputes", by="charge payment_intent")
