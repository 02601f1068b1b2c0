"""Subscriptions: begun, renewed, changed, left, fallen behind and caught up."""

import copy
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tests.stripe_stand_in import catalog, invoices, payment_methods, pending_updates, prorations
from tests.stripe_stand_in.clock import next_after
from tests.stripe_stand_in.errors import CardRefusal, Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import page_of
from tests.stripe_stand_in.prorations import Line
from tests.stripe_stand_in.shapes import Object, list_of
from tests.stripe_stand_in.storage import Storage

ENDED = ("canceled", "incomplete_expired")
_BEHIND = ("incomplete", "past_due", "unpaid")


def create(storage: Storage, params: dict[str, Any]) -> Object:
    customer = storage.get("customer", params["customer"])
    method_id = params.get("default_payment_method")
    if method_id is not None:
        payment_methods.get_saved(storage, method_id, customer["id"])
    subscription = add(
        storage,
        customer=customer,
        items=[(storage.get("price", item["price"]), item.get("quantity", 1)) for item in params["items"]],
        method_id=method_id,
        metadata=params.get("metadata", {}),
    )
    try:
        begin(storage, subscription)
    except CardRefusal:
        if params.get("payment_behavior") == "error_if_incomplete":
            storage.remove(subscription)
            raise
    return subscription


def add(
    storage: Storage,
    *,
    customer: Object,
    items: Sequence[tuple[Object, int]],
    method_id: str | None,
    metadata: dict[str, str],
    description: str | None = None,
) -> Object:
    """Remember a subscription whose first invoice is still to be written."""
    now = storage.clock.now()
    subscription_id = storage.new_id("sub")
    made = [make_item(storage, subscription_id, price, quantity, anchor=now, start=now) for price, quantity in items]
    return storage.add(
        "subscription",
        "sub",
        id=subscription_id,
        billing_cycle_anchor=now,
        billing_mode={"type": "flexible"},
        collection_method="charge_automatically",
        currency=items[0][0]["currency"],
        customer=customer["id"],
        default_payment_method=method_id,
        description=description,
        invoice_settings={"issuer": {"type": "self"}},
        items=list_of(made, url=f"/v1/subscription_items?subscription={subscription_id}"),
        metadata=metadata,
        start_date=now,
        status="incomplete",
        trial_settings={"end_behavior": {"missing_payment_method": "create_invoice"}},
    )


def make_item(
    storage: Storage, subscription_id: str, price: Object, quantity: int, *, anchor: int, start: int
) -> Object:
    """Remember an item whose first period begins."""
    if price["recurring"] is None:
        raise Refusal(f"The price {price['id']} is not recurring.", param="items")
    if not price["active"] and "inline" not in storage.hidden[price["id"]]:
        raise Refusal(f"The price {price['id']} is inactive.", param="items")
    recurring = price["recurring"]
    end = next_after(start, anchor=anchor, interval=recurring["interval"], interval_count=recurring["interval_count"])
    return storage.add(
        "subscription_item",
        "si",
        current_period_start=start,
        current_period_end=end,
        plan=catalog.plan_of(price),
        price=copy.deepcopy(price),
        quantity=quantity,
        subscription=subscription_id,
    )


def begin(storage: Storage, subscription: Object) -> None:
    """Write and collect the first invoice; a decline leaves the subscription incomplete."""
    invoice = bill(storage, subscription, "subscription_create", _full_lines(storage, subscription))
    emit(storage, "customer.subscription.created", subscription)
    collect(storage, subscription, invoice)


def begin_paid(storage: Storage, subscription: Object, intent: Object | None) -> Object:
    """Write the first invoice for what Checkout has already taken, and return it."""
    subscription["status"] = "active"
    invoice = bill(storage, subscription, "subscription_create", _full_lines(storage, subscription))
    emit(storage, "customer.subscription.created", subscription)
    invoices.settle_with(storage, invoice, intent)
    return invoice


def bill(storage: Storage, subscription: Object, reason: invoices.Reason, lines: Sequence[Line]) -> Object:
    """Write an invoice of a subscription."""
    period = None
    if reason == "subscription_cycle":
        # An invoice's own period is the one that has ended; its lines carry the one that is paid for.
        period = storage.hidden[subscription["id"]]["last_period"]
    invoice = invoices.create(
        storage,
        customer=storage.get("customer", subscription["customer"]),
        currency=subscription["currency"],
        reason=reason,
        lines=lines,
        subscription=subscription,
        period=period,
    )
    subscription["latest_invoice"] = invoice["id"]
    return invoice


def _full_lines(storage: Storage, subscription: Object) -> list[Line]:
    return [prorations.full_period(item, name_of(storage, item["price"])) for item in subscription["items"]["data"]]


def name_of(storage: Storage, price: Object) -> str:
    """Return what a price is for, as invoices say it."""
    return str(storage.get("product", price["product"])["name"])


def collect(storage: Storage, subscription: Object, invoice: Object) -> None:
    """Collect an invoice and let the subscription fall behind or catch up; a bank's no is raised."""
    method_id = invoices.method_for(storage, invoice)
    try:
        invoices.collect(storage, invoice, method_id=method_id)
    except CardRefusal:
        fall_behind(storage, subscription, invoice)
        raise
    catch_up(storage, subscription)


