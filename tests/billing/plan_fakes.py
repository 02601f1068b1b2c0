"""Subscriptions and invoices as Stripe tells of them, in the shape of the pinned version."""

import uuid
from typing import Any

from billing import subscribing
from billing.models import Plan
from billing.subscription_models import PlanTerms, Subscription
from tests.billing.stripe_fakes import CREATED

DAY = 86_400
MONTH = 31 * DAY


def make_plan(slug: str = "small", *, credits: int = 100, amount: int = 1000, **fields: Any) -> Plan:
    """Return a plan that is sold for 10 euros, or 1,500 yen, a month."""
    speed = {"requests_per_minute": 60, "requests_per_second": 10, "max_concurrency": 4}
    plan = Plan.objects.create(slug=slug, name=slug.capitalize(), monthly_credits=credits, **{**speed, **fields})
    for currency, cost in (("eur", amount), ("jpy", amount * 3 // 2)):
        plan.prices.create(currency=currency, amount=cost)
    return plan


def terms_of(plan: Plan, currency: str = "eur") -> PlanTerms:
    """Return what the plan is sold for, with its price known at Stripe."""
    terms = subscribing.terms_of(plan, currency)
    terms.price_id = f"price_{terms.pk}"
    terms.save()
    return terms


def make_subscription(organization: Any, terms: PlanTerms, **fields: Any) -> Subscription:
    """Return a subscription whose page of Stripe's is open."""
    made = Subscription.objects.create(organization=organization, terms=terms, click_token=uuid.uuid4(), livemode=False)
    Subscription.objects.filter(pk=made.pk).update(
        **{"checkout_session_id": f"cs_sub_{made.pk}", "checkout_url": "https://pay.example.com", **fields}
    )
    made.refresh_from_db()
    return made


def page_of(subscription: Subscription, **changes: Any) -> dict[str, Any]:
    """Return the Checkout session of a subscription, paid unless changed."""
    return {
        "id": subscription.checkout_session_id,
        "object": "checkout.session",
        "livemode": False,
        "mode": "subscription",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": subscription.terms.amount,
        "currency": subscription.terms.currency,
        "client_reference_id": str(subscription.public_id),
        "payment_intent": None,
        "subscription": f"sub_{subscription.pk}",
        "url": None,
        "created": CREATED,
        **changes,
    }


def subscription_of(
    subscription: Subscription,
    status: str = "active",
    *,
    month: int = 0,
    terms: PlanTerms | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return the subscription at Stripe, in its nth month."""
    begins = CREATED + month * MONTH
    item = {
        "id": f"si_{subscription.pk}",
        "price": {"id": (terms or subscription.terms).price_id},
        "current_period_start": begins,
        "current_period_end": begins + MONTH,
    }
    return {
        "id": f"sub_{subscription.pk}",
        "object": "subscription",
        "livemode": False,
        "metadata": {"subscription": str(subscription.public_id)},
        "status": status,
        "items": {"object": "list", "data": [item]},
        "cancel_at_period_end": False,
        "cancel_at": None,
        "ended_at": None,
        "latest_invoice": None,
        **changes,
    }


def line_of(terms: PlanTerms, *, start: int, end: int, amount: int | None = None, proration: bool = False) -> Any:
    """Return one line of an invoice."""
    return {
        "id": f"il_{terms.pk}",
        "amount": terms.amount if amount is None else amount,
        "currency": terms.currency,
        "quantity": 1,
        "period": {"start": start, "end": end},
        "parent": {"type": "subscription_item_details", "subscription_item_details": {"proration": proration}},
        "pricing": {"type": "price_details", "price_details": {"price": terms.price_id}},
    }


def invoice_of(
    subscription: Subscription, status: str = "paid", *, month: int = 0, terms: PlanTerms | None = None, **changes: Any
) -> dict[str, Any]:
    """Return the invoice of the nth month."""
    begins = CREATED + month * MONTH
    lines = [line_of(terms or subscription.terms, start=begins, end=begins + MONTH)]
    return _invoice(
        subscription,
        f"in_{subscription.pk}_{month}",
        status,
        lines,
        reason="subscription_cycle" if month else "subscription_create",
        paid_at=begins + 60,
        **changes,
    )


def upgrade_of(
    subscription: Subscription,
    before: PlanTerms,
    after: PlanTerms,
    *,
    day: int = 0,
    month: int = 0,
    status: str = "paid",
    **changes: Any,
) -> dict[str, Any]:
    """Return the invoice of an upgrade on the nth day of a month."""
    begins = CREATED + month * MONTH
    start, end = begins + day * DAY, begins + MONTH
    left = (end - start) / MONTH
    lines = [
        line_of(before, start=start, end=end, amount=-round(before.amount * left), proration=True),
        line_of(after, start=start, end=end, amount=round(after.amount * left), proration=True),
    ]
    name = f"in_{subscription.pk}_up_{day}"
    return _invoice(subscription, name, status, lines, reason="subscription_update", paid_at=start + 5, **changes)


def paid_with(invoice: dict[str, Any], payment_intent_id: str | None = None) -> dict[str, Any]:
    """Return which payment an invoice was paid with."""
    return {
        "id": f"inpay_{invoice['id']}",
        "object": "invoice_payment",
        "livemode": False,
        "invoice": invoice["id"],
        "status": "paid",
        "payment": {"type": "payment_intent", "payment_intent": payment_intent_id or f"pi_{invoice['id']}"},
    }


def _invoice(
    subscription: Subscription,
    name: str,
    status: str,
    lines: list[Any],
    *,
    reason: str,
    paid_at: int,
    **changes: Any,
) -> dict[str, Any]:
    details = {
        "subscription": f"sub_{subscription.pk}",
        "metadata": {"subscription": str(subscription.public_id)},
    }
    return {
        "id": name,
        "object": "invoice",
        "livemode": False,
        "parent": {"type": "subscription_details", "subscription_details": details},
        "billing_reason": reason,
        "status": status,
        "currency": subscription.terms.currency,
        "total": sum(line["amount"] for line in lines),
        "lines": {"object": "list", "has_more": False, "data": lines},
        "hosted_invoice_url": f"https://pay.example.com/{name}",
        "attempted": True,
        "status_transitions": {"paid_at": paid_at if status == "paid" else None},
        **changes,
    }
