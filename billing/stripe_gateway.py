"""The only module that speaks to Stripe. Each call has a time-out, bounded retries, and a key made of our row's id.

Stripe answers a repeated key with what it answered first, so that trying again never makes a second of anything; the
parameters must then be the same, which is why they come from stored rows alone.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from billing.errors import (
    BadSignature,
    CardRefused,
    CustomerMissing,
    PaymentsNotConfigured,
    StripeRefused,
    StripeUnreachable,
)
from billing.order_models import Order, StripeCustomer
from billing.refund_models import RefundRequest
from billing.stripe_objects import (
    NEEDS_PERSON,
    REFUND_REQUEST,
    UPGRADE_NEEDS_PERSON,
    CheckoutSession,
    CustomerFacts,
    DisputeFacts,
    RefundFacts,
    Refunds,
    VerifiedEvent,
    read_customer,
    read_dispute,
    read_event,
    read_refund,
    read_refunds,
    read_session,
)

logger = logging.getLogger(__name__)

# Stripe would be told how long each of our calls took.
stripe.enable_telemetry = False

LATEST_INVOICES = 12
_TIMESTAMP = re.compile(r"(?:^|,)t=([0-9]{1,15})(?:,|$)")


def is_configured() -> bool:
    """Tell whether credits can be sold here."""
    return bool(settings.STRIPE_SECRET_KEY)


def create_customer(customer: StripeCustomer) -> str:
    """Tell Stripe about an organization; return its name for it."""
    organization = customer.organization.public_id
    with _our_errors():
        made = _client().v1.customers.create(
            {"email": customer.email, "name": customer.name, "metadata": {"organization": organization}},
            {"idempotency_key": f"customer:{organization}:{customer.pk}:{customer.generation}"},
        )
        return made.id


def delete_customer(customer_id: str) -> None:
    """Delete a customer, and the cards saved for it; its invoices stay. It may have been deleted before."""
    with _our_errors():
        client = _client()
        if not _plain(client.v1.customers.retrieve(customer_id)).get("deleted"):
            client.v1.customers.delete(customer_id)


def replace_facts(customer_id: str, facts: Mapping[str, str], *, is_erased: Callable[[str], bool]) -> None:
    """Replace those facts of a customer (`email`, `name`) that are erased here; others were changed at Stripe."""
    with _our_errors():
        client = _client()
        known = _plain(client.v1.customers.retrieve(customer_id))
        stale: Any = {name: value for name, value in facts.items() if is_erased(known.get(name) or "")}
        if stale and not known.get("deleted"):
            client.v1.customers.update(customer_id, stale)


def create_checkout(order: Order, *, customer_id: str, return_url: str, cancel_url: str) -> CheckoutSession:
    """Open the page where an order is paid; asked again it is the same page."""
    reference = str(order.public_id)
    closes = order.created + timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES)
    with _our_errors():
        session = _client().v1.checkout.sessions.create(
            {
                "mode": "payment",
                "customer": customer_id,
                "client_reference_id": reference,
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": order.currency,
                            "unit_amount": order.amount,
                            "product_data": {"name": order.pack_name},
                        },
                    }
                ],
                # Another currency on the page would be another amount than the one that was agreed.
                "adaptive_pricing": {"enabled": False},
                "metadata": {"order": reference},
                "payment_intent_data": {"metadata": {"order": reference}},
                "invoice_creation": {"enabled": settings.PACK_INVOICES},
                # Stripe asks firms for their tax id, and then for their name.
                "tax_id_collection": {"enabled": True},
                "customer_update": {"name": "auto"},
                "success_url": return_url,
                "cancel_url": cancel_url,
                "expires_at": int(closes.timestamp()),
            },
            {"idempotency_key": f"order:{reference}:{customer_id}"},
        )
        return read_session(_plain(session))


def get_session(session_id: str, *, is_patient: bool = True) -> CheckoutSession:
    """Ask where a Checkout session stands now; once, where a person waits for the page."""
    with _our_errors():
        session = _client(is_patient=is_patient).v1.checkout.sessions.retrieve(
            session_id, {"expand": ["payment_intent"]}
        )
        return read_session(_plain(session))


def close_page(session_id: str) -> CheckoutSession:
    """Close a page that nobody paid on yet; raise StripeRefused where somebody did."""
    with _our_errors():
        return read_session(_plain(_client().v1.checkout.sessions.expire(session_id)))


def sessions_since(moment: datetime, *, customer_id: str | None = None) -> Iterator[CheckoutSession]:
    """Go through the Checkout sessions that were opened since then, of one customer or of all."""
    wanted: dict[str, Any] = {"created": {"gte": int(moment.timestamp())}, "limit": 100}
    if customer_id is not None:
        wanted["customer"] = customer_id
    with _our_errors():
        for session in _client().v1.checkout.sessions.list(wanted).auto_paging_iter():  # type: ignore[arg-type]
            yield read_session(_plain(session))


def get_refunds(payment_intent_id: str) -> Refunds | None:
    """Ask how much of a payment was returned; None where nothing was ever charged."""
    with _our_errors():
        intent = _client().v1.payment_intents.retrieve(payment_intent_id, {"expand": ["latest_charge"]})
        charge = _plain(intent).get("latest_charge")
    return None if charge is None else read_refunds(charge)


def disputes_of(payment_intent_id: str) -> Iterator[DisputeFacts]:
    """Go through what banks said against a payment."""
    with _our_errors():
        wanted = _client().v1.disputes.list({"payment_intent": payment_intent_id, "limit": 100})
        for dispute in wanted.auto_paging_iter():
            yield read_dispute(_plain(dispute))


def receipt_of(payment_intent_id: str) -> str | None:
    """Return the address of Stripe's receipt of a payment."""
    with _our_errors():
        intent = _client(is_patient=False).v1.payment_intents.retrieve(payment_intent_id, {"expand": ["latest_charge"]})
        charge = _plain(intent).get("latest_charge")
    return charge["receipt_url"] if charge else None


