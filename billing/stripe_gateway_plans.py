"""What we ask of Stripe about plans: prices, pages to subscribe on, changes, and where subscriptions and invoices are.

The calls go through `stripe_gateway`, with its time-outs, retries, errors and keys made of our rows.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings

from billing.stripe_gateway import _client, _our_errors, _plain
from billing.stripe_objects import CheckoutSession, read_session
from billing.stripe_plan_objects import (
    PAYABLE,
    InvoiceFacts,
    InvoicePaymentFacts,
    SubscriptionFacts,
    read_invoice,
    read_invoice_payment,
    read_subscription,
)
from billing.subscription_models import ChangeKind, PlanChange, PlanTerms, Subscription

_WITH_ITS_INVOICE: Any = {"expand": ["latest_invoice"]}


def create_price(terms: PlanTerms) -> str:
    """Tell Stripe what a plan costs a month; return its name for it."""
    with _our_errors():
        price = _client().v1.prices.create(
            {
                "currency": terms.currency,
                "unit_amount": terms.amount,
                "recurring": {"interval": "month"},
                "product_data": {"name": terms.plan_name},
                "metadata": {"terms": str(terms.public_id)},
            },
            {"idempotency_key": f"terms:{terms.public_id}"},
        )
        return price.id


def create_subscribe_page(
    subscription: Subscription, *, customer_id: str, price_id: str, return_url: str, cancel_url: str
) -> CheckoutSession:
    """Open the page where somebody subscribes; asked again it is the same page."""
    reference = str(subscription.public_id)
    closes = subscription.created + timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES)
    with _our_errors():
        session = _client().v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": customer_id,
                "client_reference_id": reference,
                "line_items": [{"price": price_id, "quantity": 1}],
                "adaptive_pricing": {"enabled": False},
                "metadata": {"subscription": reference},
                # Each invoice says it again, so that one which comes first is known all the same.
                "subscription_data": {"metadata": {"subscription": reference}},
                "success_url": return_url,
                "cancel_url": cancel_url,
                "expires_at": int(closes.timestamp()),
            },
            {"idempotency_key": f"subscription:{reference}:{customer_id}"},
        )
        return read_session(_plain(session))


def get_subscription(subscription_id: str) -> SubscriptionFacts:
    """Ask where a subscription stands now."""
    with _our_errors():
        found = _client().v1.subscriptions.retrieve(subscription_id)
        return read_subscription(_plain(found), as_of=_answered_at(found), is_answer=True)


def subscriptions_since(moment: datetime) -> Iterator[SubscriptionFacts]:
    """Go through the subscriptions that were begun since then, whatever became of them."""
    wanted: dict[str, Any] = {"created": {"gte": int(moment.timestamp())}, "status": "all", "limit": 100}
    with _our_errors():
        listed = _client().v1.subscriptions.list(wanted)  # type: ignore[arg-type]
        for found in listed.auto_paging_iter():
            yield read_subscription(_plain(found), as_of=_answered_at(listed), is_answer=True)


def invoices_of(subscription_id: str) -> Iterator[InvoiceFacts]:
    """Go through a subscription's invoices, the newest first."""
    with _our_errors():
        listed = _client().v1.invoices.list({"subscription": subscription_id, "limit": 100})
        for invoice in listed.auto_paging_iter():
            yield read_invoice(_plain(invoice), as_of=_answered_at(listed))


def payments_of(invoice_id: str) -> Iterator[InvoicePaymentFacts]:
    """Go through the payments of an invoice that came to something."""
    with _our_errors():
        listed = _client().v1.invoice_payments.list({"invoice": invoice_id, "status": "paid", "limit": 100})
        for payment in listed.auto_paging_iter():
            yield read_invoice_payment(_plain(payment))


def preview_change(subscription: Subscription, price_id: str) -> InvoiceFacts:
    """Ask what changing to this price would cost at once; nothing is changed."""
    with _our_errors():
        invoice = _client().v1.invoices.create_preview(
            {
                "subscription": _known(subscription.subscription_id),
                "subscription_details": {
                    "items": [{"id": subscription.item_id, "price": price_id}],
                    "proration_behavior": "always_invoice",
                },
            }
        )
        return read_invoice(_plain(invoice), as_of=_answered_at(invoice))


