"""Changes that wait for their payment (`pending_if_incomplete`): kept beside a subscription, made once it is paid."""

import copy
from typing import Any

from tests.stripe_stand_in import invoices
from tests.stripe_stand_in.clock import HOUR_S
from tests.stripe_stand_in.errors import Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage

SUPPORTED = {"items", "proration_behavior", "proration_date", "payment_behavior"}
LASTS_S = 23 * HOUR_S
_CHANGING = ("price", "plan", "quantity")


def check_supported(params: dict[str, Any]) -> None:
    """Refuse what cannot wait for a payment. Metadata and an end could, at Stripe; nobody has asked for it here."""
    others = sorted(set(params) - SUPPORTED)
    if others:
        raise Refusal(f"You can only pass attributes that pending updates support, not {', '.join(others)}.")


def keep(storage: Storage, subscription: Object, items: list[Object], invoice: Object) -> None:
    """Let these items wait for this invoice; what waited before is replaced, and its invoice void."""
    earlier = invoice_of(storage, subscription)
    if earlier is not None and earlier["status"] == "open":
        invoices.void(storage, {}, earlier["id"])
    ends = min(item["current_period_end"] for item in subscription["items"]["data"])
    subscription["pending_update"] = {
        "billing_cycle_anchor": None,
        "cancel_at_period_end": None,
        "discount": None,
        "discounts": None,
        "expires_at": min(ends, storage.clock.now() + LASTS_S),
        "metadata": None,
        "subscription_items": copy.deepcopy(items),
        "trial_end": None,
        "trial_from_plan": None,
    }
    storage.hidden[subscription["id"]]["pending_invoice"] = invoice["id"]


def invoice_of(storage: Storage, subscription: Object) -> Object | None:
    """Return the invoice that a subscription's pending update waits for."""
    if subscription["pending_update"] is None:
        return None
    return storage.get("invoice", storage.hidden[subscription["id"]]["pending_invoice"])


def is_waited_for(storage: Storage, subscription: Object, invoice: Object) -> bool:
    """Tell whether a pending update waits for this invoice."""
    waited_for = invoice_of(storage, subscription)
    return waited_for is not None and waited_for["id"] == invoice["id"]


def apply(storage: Storage, subscription: Object) -> None:
    """Make the change whose invoice was paid."""
    before = copy.deepcopy(subscription)
    wanted = {item["id"]: item for item in subscription["pending_update"]["subscription_items"]}
    for item in subscription["items"]["data"]:
        item |= {name: wanted[item["id"]][name] for name in _CHANGING}
    subscription["pending_update"] = None
    emit(storage, "customer.subscription.updated", subscription, before=before)
    emit(storage, "customer.subscription.pending_update_applied", subscription)


def expire(storage: Storage, subscription: Object) -> None:
    """Drop a change that nobody paid for in time, and its invoice."""
    invoice = invoice_of(storage, subscription)
    assert invoice is not None
    invoices.void(storage, {}, invoice["id"])
    _discard(storage, subscription)
    emit(storage, "customer.subscription.pending_update_expired", subscription)


def void_invoice(storage: Storage, params: dict[str, Any], invoice: str) -> Object:
    """Void an invoice; a change that waited for it is dropped."""
    stored = invoices.void(storage, params, invoice)
    subscription_id = invoices.subscription_of(stored)
    subscription = storage.get("subscription", subscription_id) if subscription_id else None
    if subscription is not None and is_waited_for(storage, subscription, stored):
        _discard(storage, subscription)
    return stored


def _discard(storage: Storage, subscription: Object) -> None:
    before = copy.deepcopy(subscription)
    subscription["pending_update"] = None
    emit(storage, "customer.subscription.updated", subscription, before=before)