def open_portal(customer_id: str, *, return_url: str) -> str:
    """Return the address of a page of Stripe's on which a customer sees to cards, invoices and tax ids themselves."""
    with _our_errors():
        # A link for one visit: each click gets one of its own, under a key that the package makes up.
        portal = _client().v1.billing_portal.sessions.create({"customer": customer_id, "return_url": return_url})
        return portal.url


def get_customer(customer_id: str) -> CustomerFacts:
    """Ask what Stripe knows of a customer: whom it writes to, tax ids, saved cards, the latest invoices."""
    client = _client(is_patient=False)
    with _our_errors():
        customer = _plain(client.v1.customers.retrieve(customer_id, {"expand": ["tax_ids"]}))
        if customer.get("deleted"):
            raise CustomerMissing
        cards = _plain(client.v1.customers.payment_methods.list(customer_id, {"type": "card", "limit": 10}))
        invoices = _plain(
            client.v1.invoices.list({"customer": customer_id, "limit": LATEST_INVOICES, "expand": ["data.payments"]})
        )
    return read_customer(customer, cards["data"], invoices["data"])


def verify_event(body: bytes, signature: str) -> VerifiedEvent:
    """Return the event in a body that Stripe signed just now, as it came over the wire; raise BadSignature."""
    if not signature.isascii():  # the package cannot compare it
        raise BadSignature
    try:
        payload = body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadSignature from None
    if not any(_is_signed_with(secret, payload, signature) for secret in settings.STRIPE_WEBHOOK_SECRETS):
        raise BadSignature
    # The package refuses what is too old and lets the future through.
    signed_at = _TIMESTAMP.search(signature)
    if signed_at is None or abs(time.time() - int(signed_at[1])) > settings.STRIPE_WEBHOOK_TOLERANCE_S:
        raise BadSignature
    try:
        return read_event(json.loads(payload))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadSignature from None


