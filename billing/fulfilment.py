"""From a Checkout session to credits, once. Webhook, landing page and reconciliation all come through here."""

from datetime import timedelta

from django.utils import timezone

from accounts.organization_lock import lock_organization
from billing import free_credits, ledger, paid_after_closing, payments, stripe_gateway
from billing.errors import OrderDisagrees
from billing.models import EntryKind
from billing.order_models import NOT_PAID_STATES, OPEN_STATES, Order, OrderState
from billing.order_problems import noting_problems
from billing.stripe_objects import CheckoutSession, uuid_of
from billing.transactions import in_short_transaction


def fulfil(session_id: str, *, told: CheckoutSession | None = None) -> Order | None:
    """Bring the order of a Checkout session to where the session is, and give its credits when it is paid.

    Stripe is asked, unless it told us itself. Safe to run at once and again; None where the session is none of ours.
    Raise OrderDisagrees, and give nothing, where the session is not what was agreed, and OrderNotFulfilled where
    anything else fails; both are written on the order.
    """
    session = told if told is not None else stripe_gateway.get_session(session_id)
    with noting_problems(lambda: _find_order(session), is_paid=session.is_paid):
        return in_short_transaction(lambda: _follow(session))


def give_credits(order: Order) -> None:
    """Give the credits of a paid order, once."""
    assert order.paid_at is not None and order.purchase_reference is not None  # noqa: S101 - for the type checker
    term = order.expires_after_days
    ledger.grant(
        ledger.open_account(order.organization),
        amount=order.credits,
        kind=EntryKind.PURCHASE,
        reference=order.purchase_reference,
        reason=f"Bought {order.pack_name}.",
        actor=order.actor,
        expires_at=None if term is None else order.paid_at + timedelta(days=term),
    )
    free_credits.note_card(order.organization)


def _follow(session: CheckoutSession) -> Order | None:
    found = _find_order(session)
    if found is None or session.mode != "payment":
        return None
    payment = None
    if session.payment_intent_id is not None:
        payment = payments.lock_payment(session.payment_intent_id, livemode=session.livemode)
    order = Order.objects.select_for_update().get(pk=found.pk)
    _compare(order, session)
    order.checkout_session_id = session.id
    order.payment_intent_id = order.payment_intent_id or session.payment_intent_id
    was_paid = order.paid_at is not None
    if order.state in NOT_PAID_STATES:
        order.state = _state_of(order, session)
        if order.state == OrderState.PAID:
            order.paid_at = timezone.now()
            order.problem, order.credits_failed_at = "", None
    order.save(
        update_fields=["checkout_session_id", "payment_intent_id", "state", "paid_at", "problem", "credits_failed_at"]
    )
    if order.paid_at is not None:
        organization = lock_organization(order.organization_id)
        if not was_paid:
            paid_after_closing.report(order, organization)
        give_credits(order)
        if payment is not None:
            payments.settle(order, payment)
        order.refresh_from_db()
    return order


def _find_order(session: CheckoutSession) -> Order | None:
    """Return the order of a session, also where we died before we could write down which session it got."""
    order = Order.objects.filter(checkout_session_id=session.id).first()
    if order is None and (public_id := uuid_of(session.order_reference)) is not None:
        order = Order.objects.filter(public_id=public_id).first()
    return order


def _compare(order: Order, session: CheckoutSession) -> None:
    """Raise OrderDisagrees unless Stripe's session is about what was agreed."""
    agreed = {
        "session": order.checkout_session_id or session.id,
        "order": str(order.public_id),
        "amount": order.amount,
        "currency": order.currency,
        "livemode": order.livemode,
        "payment": order.payment_intent_id or session.payment_intent_id,
    }
    told = {
        "session": session.id,
        "order": session.order_reference,
        "amount": session.amount_total,
        "currency": session.currency,
        "livemode": session.livemode,
        "payment": session.payment_intent_id or order.payment_intent_id,
    }
    wrong = [f"{name} {told[name]}, not {agreed[name]}" for name in agreed if told[name] != agreed[name]]
    if wrong:
        raise OrderDisagrees(order_id=order.pk, facts=f"Session {session.id} has {'; '.join(wrong)}.")


def _state_of(order: Order, session: CheckoutSession) -> OrderState:
    """Return where an order that is not paid is now. Failed and expired ones are paid all the same when money comes."""
    if session.is_paid:
        return OrderState.PAID
    if order.state not in OPEN_STATES:
        return OrderState(order.state)
    if session.status == "expired":
        return OrderState.EXPIRED
    if session.status != "complete":
        return OrderState(order.state)
    return OrderState.FAILED if session.has_failed else OrderState.AWAITING