def fall_behind(storage: Storage, subscription: Object, invoice: Object) -> None:
    """Note that an invoice was not paid; after the last retry the subscription ends."""
    if invoice["billing_reason"] == "subscription_create":
        invoice["next_payment_attempt"] = None  # The person is asked again, not the card.
        return
    if invoice["next_payment_attempt"] is None:
        end(storage, subscription, reason="payment_failed")
    else:
        _set_status(storage, subscription, "past_due")


def catch_up(storage: Storage, subscription: Object) -> None:
    """Note that what was owed is paid."""
    if subscription["status"] in _BEHIND and not _owes(storage, subscription):
        _set_status(storage, subscription, "active")


def _owes(storage: Storage, subscription: Object) -> bool:
    # Only the newest invoice decides, as at Stripe.
    return bool(storage.get("invoice", subscription["latest_invoice"])["status"] == "open")


def _set_status(storage: Storage, subscription: Object, status: str) -> None:
    if subscription["status"] != status:
        before = copy.deepcopy(subscription)
        subscription["status"] = status
        emit(storage, "customer.subscription.updated", subscription, before=before)


def period_end(subscription: Object) -> int:
    """Return when the period that runs ends."""
    return int(min(item["current_period_end"] for item in subscription["items"]["data"]))


def is_running(subscription: Object) -> bool:
    """Tell whether a subscription still renews."""
    return subscription["status"] in ("active", "past_due")


def renew_or_end(storage: Storage, subscription: Object) -> None:
    """Go on into the next period and bill it, or end where that was asked for."""
    if subscription["cancel_at_period_end"]:
        end(storage, subscription, reason="cancellation_requested")
        return
    before = copy.deepcopy(subscription)
    for item in subscription["items"]["data"]:
        start, recurring = item["current_period_end"], item["price"]["recurring"]
        storage.hidden[subscription["id"]]["last_period"] = (item["current_period_start"], start)
        item["current_period_start"] = start
        item["current_period_end"] = next_after(
            start,
            anchor=subscription["billing_cycle_anchor"],
            interval=recurring["interval"],
            interval_count=recurring["interval_count"],
        )
    emit(storage, "customer.subscription.updated", subscription, before=before)
    pending = storage.hidden[subscription["id"]].pop("pending", [])
    invoice = bill(storage, subscription, "subscription_cycle", [*pending, *_full_lines(storage, subscription)])
    _try_to_collect(storage, subscription, invoice)


def _try_to_collect(storage: Storage, subscription: Object, invoice: Object) -> None:
    with suppress(CardRefusal):  # Already told in events; nobody waits for an answer.
        collect(storage, subscription, invoice)


def retry(storage: Storage, invoice: Object) -> None:
    """Try once more to be paid for an invoice that failed."""
    subscription_id = invoices.subscription_of(invoice)
    assert subscription_id is not None
    _try_to_collect(storage, storage.get("subscription", subscription_id), invoice)


def end(storage: Storage, subscription: Object, *, reason: str) -> None:
    """End a subscription now."""
    now = storage.clock.now()
    subscription |= {"status": "canceled", "ended_at": now, "canceled_at": subscription["canceled_at"] or now}
    subscription["cancellation_details"] = {"comment": None, "feedback": None, **_why(subscription), "reason": reason}
    for invoice in storage.all("invoice", status="open"):
        if invoices.subscription_of(invoice) == subscription["id"]:
            invoice |= {"next_payment_attempt": None, "auto_advance": False}
    emit(storage, "customer.subscription.deleted", subscription)


def _why(subscription: Object) -> dict[str, Any]:
    return {name: value for name, value in (subscription["cancellation_details"] or {}).items() if value is not None}


def pay_invoice(storage: Storage, params: dict[str, Any], invoice: str) -> Object:
    """Pay an open invoice now; a subscription that was behind catches up."""
    stored = storage.get("invoice", invoice)
    person_is_there = not params.get("off_session", True)
    settle_invoice(storage, stored, invoices.use_method(storage, params, stored), person_is_there=person_is_there)
    return stored


def settle_invoice(storage: Storage, invoice: Object, method_id: str | None, *, person_is_there: bool) -> None:
    """Collect an open invoice with this payment method, whoever asked for it."""
    subscription_id = invoices.subscription_of(invoice)
    subscription = storage.get("subscription", subscription_id) if subscription_id else None
    invoices.collect(storage, invoice, method_id=method_id, person_is_there=person_is_there)
    if subscription is None:
        return
    if pending_updates.is_waited_for(storage, subscription, invoice):
        pending_updates.apply(storage, subscription)
    catch_up(storage, subscription)


def retrieve(storage: Storage, params: dict[str, Any], subscription: str) -> Object:
    return storage.get("subscription", subscription)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    status = params.get("status")
    found = [
        one
        for one in storage.all("subscription", **({"customer": params["customer"]} if "customer" in params else {}))
        if (status == "all" or one["status"] == status or (status is None and one["status"] not in ENDED))
        and ("price" not in params or any(item["price"]["id"] == params["price"] for item in one["items"]["data"]))
    ]
    return page_of(found, params, url="/v1/subscriptions")