def _is_signed_with(secret: str, payload: str, signature: str) -> bool:
    tolerance = settings.STRIPE_WEBHOOK_TOLERANCE_S
    try:
        return bool(stripe.WebhookSignature.verify_header(payload, signature, secret, tolerance))
    except stripe.SignatureVerificationError:
        return False


def make_http_client() -> stripe.HTTPClient:
    """Return what carries the calls."""
    return stripe.RequestsClient(timeout=(settings.STRIPE_CONNECT_TIMEOUT_S, settings.STRIPE_READ_TIMEOUT_S))


def _client(*, is_patient: bool = True) -> stripe.StripeClient:
    if not is_configured():
        raise PaymentsNotConfigured
    retries = settings.STRIPE_RETRIES if is_patient else 0
    return _client_with(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, retries)


@lru_cache(maxsize=4)
def _client_with(secret_key: str, api_base: str, retries: int) -> stripe.StripeClient:
    return stripe.StripeClient(
        secret_key,
        http_client=make_http_client(),
        max_network_retries=retries,
        base_addresses={"api": api_base} if api_base else None,
    )


def _plain(thing: stripe.StripeObject) -> Mapping[str, Any]:
    return thing.to_dict()


@contextmanager
def _our_errors() -> Iterator[None]:
    """Let callers read our errors, whatever the package raises."""
    try:
        yield
    except stripe.CardError as error:
        raise _card_refused(error) from error
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        logger.warning("stripe_unreachable", extra={"reason": str(error), "status": error.http_status})
        raise StripeUnreachable from error
    except stripe.StripeError as error:
        if _is_about_missing_customer(error):
            logger.warning("stripe_customer_missing", extra={"stripe_request_id": error.request_id})
            raise CustomerMissing from error
        logger.exception("stripe_refused", extra={"stripe_request_id": error.request_id, "stripe_code": error.code})
        raise StripeRefused from error


def _is_about_missing_customer(error: stripe.StripeError) -> bool:
    """Tell whether a call named a customer that Stripe does not have, or has no more."""
    about_customer = getattr(error, "param", None) == "customer" or str(error).startswith("No such customer")
    return error.code == "resource_missing" and about_customer


def _card_refused(error: stripe.CardError) -> CardRefused:
    said: Mapping[str, Any] = error.error.to_dict() if error.error is not None else {}
    reason = said.get("decline_code") or error.code or "declined"
    # Stripe says it to people in English; they read our own words, in their language.
    logger.info("card_refused", extra={"reason": reason, "said": error.user_message})
    return CardRefused(
        reason=reason,
        needs_person=not {NEEDS_PERSON, UPGRADE_NEEDS_PERSON}.isdisjoint((error.code, reason)),
        payment_intent_id=(said.get("payment_intent") or {}).get("id"),
    )


def create_refund(request: RefundRequest) -> tuple[RefundFacts, Refunds | None]:
    """Return money; asked again it is the same refund, also after the time for which Stripe remembers our keys."""
    sale, reference = request.sale, str(request.public_id)
    for facts in refunds_of(str(sale.payment_intent_id), livemode=sale.livemode):
        if facts.request_id == request.public_id:
            return facts, None
    with _our_errors():
        made = _client().v1.refunds.create(
            {
                "payment_intent": str(sale.payment_intent_id),
                "amount": request.amount,
                "reason": "requested_by_customer",
                "metadata": {REFUND_REQUEST: reference},
                "expand": ["charge"],
            },
            {"idempotency_key": f"refund:{reference}"},
        )
        answer = _plain(made)
    charge = answer.get("charge")
    refunds = read_refunds(charge) if isinstance(charge, Mapping) else None
    return read_refund(answer, livemode=sale.livemode), refunds


def refunds_of(payment_intent_id: str, *, livemode: bool) -> Iterator[RefundFacts]:
    """Go through the refunds of a payment."""
    with _our_errors():
        wanted = _client().v1.refunds.list({"payment_intent": payment_intent_id, "limit": 100})
        for refund in wanted.auto_paging_iter():
            yield read_refund(_plain(refund), livemode=livemode)
