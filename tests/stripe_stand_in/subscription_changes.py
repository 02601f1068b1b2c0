"""What becomes of a running subscription by somebody's will: another price, an end, a change of mind."""

import copy
from collections.abc import Sequence
from typing import Any

from tests.stripe_stand_in import catalog, invoices, payment_methods, pending_updates, prorations, subscriptions
from tests.stripe_stand_in.errors import CardRefusal, Misuse, Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.prorations import Line
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage


def update(storage: Storage, params: dict[str, Any], subscription: str) -> Object:
    stored = storage.get("subscription", subscription)
    _check_not_ended(stored)
    if params.get("payment_behavior") == "pending_if_incomplete":
        return _change_if_paid(storage, stored, params)
    before = copy.deepcopy(stored)
    stored["metadata"] = merged(stored["metadata"], params.get("metadata", {}))
    if "default_payment_method" in params:
        method = payment_methods.get_saved(storage, params["default_payment_method"], stored["customer"])
        stored["default_payment_method"] = method["id"]
    if "cancel_at_period_end" in params:
        cancel_at_period_end(storage, stored, params["cancel_at_period_end"], tell=False)
    lines = _change_items(storage, stored, params["items"], _prorated_at(storage, params)) if "items" in params else []
    invoice = _bill_change(storage, stored, lines, params)
    if invoice is not None and invoice["status"] == "open":
        _collect_change(storage, stored, invoice, params, before)
    emit(storage, "customer.subscription.updated", stored, before=before)
    return stored


def _change_if_paid(storage: Storage, subscription: Object, params: dict[str, Any]) -> Object:
    """Change what is paid for at once; let the rest wait for its invoice."""
    pending_updates.check_supported(params)
    before, tried = copy.deepcopy(subscription), copy.deepcopy(subscription)
    lines = _change_items(storage, tried, params.get("items", []), _prorated_at(storage, params))
    invoice = _bill_change(storage, subscription, lines, params)
    try:
        if invoice is not None:
            invoices.collect(storage, invoice, method_id=invoices.method_for(storage, invoice))
    except CardRefusal:
        assert invoice is not None
        pending_updates.keep(storage, subscription, tried["items"]["data"], invoice)
    else:
        subscription["items"] = tried["items"]
    emit(storage, "customer.subscription.updated", subscription, before=before)
    return subscription


def _check_not_ended(subscription: Object) -> None:
    if subscription["status"] in subscriptions.ENDED:
        raise Refusal("A canceled subscription can only update its cancellation_details and metadata.")


def _prorated_at(storage: Storage, params: dict[str, Any]) -> int:
    """Return the moment from which a change is billed: now, or the one that was previewed."""
    return int(params.get("proration_date", storage.clock.now()))


def _change_items(
    storage: Storage, subscription: Object, sent: Sequence[dict[str, Any]], prorated_at: int
) -> list[Line]:
    """Put other prices or quantities on a subscription's items, and return what the change costs."""
    lines = []
    for change in sent:
        item = next((item for item in subscription["items"]["data"] if item["id"] == change.get("id")), None)
        if item is None or set(change) - {"id", "price", "quantity"}:
            raise Misuse("The stand-in changes the price or quantity of items named by id.", param="items")
        before = copy.deepcopy(item)
        _change_item(storage, subscription, item, change)
        names = (subscriptions.name_of(storage, before["price"]), subscriptions.name_of(storage, item["price"]))
        if not before["current_period_start"] <= prorated_at <= before["current_period_end"]:
            raise Refusal("The `proration_date` must lie within the current period.", param="proration_date")
        if before["price"]["id"] != item["price"]["id"] or before["quantity"] != item["quantity"]:
            lines += prorations.for_change(before, item, names, now=prorated_at)
    return lines


def _change_item(storage: Storage, subscription: Object, item: Object, change: dict[str, Any]) -> None:
    price = storage.get("price", change.get("price", item["price"]["id"]))
    if price["currency"] != subscription["currency"]:
        raise Refusal("The price specified has another currency than the subscription.", param="items[0][price]")
    if price["recurring"] != item["price"]["recurring"]:
        now = storage.clock.now()
        subscription["billing_cycle_anchor"] = now
        fresh = subscriptions.make_item(storage, subscription["id"], price, 1, anchor=now, start=now)
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
    return subscriptions.bill(storage, subscription, "subscription_update", lines)


def _collect_change(
    storage: Storage, subscription: Object, invoice: Object, params: dict[str, Any], before: Object
) -> None:
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "error_if_incomplete":
        _collect_or_undo(storage, subscription, invoice, before)
        return
    try:
        subscriptions.collect(storage, subscription, invoice)
    except CardRefusal:
        if behavior != "allow_incomplete":
            raise Misuse(f"The stand-in has not learned payment_behavior={behavior}.") from None


def _collect_or_undo(storage: Storage, subscription: Object, invoice: Object, before: Object) -> None:
    """Collect what a change costs; where the bank refuses it never was, and the subscription does not fall behind."""
    try:
        invoices.collect(storage, invoice, method_id=invoices.method_for(storage, invoice))
    except CardRefusal as refusal:
        invoices.void(storage, {}, invoice["id"])
        subscription |= before
        if refusal.body["error"]["code"] != "authentication_required":
            raise
        raise CardRefusal(
            "Payment for this subscription requires additional user action before it can be completed successfully.",
            code="subscription_payment_intent_requires_action",
            decline_code=None,
        ) from None


def cancel_at_period_end(storage: Storage, subscription: Object, wanted: bool, *, tell: bool = True) -> None:
    """Let a subscription run out, or take that back."""
    before = copy.deepcopy(subscription)
    now = storage.clock.now()
    reason = "cancellation_requested" if wanted else None
    subscription |= {
        "cancel_at_period_end": wanted,
        "cancel_at": subscriptions.period_end(subscription) if wanted else None,
        "canceled_at": now if wanted else None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": reason},
    }
    if tell:
        emit(storage, "customer.subscription.updated", subscription, before=before)


def cancel(storage: Storage, params: dict[str, Any], subscription: str) -> Object:
    stored = storage.get("subscription", subscription)
    if stored["status"] in subscriptions.ENDED:
        raise Refusal(f"No such subscription: '{subscription}'", status=404, code="resource_missing", param="id")
    if params.get("prorate") or params.get("invoice_now"):
        raise Misuse("The stand-in has not learned to bill at cancellation.")
    stored["cancellation_details"] = {
        "comment": None,
        "feedback": None,
        "reason": None,
        **params.get("cancellation_details", {}),
    }
    subscriptions.end(storage, stored, reason="cancellation_requested")
    return stored


def preview_change(storage: Storage, params: dict[str, Any]) -> Object:
    """Return the invoice a change of items would make, and leave everything as it is."""
    stored = storage.get("subscription", params["subscription"])
    tried = copy.deepcopy(stored)
    details = params.get("subscription_details", {})
    lines = _change_items(storage, tried, details.get("items", []), _prorated_at(storage, details))
    if details.get("proration_behavior") == "none":
        lines = [line for line in lines if not line.is_proration]
    elif details.get("proration_behavior") != "always_invoice":
        raise Misuse("The stand-in previews changes that are billed at once (always_invoice) or not at all (none).")
    customer = storage.get("customer", stored["customer"])
    return invoices.preview(storage, customer=customer, subscription=tried, lines=lines)
