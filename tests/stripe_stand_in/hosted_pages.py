"""The pages that Stripe hosts, as plainly as a person can use them: checkout, portal, invoice, receipt, the bank's."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from html import escape

from werkzeug import Request, Response
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect

from tests.stripe_stand_in import (
    cards,
    checkout_outcomes,
    invoices,
    payment_intents,
    payment_methods,
    subscription_changes,
    subscriptions,
)
from tests.stripe_stand_in.cards import Card
from tests.stripe_stand_in.errors import CardRefusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage

MAP = Map(
    [
        Rule("/pay/<session>", endpoint="checkout"),
        Rule("/portal/<session>", endpoint="portal"),
        Rule("/invoices/<invoice>", endpoint="invoice"),
        Rule("/invoices/<invoice>/pdf", endpoint="invoice"),
        Rule("/receipts/<charge>", endpoint="receipt"),
        Rule("/authenticate/<intent>", endpoint="bank"),
    ]
)
_WITHOUT_CENTS = re.findall(r"\w+", "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf")
_STYLE = (
    "body{font:16px/1.5 system-ui;max-width:34rem;margin:2rem auto;padding:0 1rem}"
    "button,input,select{font:inherit;max-width:100%;min-height:2.75rem;margin:.25rem 0}"
)


def show(storage: Storage, request: Request, page: str, named: dict[str, str]) -> Response:
    """Answer a person's browser."""
    with storage.lock:
        storage.request_id = storage.idempotency_key = None
        return _PAGES[page](storage, request, **named)


def _checkout(storage: Storage, request: Request, session: str) -> Response:
    stored = storage.get("checkout.session", session)
    if stored["status"] != "open":
        return _page(
            "Checkout", f"<p>This session is {stored['status']}.</p>{_link('Back to the shop', stored['success_url'])}"
        )
    trouble = ""
    if request.method == "POST":
        try:
            return _finish(storage, stored, request)
        except CardRefusal as refusal:
            trouble = str(refusal)
    return _checkout_form(storage, stored, trouble)


def _finish(storage: Storage, session: Object, request: Request) -> Response:
    email = request.form.get("email") or "person@example.com"
    match request.form["action"]:
        case "pay":
            card, vat_number = cards.BY_NUMBER[request.form["card"]], request.form.get("vat_number", "")
            checkout_outcomes.pay(storage, session, card, email=email, vat_number=vat_number)
        case "delay":
            checkout_outcomes.delay(storage, session, email=email)
        case _:
            checkout_outcomes.run_out(storage, session)
            return redirect(f"/pay/{session['id']}", 303)
    return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)


def _checkout_form(storage: Storage, session: Object, trouble: str) -> Response:
    lines = [
        f"<li>{item['quantity']} × {escape(item['description'])}: {money(item['amount_total'], item['currency'])}</li>"
        for item in storage.hidden[session["id"]]["items"]
    ]
    verb = {"payment": "Pay", "subscription": "Subscribe", "setup": "Save card"}[session["mode"]]
    known = (session["customer_details"] or {}).get("email") or ""
    total = "" if session["amount_total"] is None else f"<p>{money(session['amount_total'], session['currency'])}</p>"
    later = _button("delay", "Pay by bank debit, settled later") if session["mode"] == "payment" else ""
    back = _link("Back to the shop", session["cancel_url"]) if session["cancel_url"] else ""
    vat = "<p><label>VAT number <input name=vat_number></label></p>" if session["tax_id_collection"] else ""
    said = "".join(f"<p>{escape(text['message'])}</p>" for text in session["custom_text"].values() if text)
    return _page(
        "Checkout",
        f"{_alert(trouble)}<ul>{''.join(lines)}</ul>{total}<form method=post>"
        f"<p><label>E-mail <input type=email name=email value='{escape(known)}'></label></p>"
        f"{vat}{_card_choice(cards.CARDS)}{said}"
        f"<p>{_button('pay', verb)}{later}{_button('expire', 'Let the session expire')}</p></form>{back}",
    )


def _portal(storage: Storage, request: Request, session: str) -> Response:
    portal = storage.get("billing_portal.session", session)
    customer = storage.get("customer", portal["customer"])
    if request.method == "POST":
        _act_in_portal(storage, customer, request)
        return redirect(f"/portal/{session}", 303)
    owned = storage.all("subscription", customer=customer["id"])
    bills = "".join(
        f"<li>{_link(invoice['number'], invoice['hosted_invoice_url'])} {invoice['status']}</li>"
        for invoice in storage.all("invoice", customer=customer["id"])
    )
    back = _link("Back to the shop", portal["return_url"]) if portal["return_url"] else ""
    return _page(
        "Customer portal",
        f"<p>{escape(customer['email'] or customer['id'])}</p>{''.join(map(_subscription_form, owned))}"
        f"<form method=post>{_card_choice(card for card in cards.CARDS if card.is_savable)}"
        f"<p>{_button('card', 'Use this card')}</p></form><h2>Invoices</h2><ul>{bills}</ul>{back}",
    )


