"""Events of Stripe's: each acted on once, whatever comes twice, late or out of order; a failure is kept and told."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import (
    fulfilment,
    order_problems,
    payments,
    plan_invoices,
    recharge_outcomes,
    refunds,
    saved_cards,
    stripe_customers,
    subscriptions,
    waiting_upgrades,
)
from billing.errors import OrderNotFulfilled
from billing.event_facts import facts_of
from billing.order_models import EventState, StripeEvent
from billing.plan_errors import PlanNotFulfilled
from billing.stripe_objects import (
    VerifiedEvent,
    read_dispute,
    read_event,
    read_intent,
    read_refund,
    read_refunds,
    read_session,
    read_setup,
    read_setup_page,
)
from billing.stripe_plan_objects import read_invoice, read_invoice_payment, read_subscription
from billing.transactions import in_short_transaction

logger = logging.getLogger(__name__)

LONGEST_ERROR = 2000


class NotForUs(Exception):
    """Nothing follows from this event here, and why."""


def receive(event: VerifiedEvent) -> EventState:
    """Act on an event unless that was done before; a failure is stored and raised, so that Stripe sends it again.

    The event, what follows from it and the note that it was processed are one transaction.
    """
    try:
        return in_short_transaction(lambda: _act_once(event))
    except Exception as error:
        _record_failure(event, error)
        raise


def replay(stored: StripeEvent) -> EventState:
    """Act on a stored event that failed or was ignored, as if it came once more."""
    return receive(read_event(stored.payload))


def _act_once(event: VerifiedEvent) -> EventState:
    _store(event)
    unprocessed = StripeEvent.objects.filter(event_id=event.id).exclude(state=EventState.PROCESSED)
    # Taken first, so that of two deliveries at once the second waits here, and then finds it processed.
    if not unprocessed.update(state=EventState.RECEIVED, error=""):
        return EventState.PROCESSED
    state, reason = EventState.PROCESSED, ""
    try:
        _act(event)
    except NotForUs as why:
        state, reason = EventState.IGNORED, str(why)
        logger.info("stripe_event_ignored", extra={"event_id": event.id, "type": event.type, "reason": reason})
    unprocessed.update(state=state, error=reason, settled_at=timezone.now())
    return state


def _store(event: VerifiedEvent) -> None:
    if StripeEvent.objects.filter(event_id=event.id).exists():
        return
    try:
        with transaction.atomic():
            StripeEvent.objects.create(
                event_id=event.id, type=event.type[:100], livemode=event.livemode, payload=facts_of(event.payload)
            )
    except IntegrityError:  # another delivery was faster
        return


def _record_failure(event: VerifiedEvent, error: Exception) -> None:
    """Keep why it failed, in a transaction of its own; an order that is concerned says so, too."""

    def movement() -> None:
        _store(event)
        StripeEvent.objects.filter(event_id=event.id).exclude(state=EventState.PROCESSED).update(
            state=EventState.FAILED,
            error=_describe(error)[:LONGEST_ERROR],
            settled_at=timezone.now(),
        )
        if isinstance(error, OrderNotFulfilled):
            order_problems.note_problem(error)
        if isinstance(error, PlanNotFulfilled):
            subscriptions.note_problem(error)

    try:
        in_short_transaction(movement)
    except Exception:  # the first error is the one to tell
        logger.exception("stripe_event_failure_not_recorded", extra={"event_id": event.id})


def _describe(error: Exception) -> str:
    """Return what failed; the facts of what was not fulfilled begin with the name of their own cause."""
    is_described = isinstance(error, OrderNotFulfilled | PlanNotFulfilled) and error.__cause__ is not None
    return str(error) if is_described else f"{type(error).__name__}: {error}"


def _act(event: VerifiedEvent) -> None:
    if event.livemode != settings.STRIPE_IS_LIVE:
        raise NotForUs("It is of the other mode, test or live, than our key.")
    handler = HANDLERS.get(event.type)
    if handler is None:
        raise NotForUs("Nothing is done for events of this type.")
    if handler(event) is None:
        raise NotForUs("Nothing that we sold is known for it (yet).")


def _session_moved(event: VerifiedEvent) -> object | None:
    saved = read_setup_page(event.object)
    if saved is not None:
        return saved_cards.note_setup(saved)
    session = read_session(event.object)
    if session.mode == "subscription":
        return subscriptions.note_session(session)
    return fulfilment.fulfil(session.id, told=session)


def _payment_failed(event: VerifiedEvent) -> object:
    session = read_session(event.object)
    return fulfilment.fulfil(session.id, told=replace(session, has_failed=True))


def _money_was_returned(event: VerifiedEvent) -> object:
    return payments.note_refunds(read_refunds(event.object))


def _refund_moved(event: VerifiedEvent) -> object:
    return refunds.note(read_refund(event.object, livemode=event.livemode))


def _dispute_moved(event: VerifiedEvent) -> object:
    return payments.note_dispute(read_dispute(event.object))


def _subscription_moved(event: VerifiedEvent) -> object:
    return subscriptions.note_subscription(read_subscription(event.object, as_of=event.created))


def _update_was_dropped(event: VerifiedEvent) -> object:
    facts = read_subscription(event.object, as_of=event.created)
    waiting_upgrades.note_expired(facts)
    return subscriptions.note_subscription(facts)


def _invoice_moved(event: VerifiedEvent) -> object:
    return plan_invoices.note_invoice(read_invoice(event.object, as_of=event.created))


def _invoice_was_paid_with(event: VerifiedEvent) -> object:
    return plan_invoices.note_payment(read_invoice_payment(event.object))


def _card_saved(event: VerifiedEvent) -> object | None:
    return saved_cards.note_setup(read_setup(event.object))


def _card_let_go(event: VerifiedEvent) -> object | None:
    return saved_cards.note_detached(event.object["id"])


def _payment_moved(event: VerifiedEvent) -> object | None:
    return recharge_outcomes.follow(read_intent(event.object))


def _customer_was_deleted(event: VerifiedEvent) -> object | None:
    return stripe_customers.note_deleted(event.object["id"])


HANDLERS: Mapping[str, Callable[[VerifiedEvent], object | None]] = {
    "checkout.session.completed": _session_moved,
    "checkout.session.async_payment_succeeded": _session_moved,
    "checkout.session.async_payment_failed": _payment_failed,
    "checkout.session.expired": _session_moved,
    "charge.refunded": _money_was_returned,
    # Each refund tells of itself, too: that is how we hear of one that fails at the bank later.
    "refund.created": _refund_moved,
    "refund.updated": _refund_moved,
    "refund.failed": _refund_moved,
    "charge.refund.updated": _refund_moved,
    # A dispute's own status tells where it stands; money also moves for partly refunded payments that stay disputed.
    "charge.dispute.created": _dispute_moved,
    "charge.dispute.updated": _dispute_moved,
    "charge.dispute.funds_withdrawn": _dispute_moved,
    "charge.dispute.funds_reinstated": _dispute_moved,
    "charge.dispute.closed": _dispute_moved,
    "customer.subscription.created": _subscription_moved,
    "customer.subscription.updated": _subscription_moved,
    "customer.subscription.deleted": _subscription_moved,
    "customer.subscription.pending_update_expired": _update_was_dropped,
    "invoice.paid": _invoice_moved,
    "invoice.payment_failed": _invoice_moved,
    "invoice.voided": _invoice_moved,
    "invoice_payment.paid": _invoice_was_paid_with,
    "setup_intent.succeeded": _card_saved,
    "payment_method.detached": _card_let_go,
    "customer.deleted": _customer_was_deleted,
    # Of recharges alone: what is paid on a page is told by its session.
    "payment_intent.processing": _payment_moved,
    "payment_intent.succeeded": _payment_moved,
    "payment_intent.payment_failed": _payment_moved,
    "payment_intent.canceled": _payment_moved,
}
