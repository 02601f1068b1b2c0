"""Subscriptions: begun, renewed, changed, left, fallen behind and caught up."""

import copy
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tests.stripe_stand_in import catalog, invoices, payment_methods, prorations
from tests.stripe_stand_in.clock import next_after
from tests.stripe_stand_in.errors import CardRefusal, Misuse, Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import page_of
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.prorations import Line
from tests.stripe_stand_in.shapes import Object, list_of
from tests.stripe_stand_in.storage import Storage

_ENDED = ("canceled", "incomplete_expired")
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
    made = [_item(storage, subscription_id, price, quantity, anchor=now, start=now) for price, quantity in items]
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


def _item(storage: Storage, subscription_id: str, price: Object, quantity: int, *, anchor: int, start: int) -> Object:
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
    invoice = _bill(storage, subscription, "subscription_create", _full_lines(storage, subscription))
    emit(storage, "customer.subscription.created", subscription)
    _collect(storage, subscription, invoice)


def begin_paid(storage: Storage, subscription: Object, intent: Object | None) -> Object:
    """Write the first invoice for what Checkout has already taken, and return it."""
    subscription["status"] = "active"
    invoice = _bill(storage, subscription, "subscription_create", _full_lines(storage, subscription))
    emit(storage, "customer.subscription.created", subscription)
    invoices.settle_with(storage, invoice, intent)
    return invoice


def _bill(storage: Storage, subscription: Object, reason: invoices.Reason, lines: Sequence[Line]) -> Object:
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
    return [prorations.full_period(item, _name_of(storage, item["price"])) for item in subscription["items"]["data"]]


def _name_of(storage: Storage, price: Object) -> str:
    return str(storage.get("product", price["product"])["name"])


def _collect(storage: Storage, subscription: Object, invoice: Object) -> None:
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
    invoice = _bill(storage, subscription, "subscription_cycle", [*pending, *_full_lines(storage, subscription)])
    _try_to_collect(storage, subscription, invoice)


def _try_to_collect(storage: Storage, subscription: Object, invoice: Object) -> None:
    with suppress(CardRefusal):  # Already told in events; nobody waits for an answer.
        _collect(storage, subscription, invoice)


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


def update(storage: Storage, params: dict[str, Any], subscription: str) -> Object:
    stored = storage.get("subscription", subscription)
    _check_not_ended(stored)
    before = copy.deepcopy(stored)
    stored["metadata"] = merged(stored["metadata"], params.get("metadata", {}))
    if "default_payment_method" in params:
        method = payment_methods.get_saved(storage, params["default_payment_method"], stored["customer"])
        stored["default_payment_method"] = method["id"]
    if "cancel_at_period_end" in params:
        cancel_at_period_end(storage, stored, params["cancel_at_period_end"], tell=False)
    lines = _change_items(storage, stored, params["items"]) if "items" in params else []
    invoice = _bill_change(storage, stored, lines, params)
    if invoice is not None and invoice["status"] == "open":
        _collect_change(storage, stored, invoice, params, before)
    emit(storage, "customer.subscription.updated", stored, before=before)
    return stored


def _check_not_ended(subscription: Object) -> None:
    if subscription["status"] in _ENDED:
        raise Refusal("A canceled subscription can only update its cancellation_details and metadata.")


def _change_items(storage: Storage, subscription: Object, sent: Sequence[dict[str, Any]]) -> list[Line]:
    """Put other prices or quantities on a subscription's items, and return what the change costs."""
    lines = []
    for change in sent:
        item = next((item for item in subscription["items"]["data"] if item["id"] == change.get("id")), None)
        if item is None or set(change) - {"id", "price", "quantity"}:
            raise Misuse("The stand-in changes the price or quantity of items named by id.", param="items")
        before = copy.deepcopy(item)
        _change_item(storage, subscription, item, change)
        names = (_name_of(storage, before["price"]), _name_of(storage, item["price"]))
        lines += prorations.for_change(before, item, names, now=storage.clock.now())
    return lines