def _subscription_form(subscription: Object) -> str:
    ending = subscription["cancel_at_period_end"]
    act = (
        ""
        if subscription["status"] == "canceled"
        else _button(*(("resume", "Resume") if ending else ("cancel", "Cancel at period end")))
    )
    words = " (ends with its period)" if ending else ""
    field = f"<input type=hidden name=subscription value='{subscription['id']}'>"
    return f"<form method=post><p>{subscription['id']}: {subscription['status']}{words} {field}{act}</p></form>"


def _act_in_portal(storage: Storage, customer: Object, request: Request) -> None:
    if request.form["action"] == "card":
        _use_card(storage, customer, cards.BY_NUMBER[request.form["card"]])
        return
    subscription = storage.get("subscription", request.form["subscription"])
    subscription_changes.cancel_at_period_end(storage, subscription, request.form["action"] == "cancel")


def _use_card(storage: Storage, customer: Object, card: Card) -> None:
    method = payment_methods.add_card(storage, card, billing_details={"email": customer["email"]})
    payment_methods.attach_to(storage, method, customer["id"])
    storage.hidden[method["id"]]["set_up"] = True
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    emit(storage, "customer.updated", customer)
    for subscription in storage.all("subscription", customer=customer["id"]):
        if subscriptions.is_running(subscription):
            subscription_changes.update(storage, {"default_payment_method": method["id"]}, subscription["id"])


def _invoice(storage: Storage, request: Request, invoice: str) -> Response:
    stored = storage.get("invoice", invoice)
    trouble = ""
    if request.method == "POST":
        try:
            subscriptions.settle_invoice(
                storage, stored, _method_chosen(storage, stored, request), person_is_there=True
            )
        except CardRefusal as refusal:
            trouble = str(refusal)
    lines = "".join(
        f"<li>{escape(line['description'])}: {money(line['amount'], line['currency'])}</li>"
        for line in stored["lines"]["data"]
    )
    saved = invoices.method_for(storage, stored)
    confirm = _button("confirm", "Confirm with the saved card") if saved else ""
    pay = f"<form method=post>{_card_choice(cards.CARDS)}<p>{_button('pay', 'Pay')}{confirm}</p></form>"
    return _page(
        f"Invoice {stored['number']}",
        f"{_alert(trouble)}<p>{stored['status']}: {money(stored['amount_due'], stored['currency'])}</p>"
        f"<ul>{lines}</ul>{pay if stored['status'] == 'open' else ''}",
    )


def _method_chosen(storage: Storage, invoice: Object, request: Request) -> str | None:
    if request.form["action"] == "confirm":
        return invoices.method_for(storage, invoice)
    return str(payment_methods.add_card(storage, cards.BY_NUMBER[request.form["card"]])["id"])


def _receipt(storage: Storage, request: Request, charge: str) -> Response:
    stored = storage.get("charge", charge)
    back = money(stored["amount_refunded"], stored["currency"])
    return _page("Receipt", f"<p>{money(stored['amount'], stored['currency'])}, of which refunded: {back}</p>")


def _bank(storage: Storage, request: Request, intent: str) -> Response:
    stored = storage.get("payment_intent", intent)
    if request.method == "POST" and stored["status"] == "requires_action":
        return_url = stored["next_action"]["redirect_to_url"]["return_url"]
        with suppress(CardRefusal):  # The shop learns of it from the intent and the event.
            payment_intents.authenticate(storage, stored, agreed=request.form["action"] == "agree")
        if return_url:
            return redirect(return_url, 303)
    asked = stored["status"] == "requires_action"
    form = f"<form method=post>{_button('agree', 'Agree')}{_button('refuse', 'Refuse')}</form>" if asked else ""
    return _page("Your bank", f"<p>{money(stored['amount'], stored['currency'])}: {stored['status']}</p>{form}")


_PAGES: dict[str, Callable[..., Response]] = {
    "checkout": _checkout,
    "portal": _portal,
    "invoice": _invoice,
    "receipt": _receipt,
    "bank": _bank,
}


def money(amount: int, currency: str) -> str:
    """Return an amount as a person reads it."""
    return f"{amount if currency in _WITHOUT_CENTS else f'{amount / 100:.2f}'} {currency.upper()}"


def _card_choice(offered: Iterable[Card]) -> str:
    options = "".join(f"<option value={card.number}>{card.number}: {card.words}</option>" for card in offered)
    return f"<p><label>Card <select name=card>{options}</select></label></p>"


def _button(action: str, words: str) -> str:
    return f"<button name=action value={action}>{words}</button>"


def _link(words: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(words)}</a>'


def _alert(words: str) -> str:
    return f"<p role=alert>{escape(words)}</p>" if words else ""


def _page(title: str, body: str) -> Response:
    head = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    head += f"<link rel=icon href='data:,'><title>{title}, by the stand-in</title><style>{_STYLE}</style>"
    note = "<p><small>A stand-in for Stripe. No money moves.</small></p>"
    return Response(f"{head}<h1>{title}</h1>{note}{body}</html>", mimetype="text/html")
