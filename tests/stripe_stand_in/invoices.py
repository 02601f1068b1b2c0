"""Invoices: what is owed for a period or a change, and the tries to be paid."""

import copy
from collections.abc import Sequence
from typing import Any, Literal

from tests.stripe_stand_in import customers, payment_intents, payment_methods
from tests.stripe_stand_in.clock import DAY_S
from tests.stripe_stand_in.errors import CardRefusal, Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import list_where, page_of
from tests.stripe_stand_in.prorations import Line
from tests.stripe_stand_in.shapes import Object, complete, list_of
from tests.stripe_stand_in.storage import Storage

Reason = Literal["subscription_create", "subscription_cycle", "subscription_update", "manual"]
# After the first failure an invoice is tried again after so many days each; then Stripe gives up.
RETRY_DAYS = (3, 5, 7)


def create(
    storage: Storage,
    *,
    customer: Object,
    currency: str,
    reason: Reason,
    lines: Sequence[Line],
    subscription: Object | None = None,
    period: tuple[int, int] | None = None,
    metadata: dict[str, str] | None = None,
) -> Object:
    """Write an invoice and make it final; nothing is tried yet."""
    invoice_id = storage.new_id("in")
    number = len(storage.all("invoice")) + 1
    fields = _fields(
        storage,
        invoice_id,
        customer=customer,
        currency=currency,
        reason=reason,
        lines=lines,
        subscription=subscription,
        period=period,
    )
    invoice = storage.add("invoice", "in", **fields, metadata=metadata or {}, number=f"STANDIN-{number:04}")
    customer["balance"] = invoice["ending_balance"]
    emit(storage, "invoice.created", {**invoice, "status": "draft", "ending_balance": None})
    invoice["status_transitions"]["finalized_at"] = storage.clock.now()
    emit(storage, "invoice.finalized", invoice)
    return invoice


def _fields(
    storage: Storage,
    invoice_id: str,
    *,
    customer: Object,
    currency: str,
    reason: Reason,
    lines: Sequence[Line],
    subscription: Object | None,
    period: tuple[int, int] | None,
) -> dict[str, Any]:
    total, now = sum(line.amount for line in lines), storage.clock.now()
    from_balance = _covered_by_balance(customer["balance"], total)
    due = total - from_balance if total > 0 else 0
    page = f"{storage.base_url}/invoices/{invoice_id}"
    written = [_line_item(storage, line, invoice_id, currency, subscription) for line in lines]
    return {
        "id": invoice_id,
        "amount_due": due,
        "amount_remaining": due,
        "auto_advance": True,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "currency": currency,
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "effective_at": now,
        "starting_balance": customer["balance"],
        "ending_balance": customer["balance"] + from_balance,
        "hosted_invoice_url": page,
        "invoice_pdf": f"{page}/pdf",
        "issuer": {"type": "self"},
        "lines": list_of(written, url=f"/v1/invoices/{invoice_id}/lines"),
        "parent": _parent(subscription),
        "period_start": (period or (now, now))[0],
        "period_end": (period or (now, now))[1],
        "status": "open",
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total_excluding_tax": total,
        "total_taxes": [],
        "total_discount_amounts": [],
        "customer_tax_exempt": customer["tax_exempt"] or "none",
        "customer_tax_ids": [
            {"type": tax_id["type"], "value": tax_id["value"]}
            for tax_id in storage.all("tax_id", customer=customer["id"])
        ],
        "total": total,
    }


def _covered_by_balance(balance: int, total: int) -> int:
    """Return what a customer's credit (a negative balance) takes off, or, below zero, what is added to it."""
    if total < 0:
        return total
    return min(total, -balance) if balance < 0 else 0


def _parent(subscription: Object | None) -> dict[str, Any] | None:
    if subscription is None:
        return None
    details = {"subscription": subscription["id"], "metadata": dict(subscription["metadata"])}
    return {"type": "subscription_details", "subscription_details": details}


def _line_item(storage: Storage, line: Line, invoice_id: str, currency: str, subscription: Object | None) -> Object:
    parent = None
    if subscription is not None:
        details = {"subscription": subscription["id"], "subscription_item": line.item, "proration": line.is_proration}
        parent = {"type": "subscription_item_details", "subscription_item_details": details}
    return complete(
        "line_item",
        id=storage.new_id("il"),
        amount=line.amount,
        subtotal=line.amount,
        currency=currency,
        description=line.description,
        invoice=invoice_id,
        livemode=storage.livemode,
        period={"start": line.start, "end": line.end},
        parent=parent,
        pricing={
            "type": "price_details",
            "price_details": {"price": line.price["id"], "product": line.price["product"]},
            "unit_amount_decimal": line.price["unit_amount_decimal"],
        },
        quantity=line.quantity,
        subscription=subscription["id"] if subscription else None,
    )


def preview(storage: Storage, *, customer: Object, subscription: Object, lines: Sequence[Line]) -> Object:
    """Return the invoice that a change would make, and keep nothing of it."""
    fields = _fields(
        storage,
        storage.new_id("upcoming_in"),
        customer=customer,
        currency=subscription["currency"],
        reason="subscription_update",
        lines=lines,
        subscription=subscription,
        period=None,
    )
    return complete("invoice", **{**fields, "status": "draft", "created": storage.clock.now()})


