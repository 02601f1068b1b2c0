"""How a Checkout Session ends: paid, paid later, or never."""

from typing import Any

from tests.stripe_stand_in import customers, invoices, payment_intents, payment_methods, setup_intents, subscriptions
from tests.stripe_stand_in.cards import Card
from tests.stripe_stand_in.errors import Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.prorations import Line
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage


def pay(storage: Storage, session: Object, card: Card, *, email: str, vat_number: str = "") -> None:
    """Finish a session with this card, the person being there; a declined card leaves it open, and is raised."""
    check_open(session)
    method = payment_methods.add_card(storage, card, billing_details={"email": email})
    _note_person(storage, session, email, vat_number)
    if session["mode"] == "setup":
        saved = storage.get("setup_intent", session["setup_intent"])
        saved["customer"] = session["customer"]
        setup_intents.save(storage, saved, method)
    else:
        intent = _take_payment(storage, session, method)
        if session["mode"] == "subscription":
            _subscribe(storage, session, method, intent)
        else:
            _write_invoice(storage, session, intent)
    session["status"] = "complete"
    session["url"] = None
    if session["mode"] != "setup":
        session["payment_status"] = "paid" if session["amount_total"] else "no_payment_required"
    emit(storage, "checkout.session.completed", session)


def _note_person(storage: Storage, session: Object, email: str, vat_number: str = "") -> None:
    given = {"type": "eu_vat", "value": vat_number}
    session["customer_details"] = {"email": email, "tax_exempt": "none", "tax_ids": [given] if vat_number else []}
    if session["customer"] is None and session["customer_creation"] == "always":
        session["customer"] = customers.create(storage, {"email": email})["id"]
    if vat_number and session["customer"] is not None:
        customers.create_tax_id(storage, given, session["customer"])


def _take_payment(storage: Storage, session: Object, method: Object) -> Object | None:
    """Charge the card, unless there is nothing to pay."""
    if not session["amount_total"]:
        return None
    intent = _intent_for(storage, session, method)
    payment_intents.attempt(storage, intent, person_is_there=True)
    return intent


def _intent_for(storage: Storage, session: Object, method: Object) -> Object:
    """Return the session's one payment intent, with this payment method on it."""
    hidden = storage.hidden[session["id"]]
    if "intent" not in hidden:
        renewed_later = {"setup_future_usage": "off_session"} if session["mode"] == "subscription" else {}
        hidden["intent"] = payment_intents.add(
            storage,
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
            allowed_payment_method_types=session["allowed_payment_method_types"],
            **renewed_later,
            **hidden["params"].get("payment_intent_data", {}),
        )
    if session["mode"] == "payment":
        session["payment_intent"] = hidden["intent"]["id"]
    hidden["intent"] |= {"payment_method": method["id"], "status": "requires_confirmation"}
    made: Object = hidden["intent"]
    return made


def _subscribe(storage: Storage, session: Object, method: Object, intent: Object | None) -> None:
    """Begin what has just been paid; an attempt that failed leaves no subscription behind."""
    sent = storage.hidden[session["id"]]["params"].get("subscription_data", {})
    payment_methods.attach_to(storage, method, session["customer"])
    subscription = subscriptions.add(
        storage,
        customer=storage.get("customer", session["customer"]),
        items=storage.hidden[session["id"]]["prices"],
        method_id=method["id"],
        metadata=sent.get("metadata", {}),
        description=sent.get("description"),
    )
    invoice = subscriptions.begin_paid(storage, subscription, intent)
    session |= {"subscription": subscription["id"], "invoice": invoice["id"]}


def _write_invoice(storage: Storage, session: Object, intent: Object | None) -> None:
    if not session["invoice_creation"]["enabled"] or session["customer"] is None:
        return
    now = storage.clock.now()
    lines = [
        Line(
            amount=item["amount_total"],
            description=item["description"],
            price=item["price"],
            quantity=item["quantity"],
            start=now,
            end=now,
            item=item["id"],
        )
        for item in storage.hidden[session["id"]]["items"]
    ]
    customer = storage.get("customer", session["customer"])
    sent = storage.hidden[session["id"]]["params"]["invoice_creation"].get("invoice_data", {})
    invoice = invoices.create(
        storage,
        customer=customer,
        currency=session["currency"],
        reason="manual",
        lines=lines,
        metadata=sent.get("metadata", {}),
    )
    invoices.settle_with(storage, invoice, intent)
    session["invoice"] = invoice["id"]


def delay(storage: Storage, session: Object, *, email: str) -> None:
    """Finish a session with a bank debit: it is complete, and not yet paid."""
    check_open(session)
    if session["mode"] != "payment":
        raise Refusal("The stand-in delays one-time payments only.")
    _note_person(storage, session, email)
    method = payment_methods.add_bank_debit(storage, billing_details={"email": email})
    payment_intents.begin_delayed(storage, _intent_for(storage, session, method))
    session |= {"status": "complete", "url": None}
    emit(storage, "checkout.session.completed", session)


def settle(storage: Storage, session: Object, *, paid: bool) -> None:
    """Let the outcome of a delayed payment come."""
    intent = storage.get("payment_intent", session["payment_intent"])
    payment_intents.settle_delayed(storage, intent, paid=paid)
    if paid:
        session["payment_status"] = "paid"
        _write_invoice(storage, session, intent)
    emit(storage, f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)


def expire(storage: Storage, params: dict[str, Any], session: str) -> Object:
    stored = storage.get("checkout.session", session)
    check_open(stored)
    run_out(storage, stored)
    return stored


def run_out(storage: Storage, session: Object) -> None:
    """Close a session that nobody finished."""
    session |= {"status": "expired", "url": None}
    emit(storage, "checkout.session.expired", session)


def check_open(session: Object) -> None:
    if session["status"] != "open":
        raise Refusal(
            f'Only Checkout Sessions with a status in ["open"] can be changed; '
            f"{session['id']} has a status of {session['status']}."
        )
