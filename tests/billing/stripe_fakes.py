"""Stripe as its package's HTTP layer sees it, and events as Stripe signs them. The stand-in with state is elsewhere."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import stripe

if TYPE_CHECKING:
    from billing.order_models import Order  # needs Django, which signing an event does not

SECRET_KEY = "sk_test_" + "a" * 24
SIGNING_SECRET = "whsec_" + "b" * 32
OLD_SIGNING_SECRET = "whsec_" + "c" * 32
CREATED = 1_767_225_600


class FakeHttp(stripe.HTTPClient):
    """Answers each call of the package from a function, and keeps what was asked."""

    name = "fake"

    def __init__(self, answer: Callable[[str, str, dict[str, str]], tuple[int, Any]]) -> None:
        super().__init__()
        self.answer = answer
        self.calls: list[tuple[str, str, dict[str, str], dict[str, str]]] = []

    def request(self, method, url, headers, post_data=None):
        where = urlsplit(url)
        sent = {name: values[0] for name, values in parse_qs(post_data or where.query).items()}
        self.calls.append((method.upper(), where.path, sent, dict(headers)))
        status, body = self.answer(method.upper(), where.path, sent)
        return json.dumps(body), status, {"request-id": "req_1"}

    def request_with_retries(self, method, url, headers, post_data=None, max_network_retries=None, **kwargs):
        return super().request_with_retries(method, url, headers, post_data, max_network_retries, **kwargs)

    def _sleep_time_seconds(self, num_retries):
        return 0

    def close(self):
        pass


def session_of(order: "Order", **changes: Any) -> dict[str, Any]:
    """Return the Checkout session of an order, paid unless changed."""
    return {
        "id": order.checkout_session_id or "cs_test_1",
        "object": "checkout.session",
        "livemode": False,
        "mode": "payment",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": order.amount,
        "currency": order.currency,
        "client_reference_id": str(order.public_id),
        "payment_intent": f"pi_{order.pk}",
        "url": None,
        "created": CREATED,
        **changes,
    }


def charge_of(order: "Order", *, refunded: int, **changes: Any) -> dict[str, Any]:
    """Return the charge of an order of which so much was returned in all."""
    return {
        "id": f"ch_{order.pk}",
        "object": "charge",
        "livemode": False,
        "payment_intent": f"pi_{order.pk}",
        "amount": order.amount,
        "amount_refunded": refunded,
        "currency": order.currency,
        **changes,
    }


def refund_of(order: "Order", *, amount: int, **changes: Any) -> dict[str, Any]:
    """Return a refund of part of an order's payment."""
    return {
        "id": f"re_{order.pk}",
        "object": "refund",
        "payment_intent": f"pi_{order.pk}",
        "charge": f"ch_{order.pk}",
        "amount": amount,
        "currency": order.currency,
        "status": "succeeded",
        "failure_reason": None,
        "metadata": {},
        **changes,
    }


def dispute_of(order: "Order", status: str, **changes: Any) -> dict[str, Any]:
    """Return the dispute of an order's whole payment."""
    return {
        "id": f"dp_{order.pk}",
        "object": "dispute",
        "livemode": False,
        "payment_intent": f"pi_{order.pk}",
        "status": status,
        "amount": order.amount,
        "currency": order.currency,
        "reason": "fraudulent",
        **changes,
    }


def event_about(what: str, thing: dict[str, Any], *, event_id: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return an event; the same type about the same thing is the same event unless an id is given."""
    return {
        "id": event_id or f"evt_{what}_{thing['id']}_{thing.get('status')}_{thing.get('amount_refunded')}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": CREATED,
        "livemode": False,
        "type": what,
        "data": {"object": thing},
        **changes,
    }


def sign(body: str, *, secret: str = SIGNING_SECRET, at: int | None = None) -> str:
    """Return the header that Stripe sends with a body."""
    return stripe.WebhookSignature.generate_signature_header(body, secret, at)