def collect(storage: Storage, invoice: Object, *, method_id: str | None, person_is_there: bool = False) -> None:
    """Try to be paid. A failure is noted, told in events, and raised."""
    if invoice["status"] != "open":
        raise Refusal(f"Invoice is {invoice['status']} and cannot be paid.", code="invoice_not_open")
    if invoice["amount_due"] == 0:
        mark_paid(storage, invoice)
        return
    intent = _intent_for(storage, invoice, method_id)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    try:
        if intent["payment_method"] is None:
            raise CardRefusal("The customer has no payment method.", code="missing", decline_code=None)
        payment_intents.attempt(storage, intent, person_is_there=person_is_there)
    except CardRefusal as refusal:
        _note_failure(storage, invoice, refusal)
        raise
    mark_paid(storage, invoice)


def _intent_for(storage: Storage, invoice: Object, method_id: str | None) -> Object:
    """Return the invoice's one payment intent, with this card on it."""
    payment = next(iter(storage.all("invoice_payment", invoice=invoice["id"])), None)
    if payment is not None:
        intent = storage.get("payment_intent", payment["payment"]["payment_intent"])
        intent["payment_method"] = method_id
        return intent
    intent = payment_intents.add(
        storage,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        payment_method=method_id,
        description=f"Invoice {invoice['number']}",
    )
    _add_payment(storage, invoice, intent)
    return intent


def _note_failure(storage: Storage, invoice: Object, refusal: CardRefusal) -> None:
    tried = invoice["attempt_count"]
    again = storage.clock.now() + RETRY_DAYS[tried - 1] * DAY_S if tried <= len(RETRY_DAYS) else None
    invoice["next_payment_attempt"] = again
    emit(storage, "invoice.payment_failed", invoice)
    if refusal.body["error"]["code"] == "authentication_required":
        emit(storage, "invoice.payment_action_required", invoice)


def mark_paid(storage: Storage, invoice: Object) -> None:
    """Note that an invoice is settled."""
    now = storage.clock.now()
    invoice |= {
        "status": "paid",
        "attempted": True,
        "auto_advance": False,
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "next_payment_attempt": None,
    }
    invoice["status_transitions"]["paid_at"] = now
    for payment in storage.all("invoice_payment", invoice=invoice["id"]):
        payment |= {"status": "paid", "amount_paid": invoice["amount_due"]}
        payment["status_transitions"]["paid_at"] = now
        emit(storage, "invoice_payment.paid", payment)
    emit(storage, "invoice.paid", invoice)
    emit(storage, "invoice.payment_succeeded", invoice)


def settle_with(storage: Storage, invoice: Object, intent: Object | None) -> None:
    """Settle an invoice with a payment that was made before it was written, as Checkout does."""
    if intent is not None:
        _add_payment(storage, invoice, intent)
    mark_paid(storage, invoice)


def _add_payment(storage: Storage, invoice: Object, intent: Object) -> None:
    storage.add(
        "invoice_payment",
        "inpay",
        amount_requested=invoice["amount_due"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status="open",
    )


def subscription_of(invoice: Object) -> str | None:
    """Return the id of the subscription an invoice belongs to."""
    parent = invoice["parent"]
    return parent["subscription_details"]["subscription"] if parent else None


def method_for(storage: Storage, invoice: Object) -> str | None:
    """Return the payment method that Stripe would charge for an invoice."""
    subscription_id = subscription_of(invoice)
    own = storage.get("subscription", subscription_id)["default_payment_method"] if subscription_id else None
    return own or customers.default_payment_method(storage.get("customer", invoice["customer"]))


def use_method(storage: Storage, params: dict[str, Any], invoice: Object) -> str | None:
    """Return the payment method named in a request, else the one Stripe would charge."""
    if "payment_method" in params:
        return str(payment_methods.get(storage, params["payment_method"])["id"])
    return method_for(storage, invoice)


def retrieve(storage: Storage, params: dict[str, Any], invoice: str) -> Object:
    return storage.get("invoice", invoice)


def void(storage: Storage, params: dict[str, Any], invoice: str) -> Object:
    stored = storage.get("invoice", invoice)
    if stored["status"] not in ("open", "uncollectible"):
        raise Refusal("You can only void an open or uncollectible invoice.", code="invoice_not_open")
    before = copy.deepcopy(stored)
    stored |= {"status": "void", "next_payment_attempt": None}
    stored["status_transitions"]["voided_at"] = storage.clock.now()
    emit(storage, "invoice.voided", stored, before=before)
    return stored


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    wanted = params.pop("subscription", None)
    found = [
        invoice
        for invoice in storage.all(
            "invoice", **{name: params[name] for name in ("customer", "status") if name in params}
        )
        if wanted is None or subscription_of(invoice) == wanted
    ]
    return page_of(found, params, url="/v1/invoices")


def list_payments(storage: Storage, params: dict[str, Any]) -> Object:
    asked = params.pop("payment", {}).get("payment_intent")
    page = list_where(storage, "invoice_payment", params, url="/v1/invoice_payments", by="invoice status")
    page["data"] = [one for one in page["data"] if asked is None or one["payment"]["payment_intent"] == asked]
    return page
