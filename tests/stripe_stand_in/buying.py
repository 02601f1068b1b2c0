"""What tests of purchases share."""

from typing import Any

from stripe import StripeClient
from stripe.checkout import Session


def open_session(client: StripeClient, customer: str | None, **changes: Any) -> Session:
    """Return a session that sells 100 credits and keeps the card, or what the changes make of it."""
    params: dict[str, Any] = {
        "mode": "payment",
        "customer": customer,
        "client_reference_id": "order-1",
        "metadata": {"order": "1"},
        "success_url": "http://127.0.0.1/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1/credits",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "usd", "unit_amount": 1500, "product_data": {"name": "100 credits"}},
            }
        ],
        "payment_intent_data": {"setup_future_usage": "off_session", "metadata": {"order": "1"}},
    }
    params |= changes
    return client.v1.checkout.sessions.create({name: value for name, value in params.items() if value is not None})


def subscribe(client: StripeClient, customer: str, price: str, **changes: Any) -> Session:
    """Return a session that sells a subscription."""
    return open_session(
        client,
        customer,
        mode="subscription",
        line_items=[{"price": price, "quantity": 1}],
        payment_intent_data=None,
        subscription_data={"metadata": {"organization": "7"}},
        **changes,
    )
