"""The few facts that we read from Stripe's objects, whether they came in an event or in an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

Data = Mapping[str, Any]

PAID = ("paid", "no_payment_required")
NEEDS_PERSON = "authentication_required"
UPGRADE_NEEDS_PERSON = "subscription_payment_intent_requires_action"
RECHARGE = "recharge"
"""What is written at Stripe on payments that were asked for without a person."""
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
    subscription_id: str | None = None

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
class Card:
    """A saved card, as much of it as one may show."""

    brand: str
    last_four: str
    month: int
    year: int
    is_default: bool


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of Stripe's, and the page that shows it."""

    id: str
    number: str
    status: str
    amount: int
    returned: int
    currency: str
    created: datetime
    url: str
    payment_intent_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What Stripe knows of a customer."""

    email: str
    name: str
    tax_ids: Sequence[str]
    cards: Sequence[Card]
    invoices: Sequence[Invoice]


@dataclass(frozen=True, slots=True)
class CardDetails:
    """What a person knows a card by."""

    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None


@dataclass(frozen=True, slots=True)
class CardSetup:
    """A card that is being saved, or was. Its page knows less of it than it does itself."""

    id: str
    livemode: bool
    is_done: bool
    consent_reference: str | None
    payment_method_id: str | None
    card: CardDetails | None


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """A payment without a page: what we ask for, through as many attempts as it takes."""

    id: str
    livemode: bool
    status: str
    amount: int
    currency: str
    order_reference: str | None
    purpose: str
    failure: str
    bank_url: str | None

    @property
    def is_paid(self) -> bool:
        """Tell whether the money is there."""
        return self.status == "succeeded"

    @property
    def wants_person(self) -> bool:
        """Tell whether the bank would pay if the card's holder confirmed it."""
        return self.status == "requires_action" or (self.has_failed and self.failure == NEEDS_PERSON)

    @property
    def has_failed(self) -> bool:
        """Tell whether the last attempt failed; before the first there is none."""
        return self.status == "requires_payment_method" and bool(self.failure)


@dataclass(frozen=True, slots=True)
class VerifiedEvent:
    """An event whose signature was right."""

    id: str
    type: str
    livemode: bool
    payload: Data

    @property
    def created(self) -> datetime:
        """When it came to be, by Stripe's clock."""
        return datetime.fromtimestamp(self.payload["created"], UTC)

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
        payment_intent_id=id_of(intent),
        has_failed=isinstance(intent, Mapping) and intent.get("status") in _PAYMENT_FAILED,
        url=data.get("url"),
        created=datetime.fromtimestamp(data["created"], UTC),
        subscription_id=id_of(data.get("subscription")),
    )


def read_refunds(charge: Data) -> Refunds:
    """Return what a charge says about money that was returned."""
    return Refunds(id_of(charge.get("payment_intent")), charge["livemode"], charge["amount_refunded"])


def read_refund(data: Data, *, livemode: bool) -> RefundFacts:
    """Return the facts of a refund, which does not say itself whether its money is real."""
    return RefundFacts(
        id=data["id"],
        payment_intent_id=id_of(data.get("payment_intent")),
        livemode=livemode,
        amount=data["amount"],
        has_failed=data.get("status") in _NOT_RETURNED,
        failure=data.get("failure_reason") or data.get("status") or "",
        request_id=uuid_of((data.get("metadata") or {}).get(REFUND_REQUEST)),
    )


def read_dispute(data: Data) -> DisputeFacts:
    """Return the facts of a dispute."""
    return DisputeFacts(
        id=data["id"],
        payment_intent_id=id_of(data.get("payment_intent")),
        livemode=data["livemode"],
        status=data["status"],
        amount=data["amount"],
        currency=data["currency"],
        reason=data.get("reason") or "",
    )