def make_change(change: PlanChange) -> SubscriptionFacts:
    """Do at Stripe what somebody asked for; raise CardRefused, and nothing is changed, where it was not paid."""
    with _our_errors():
        changed = _update(change, {}, key=f"change:{change.public_id}")
        return read_subscription(_plain(changed), as_of=_answered_at(changed), is_answer=True)


def ask_for_person(change: PlanChange) -> tuple[SubscriptionFacts, InvoiceFacts]:
    """Ask for an upgrade once more, to be made when its person confirms the payment; return the invoice for that."""
    to_wait = {"payment_behavior": "pending_if_incomplete", **_WITH_ITS_INVOICE}
    with _our_errors():
        changed = _update(change, to_wait, key=f"change:{change.public_id}:person")
        facts = read_subscription(_plain(changed), as_of=_answered_at(changed), is_answer=True)
        return facts, read_invoice(_plain(changed)["latest_invoice"], as_of=_answered_at(changed))


def drop_invoice(invoice_id: str) -> InvoiceFacts:
    """Void an invoice, and what waits for it at Stripe, unless it was paid; return where it is then."""
    invoices = _client().v1.invoices
    with _our_errors():
        found = invoices.retrieve(invoice_id)
        if found.status in PAYABLE:
            found = invoices.void_invoice(invoice_id, {}, {"idempotency_key": f"void:{invoice_id}"})
        return read_invoice(_plain(found), as_of=_answered_at(found))


def end_now(subscription: Subscription) -> SubscriptionFacts:
    """End a subscription at once, with nothing more to pay and nothing paid back."""
    with _our_errors():
        ended = _client().v1.subscriptions.cancel(
            _known(subscription.subscription_id), {}, {"idempotency_key": f"end:{subscription.public_id}"}
        )
        return read_subscription(_plain(ended), as_of=_answered_at(ended), is_answer=True)


def _update(change: PlanChange, besides: Mapping[str, Any], *, key: str) -> Any:
    """Change a subscription once for this key, with what is asked besides; return it as it is now."""
    subscription_id = _known(change.subscription.subscription_id)
    asked: Any = {**_wanted(change), **besides}
    changed = _client().v1.subscriptions.update(subscription_id, asked, {"idempotency_key": key})
    if not _is_repeated(changed):
        return changed
    return _client().v1.subscriptions.retrieve(subscription_id, _WITH_ITS_INVOICE)


def _wanted(change: PlanChange) -> Mapping[str, Any]:
    """Return a change in Stripe's words."""
    if change.kind in (ChangeKind.CANCEL, ChangeKind.RESUME):
        return {"cancel_at_period_end": change.kind == ChangeKind.CANCEL}
    assert change.to_terms is not None  # noqa: S101 - for the type checker
    items = [{"id": change.subscription.item_id, "price": change.to_terms.price_id}]
    return {"items": items, **_how_it_is_billed(change)}


def _how_it_is_billed(change: PlanChange) -> Mapping[str, Any]:
    """Return how Stripe bills the rest of the period: an upgrade at once, anything else not at all."""
    if change.kind != ChangeKind.UPGRADE or change.prorated_at is None:
        return {"proration_behavior": "none"}
    return {
        "proration_behavior": "always_invoice",
        "proration_date": int(change.prorated_at.timestamp()),
        "payment_behavior": "error_if_incomplete",
    }


def _known(subscription_id: str | None) -> str:
    assert subscription_id is not None  # noqa: S101 - for the type checker
    return subscription_id


def _is_repeated(thing: Any) -> bool:
    """Tell whether Stripe gave the answer of the first time once more, which is as old as that."""
    return _headers_of(thing).get("idempotent-replayed") == "true"


def _answered_at(thing: Any) -> datetime:
    """Return when Stripe answered, by its own clock, which its events are dated by, too."""
    said = _headers_of(thing).get("date")
    return datetime.now(UTC) if said is None else parsedate_to_datetime(said).astimezone(UTC)


def _headers_of(thing: Any) -> Mapping[str, str]:
    answer = thing.last_response
    return {name.lower(): value for name, value in (answer.headers if answer else {}).items()}
