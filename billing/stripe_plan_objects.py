"""The few facts that we read from Stripe's subscriptions and invoices, in the shape of the version we pinned.

An invoice has no `subscription` of its own but a parent, and names no payment: an invoice payment does. A
subscription's period stands on its items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from billing.stripe_objects import Data, id_of

PAID = "paid"
VOID = "void"
PAYABLE = ("open", "uncollectible")


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """A subscription as Stripe saw it at one moment."""

    id: str
    livemode: bool
    reference: str | None
    status: str
    item_id: str
    price_id: str
    period_end: datetime | None
    cancel_at_period_end: bool
    ended_at: datetime | None
    as_of: datetime
    is_answer: bool
    latest_invoice_id: str | None
    update_waits_until: datetime | None
    """When a change that is not paid yet is dropped; None where none waits."""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One line of an invoice."""

    price_id: str | None
    amount: int
    currency: str
    quantity: int | None
    is_proration: bool
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An invoice as Stripe saw it at one moment."""

    id: str
    livemode: bool
    subscription_id: str | None
    reference: str | None
    reason: str
    status: str
    currency: str
    total: int
    lines: Sequence[LineFacts]
    has_more_lines: bool
    page_url: str
    was_tried: bool
    paid_at: datetime | None
    as_of: datetime

    @property
    def is_paid(self) -> bool:
        """Tell whether nothing is owed of it any more."""
        return self.status == PAID

    @property
    def has_failed(self) -> bool:
        """Tell whether somebody tried to be paid, and is still owed it."""
        return self.was_tried and not self.is_paid and not self.is_void

    @property
    def is_payable(self) -> bool:
        """Tell whether it can still be paid, which a person may do for what is called uncollectible, too."""
        return self.status in PAYABLE

    @property
    def is_void(self) -> bool:
        """Tell whether nothing is owed of it any more, although nobody paid."""
        return self.status == VOID


@dataclass(frozen=True, slots=True)
class InvoicePaymentFacts:
    """Which payment an invoice was paid with."""

    invoice_id: str
    livemode: bool
    payment_intent_id: str | None
    is_paid: bool


def read_subscription(data: Data, *, as_of: datetime, is_answer: bool = False) -> SubscriptionFacts:
    """Return the facts of a subscription with one item, which is all that we make; told by an event, or when asked."""
    item = next(iter(data["items"]["data"]), None) or {}
    price: Mapping[str, Any] = item.get("price") or {}
    return SubscriptionFacts(
        id=data["id"],
        livemode=data["livemode"],
        reference=(data.get("metadata") or {}).get("subscription"),
        status=data["status"],
        item_id=item.get("id") or "",
        price_id=price.get("id") or "",
        period_end=_moment(item.get("current_period_end")),
        # The portal may set a moment instead, which is the period's end as well.
        cancel_at_period_end=bool(data.get("cancel_at_period_end") or data.get("cancel_at")),
        ended_at=_moment(data.get("ended_at")),
        as_of=as_of.replace(microsecond=0),
        is_answer=is_answer,
        latest_invoice_id=id_of(data.get("latest_invoice")),
        update_waits_until=_moment((data.get("pending_update") or {}).get("expires_at")),
    )


def read_invoice(data: Data, *, as_of: datetime) -> InvoiceFacts:
    """Return the facts of an invoice."""
    parent = (data.get("parent") or {}).get("subscription_details") or {}
    lines = data["lines"]
    return InvoiceFacts(
        id=data["id"],
        livemode=data["livemode"],
        subscription_id=id_of(parent.get("subscription")),
        reference=(parent.get("metadata") or {}).get("subscription"),
        reason=data.get("billing_reason") or "",
        status=data.get("status") or "",
        currency=data["currency"],
        total=data["total"],
        lines=tuple(map(_read_line, lines["data"])),
        has_more_lines=bool(lines.get("has_more")),
        page_url=data.get("hosted_invoice_url") or "",
        was_tried=bool(data.get("attempted")),
        paid_at=_moment((data.get("status_transitions") or {}).get("paid_at")),
        as_of=as_of,
    )


def read_invoice_payment(data: Data) -> InvoicePaymentFacts:
    """Return which payment paid which invoice."""
    return InvoicePaymentFacts(
        invoice_id=id_of(data["invoice"]) or "",
        livemode=data["livemode"],
        payment_intent_id=id_of((data.get("payment") or {}).get("payment_intent")),
        is_paid=data["status"] == PAID,
    )


def _read_line(line: Data) -> LineFacts:
    pricing = (line.get("pricing") or {}).get("price_details") or {}
    details = (line.get("parent") or {}).get("subscription_item_details") or {}
    return LineFacts(
        price_id=id_of(pricing.get("price")),
        amount=line["amount"],
        currency=line["currency"],
        quantity=line.get("quantity"),
        is_proration=bool(details.get("proration")),
        start=datetime.fromtimestamp(line["period"]["start"], UTC),
        end=datetime.fromtimestamp(line["period"]["end"], UTC),
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