def read_customer(customer: Data, methods: Sequence[Data], invoices: Sequence[Data]) -> CustomerFacts:
    """Return what may be shown of a customer, its saved payment methods and its invoices; drafts are no invoices."""
    default = id_of((customer.get("invoice_settings") or {}).get("default_payment_method"))
    return CustomerFacts(
        email=customer.get("email") or "",
        name=customer.get("name") or "",
        tax_ids=[tax_id["value"] for tax_id in (customer.get("tax_ids") or {}).get("data", ())],
        cards=_read_cards(methods, default),
        invoices=[_read_invoice(invoice) for invoice in invoices if invoice.get("hosted_invoice_url")],
    )


def _read_cards(methods: Sequence[Data], default: str | None) -> list[Card]:
    """Return the cards, the one that is used first before all others; one that was saved twice is one."""
    cards: list[Card] = []
    known: set[object] = set()
    for method in sorted(methods, key=lambda method: method["id"] != default):
        card = method.get("card")
        if not card:
            continue
        looks = (card["brand"], card["last4"], card["exp_month"], card["exp_year"])
        names = {looks, card.get("fingerprint") or looks}
        if known.isdisjoint(names):
            cards.append(Card(*looks, is_default=method["id"] == default))
        known |= names
    return cards


def _read_invoice(invoice: Data) -> Invoice:
    payments = (invoice.get("payments") or {}).get("data", ())
    intents = [id_of(paid["payment"].get("payment_intent")) for paid in payments]
    return Invoice(
        id=invoice["id"],
        number=invoice.get("number") or "",
        status=invoice.get("status") or "",
        amount=invoice["total"],
        returned=invoice.get("post_payment_credit_notes_amount") or 0,
        currency=invoice["currency"],
        created=datetime.fromtimestamp(invoice["created"], UTC),
        url=invoice["hosted_invoice_url"],
        payment_intent_ids=[intent for intent in intents if intent is not None],
    )


def read_setup(data: Data) -> CardSetup:
    """Return the facts of a setup intent; its payment method may be expanded."""
    method = data.get("payment_method")
    return CardSetup(
        id=data["id"],
        livemode=data["livemode"],
        is_done=data["status"] == "succeeded",
        consent_reference=(data.get("metadata") or {}).get("consent"),
        payment_method_id=id_of(method),
        card=_read_card(method.get("card")) if isinstance(method, Mapping) else None,
    )


def read_setup_page(session: Data) -> CardSetup | None:
    """Return what a page tells of the card that was saved on it; None for a page of another kind."""
    setup = session.get("setup_intent")
    if session["mode"] != "setup" or not setup:
        return None
    if isinstance(setup, Mapping):
        return read_setup(setup)
    return CardSetup(
        id=str(setup),
        livemode=session["livemode"],
        is_done=session.get("status") == "complete",
        consent_reference=session.get("client_reference_id"),
        payment_method_id=None,
        card=None,
    )


def read_intent(data: Data) -> PaymentIntent:
    """Return the facts of a payment intent."""
    metadata = data.get("metadata") or {}
    error = data.get("last_payment_error") or {}
    action = (data.get("next_action") or {}).get("redirect_to_url") or {}
    codes = (error.get("code"), error.get("decline_code"))
    return PaymentIntent(
        id=data["id"],
        livemode=data["livemode"],
        status=data["status"],
        amount=data["amount"],
        currency=data["currency"],
        order_reference=metadata.get("order"),
        purpose=metadata.get("purpose") or "",
        failure=NEEDS_PERSON if NEEDS_PERSON in codes else codes[1] or codes[0] or ("declined" if error else ""),
        bank_url=action.get("url"),
    )


def _read_card(data: Data | None) -> CardDetails | None:
    if not data:
        return None
    return CardDetails(data.get("brand") or "", data.get("last4") or "", data.get("exp_month"), data.get("exp_year"))


def read_event(payload: Data) -> VerifiedEvent:
    """Return an event from its whole payload."""
    return VerifiedEvent(id=payload["id"], type=payload["type"], livemode=payload["livemode"], payload=payload)


def id_of(thing: Any) -> str | None:
    """Return the id of what is named, or was sent along whole."""
    return str(thing["id"] if isinstance(thing, Mapping) else thing) if thing else None


def uuid_of(text: Any) -> UUID | None:
    """Return the id of ours that a text from Stripe names; None where it is none, as other products' references are."""
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None
