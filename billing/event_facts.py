"""What is kept of an event of Stripe's: ids, amounts, states and times. Names, addresses and links are never stored.

Stripe's dashboard has the rest, under the event's id. A key that is not listed is dropped, so that what Stripe adds
later is not stored by accident.
"""

from collections.abc import Mapping
from typing import Any

KEPT_KEYS = frozenset(
    (
        # Any object, the event itself, lists
        *("id", "object", "api_version", "created", "livemode", "type", "deleted", "pending_webhooks"),
        *("request", "idempotency_key", "data", "has_more", "metadata", "status", "state", "reason", "code", "number"),
        # What metadata of ours names
        *("order", "purpose", "consent", "refund_request", "subscription", "terms", "organization"),
        # Money
        *("amount", "amount_total", "amount_subtotal", "amount_refunded", "amount_received", "amount_paid"),
        *("amount_due", "amount_remaining", "total", "subtotal", "currency", "quantity", "paid", "refunded"),
        *("captured", "disputed", "payment_status", "failure_code", "failure_reason", "decline_code"),
        "last_payment_error",
        # What belongs to what
        *("client_reference_id", "customer", "payment_intent", "setup_intent", "payment_method", "invoice", "charge"),
        *("latest_charge", "latest_invoice", "balance_transaction", "payment", "mode", "expires_at"),
        # Saved cards
        *("card", "brand", "last4", "exp_month", "exp_year"),
        # Subscriptions and invoices
        *("items", "lines", "price", "pricing", "price_details", "parent", "subscription_details"),
        *("subscription_item_details", "proration", "period", "start", "end", "current_period_start"),
        *("current_period_end", "cancel_at", "cancel_at_period_end", "canceled_at", "ended_at", "pending_update"),
        *("billing_reason", "attempted", "attempt_count", "status_transitions", "paid_at", "finalized_at"),
        *("voided_at", "marked_uncollectible_at"),
    )
)


def facts_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's payload without anything that is not listed, at any depth."""
    return {key: _kept(value) for key, value in payload.items() if key in KEPT_KEYS}


def _kept(value: Any) -> Any:
    if isinstance(value, Mapping):
        return facts_of(value)
    if isinstance(value, list):
        return [_kept(one) for one in value]
    return value
