"""The few facts that we read from Stripe's objects, whether they came in an event or in an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

Data = Mapping[str, Any]

PAID = ("paid", "no_payment_required")
REFUND_REQUEST = "refund_request"
"""Under this name a refund carries the id of our request."""
_NOT_RETURNED = ("failed", "canceled")
_PAYMENT_FAILED = ("requires_payment_method", "canceled")


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """A page of Stripe's that somebody may pay on, or did."""

    id: str
    livemode: bool
    mode: str
    status: str
    payment_status: str
    amount_total: int | None
    currency: str | None
    order_reference: str | None
    payment_intent_id: str | None
    has_failed: bool
    url: str | None
    created: datetime

    @property
    def is_paid(self) -> bool:
        """Tell whether the money is there; a completed session may still wait for it."""
        return self.status == "complete" and self.payment_status in PAID


@dataclass(frozen=True, slots=True)
class Refunds:
    """How much of a payment was returned, in all."""

    payment_intent_id: str | None
    livemode: bool
    amount_refunded: int


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """One refund: how much, whether it came to nothing, and which request of ours it came from."""

    id: str
    payment_intent_id: str | None
    livemode: bool
    amount: int
    has_failed: bool
    failure: str
    request_id: UUID | None


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """Where a dispute of a payment stands."""

    id: str
    payment_intent_id: str | None
    livemode: bool
    status: str
    amount: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class VerifiedEvent:
    """An event whose signature was right."""

    id: str
    type: str
    livemode: bool
    payload: Data

    @property
    def object(self) -> Data:
        """What it is about, as it was then."""
        data: Data = self.payload["data"]["object"]
        return data


def read_session(data: Data) -> CheckoutSession:
    """Return the facts of a Checkout session; its payment may be expanded."""
    intent = data.get("payment_intent")
    return CheckoutSession(
        id=data["id"],
        livemode=data["livemode"],
        mode=data["mode"],
        status=data.get("status") or "",
        payment_status=data["payment_status"],
        amount_total=data.get("amount_total"),
        currency=data.get("currency"),
        order_reference=data.get("client_reference_id"),
        payment_intent_id=_id_of(intent),
        has_failed=isinstance(intent, Mapping) and intent.get("status") in _PAYMENT_FAILED,
        url=data.get("url"),
        created=datetime.fromtimestamp(data["created"], UTC),
    )


def read_refunds(charge: Data) -> Refunds:
    """Return what a charge says about money that was returned."""
    return Refunds(_id_of(charge.get("payment_intent")), charge["livemode"], charge["amount_refunded"])


def read_refund(data: Data, *, livemode: bool) -> RefundFacts:
    """Return the facts of a refund, which does not say itself whether its money is real."""
    return RefundFacts(
        id=data["id"],
        payment_intent_id=_id_of(data.get("payment_intent")),
        livemode=livemode,
        amount=data["amount"],
        has_failed=data.get("status") in _NOT_RETURNED,
        failure=data.get("failure_reason") or data.get("status") or "",
        request_id=_uuid_of((data.get("metadata") or {}).get(REFUND_REQUEST)),
    )


def read_dispute(data: Data) -> DisputeFacts:
    """Return the facts of a dispute."""
    return DisputeFacts(
        id=data["id"],
        payment_intent_id=_id_of(data.get("payment_intent")),
        livemode=data["livemode"],
        status=data["status"],
        amount=data["amount"],
        currency=data["currency"],
        reason=data.get("reason") or "",
    )


def read_event(payload: Data) -> VerifiedEvent:
    """Return an event from its whole payload."""
    return VerifiedEvent(id=payload["id"], type=payload["type"], livemode=payload["livemode"], payload=payload)


def _id_of(thing: Any) -> str | None:
    """Return the id of what is named, or was sent along whole."""
    return str(thing["id"] if isinstance(thing, Mapping) else thing) if thing else None


def _uuid_of(text: Any) -> UUID | None:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None