def _change_item(storage: Storage, subscription: Object, item: Object, change: dict[str, Any]) -> None:
    price = storage.get("price", change.get("price", item["price"]["id"]))
    if price["currency"] != subscription["currency"]:
        raise Refusal("The price specified has another currency than the subscription.", param="items[0][price]")
    if price["recurring"] != item["price"]["recurring"]:
        now = storage.clock.now()
        subscription["billing_cycle_anchor"] = now
        fresh = _item(storage, subscription["id"], price, 1, anchor=now, start=now)
        item |= {name: fresh[name] for name in ("current_period_start", "current_period_end")}
        storage.remove(fresh)
    item |= {
        "price": copy.deepcopy(price),
        "plan": catalog.plan_of(price),
        "quantity": change.get("quantity", item["quantity"]),
    }


def _bill_change(storage: Storage, subscription: Object, lines: list[Line], params: dict[str, Any]) -> Object | None:
    behavior = params.get("proration_behavior", "create_prorations")
    anchor_moved = any(not line.is_proration for line in lines)
    if behavior == "none":
        lines = [line for line in lines if not line.is_proration]
    if not lines:
        return None
    if behavior == "create_prorations" and not anchor_moved:
        storage.hidden[subscription["id"]].setdefault("pending", []).extend(lines)
        return None
    return _bill(storage, subscription, "subscription_update", lines)


def _collect_change(
    storage: Storage, subscription: Object, invoice: Object, params: dict[str, Any], before: Object
) -> None:
    behavior = params.get("payment_behavior", "allow_incomplete")
    try:
        _collect(storage, subscription, invoice)
    except CardRefusal:
        if behavior == "error_if_incomplete":
            invoices.void(storage, {}, invoice["id"])
            subscription |= before
            raise
        if behavior != "allow_incomplete":
            raise Misuse(f"The stand-in has not learned payment_behavior={behavior}.") from None


def cancel_at_period_end(storage: Storage, subscription: Object, wanted: bool, *, tell: bool = True) -> None:
    """Let a subscription run out, or take that back."""
    before = copy.deepcopy(subscription)
    now = storage.clock.now()
    reason = "cancellation_requested" if wanted else None
    subscription |= {
        "cancel_at_period_end": wanted,
        "cancel_at": period_end(subscription) if wanted else None,
        "canceled_at": now if wanted else None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": reason},
    }
    if tell:
        emit(storage, "customer.subscription.updated", subscription, before=before)


def cancel(storage: Storage, params: dict[str, Any], subscription: str) -> Object:
    stored = storage.get("subscription", subscription)
    if stored["status"] in _ENDED:
        raise Refusal(f"No such subscription: '{subscription}'", status=404, code="resource_missing", param="id")
    if params.get("prorate") or params.get("invoice_now"):
        raise Misuse("The stand-in has not learned to bill at cancellation.")
    stored["cancellation_details"] = {
        "comment": None,
        "feedback": None,
        "reason": None,
        **params.get("cancellation_details", {}),
    }
    end(storage, stored, reason="cancellation_requested")
    return stored


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
    if subscription is not None:
        catch_up(storage, subscription)


def preview_change(storage: Storage, params: dict[str, Any]) -> Object:
    """Return the invoice a change of items would make, and leave everything as it is."""
    stored = storage.get("subscription", params["subscription"])
    tried = copy.deepcopy(stored)
    details = params.get("subscription_details", {})
    lines = _change_items(storage, tried, details.get("items", []))
    if details.get("proration_behavior") == "none":
        lines = [line for line in lines if not line.is_proration]
    elif details.get("proration_behavior") != "always_invoice":
        raise Misuse("The stand-in previews changes that are billed at once (always_invoice) or not at all (none).")
    customer = storage.get("customer", stored["customer"])
    return invoices.preview(storage, customer=customer, subscription=tried, lines=lines)


def retrieve(storage: Storage, params: dict[str, Any], subscription: str) -> Object:
    return storage.get("subscription", subscription)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    status = params.get("status")
    found = [
        one
        for one in storage.all("subscription", **({"customer": params["customer"]} if "customer" in params else {}))
        if (status == "all" or one["status"] == status or (status is None and one["status"] not in _ENDED))
        and ("price" not in params or any(item["price"]["id"] == params["price"] for item in one["items"]["data"]))
    ]
    return page_of(found, params, url="/v1/subscriptions")
