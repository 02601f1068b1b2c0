"""What Stripe says about a payment that was asked for without a person, and what follows for the order, once.

The answer to our call, events in any order, pages and reconciliation all come through `follow`. Whoever calls it locks
the payment first, then the order, then the organization, then the account.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.organization_lock import lock_organization
from billing import fulfilment, ledger, paid_after_closing, payments
from billing.errors import OrderDisagrees
from billing.order_models import NOT_PAID_STATES, OPEN_STATES, Order, OrderKind, OrderState
from billing.order_problems import noting_problems
from billing.recharge_models import AutoRecharge, News, RechargeState, StopReason
from billing.recharge_switch import owe_news, stop
from billing.stripe_objects import PaymentIntent, uuid_of
from billing.transactions import in_short_transaction


def follow(intent: PaymentIntent) -> Order | None:
    """Bring a recharge to where its payment is, and give its credits when it is paid; None where it is none of ours.

    Safe to run at once and again. Raise OrderDisagrees, and give nothing, where the payment is not what was agreed,
    and OrderNotFulfilled where anything else fails; both are written on the order.
    """
    with noting_problems(lambda: _find_order(intent), is_paid=intent.is_paid):
        return in_short_transaction(lambda: _follow(intent))


def give_up(order: Order) -> None:
    """Close a recharge that Stripe did not take at all: as a decline, so that it is not tried for ever."""

    def movement() -> None:
        locked = Order.objects.select_for_update().get(pk=order.pk)
        if locked.state == OrderState.PENDING and locked.payment_intent_id is None:
            _decline(locked, timezone.now())

    in_short_transaction(movement)


def expire(order: Order) -> None:
    """Close a recharge of which Stripe knows nothing."""
    unknown = Order.objects.filter(pk=order.pk, state=OrderState.PENDING, payment_intent_id=None)
    unknown.update(state=OrderState.EXPIRED)


def _follow(intent: PaymentIntent) -> Order | None:
    found = _find_order(intent)
    if found is None:
        return None
    payment = payments.lock_payment(intent.id, livemode=intent.livemode)
    order = Order.objects.select_for_update().get(pk=found.pk)
    organization, was_paid = lock_organization(order.organization_id), order.paid_at is not None
    _compare(order, intent)
    order.payment_intent_id = intent.id
    order.save(update_fields=["payment_intent_id"])
    if order.state in NOT_PAID_STATES:
        _move(order, intent, timezone.now())
    if order.paid_at is not None:
        if not was_paid:
            paid_after_closing.report(order, organization)
        fulfilment.give_credits(order)
        payments.settle(order, payment)
    order.refresh_from_db()
    return order


def _find_order(intent: PaymentIntent) -> Order | None:
    """Return the recharge of a payment; payments of Checkout name their orders, too, and are not ours to follow."""
    recharges = Order.objects.filter(kind=OrderKind.RECHARGE)
    order = recharges.filter(payment_intent_id=intent.id).first()
    if order is None and (public_id := uuid_of(intent.order_reference)) is not None:
        order = recharges.filter(public_id=public_id).first()
    return order


def _compare(order: Order, intent: PaymentIntent) -> None:
    """Raise OrderDisagrees unless the payment is what was agreed."""
    agreed = {
        "order": str(order.public_id),
        "amount": order.amount,
        "currency": order.currency,
        "livemode": order.livemode,
        "payment": order.payment_intent_id or intent.id,
    }
    told = {
        "order": intent.order_reference,
        "amount": intent.amount,
        "currency": intent.currency,
        "livemode": intent.livemode,
        "payment": intent.id,
    }
    wrong = [f"{name} {told[name]}, not {agreed[name]}" for name in agreed if told[name] != agreed[name]]
    if wrong:
        raise OrderDisagrees(order_id=order.pk, facts=f"Payment {intent.id} has {'; '.join(wrong)}.")


def _move(order: Order, intent: PaymentIntent, now: datetime) -> None:
    """Move an order that is not paid. A failed or expired one is paid all the same when money comes."""
    if intent.is_paid:
        _note_paid(order, now)
    elif order.state not in OPEN_STATES:
        return
    elif intent.status == "processing":
        _save_state(order, OrderState.AWAITING)
    elif intent.status == "canceled":
        _save_state(order, OrderState.EXPIRED)
    elif order.needs_person_at is not None:
        return  # the person may try as often as they like, until the payment is given up
    elif intent.wants_person:
        _wait_for_person(order, now)
    elif intent.has_failed:
        _decline(order, now)


def _note_paid(order: Order, now: datetime) -> None:
    order.state, order.paid_at, order.problem, order.credits_failed_at = OrderState.PAID, now, "", None
    order.save(update_fields=["state", "paid_at", "problem", "credits_failed_at"])
    ledger.lock(ledger.open_account(order.organization).pk)
    rests_until = now + timedelta(seconds=settings.RECHARGE_COOL_DOWN_S)
    AutoRecharge.objects.filter(organization=order.organization_id).update(declines=0, not_before=rests_until)
    owe_news(order.organization_id, News.RECHARGED, about=str(order.public_id), order_id=order.pk)


def _wait_for_person(order: Order, now: datetime) -> None:
    order.needs_person_at = now
    order.save(update_fields=["needs_person_at"])
    owe_news(order.organization_id, News.NEEDS_PERSON, about=str(order.public_id), order_id=order.pk)
    _count_decline(order, now)


def _decline(order: Order, now: datetime) -> None:
    _save_state(order, OrderState.FAILED)
    if _count_decline(order, now):
        owe_news(order.organization_id, News.DECLINED, about=str(order.public_id), order_id=order.pk)


def _count_decline(order: Order, now: datetime) -> bool:
    """Wait longer after each decline in a row, and stop after too many; tell whether it goes on."""
    ledger.lock(ledger.open_account(order.organization).pk)
    recharge = AutoRecharge.objects.select_for_update().get(organization=order.organization_id)
    recharge.declines += 1
    back_off = timedelta(seconds=settings.RECHARGE_BACK_OFF_S) * 2 ** min(recharge.declines - 1, 10)
    recharge.not_before = now + back_off
    recharge.save(update_fields=["declines", "not_before"])
    if recharge.state == RechargeState.ON and recharge.declines >= settings.RECHARGE_DECLINES:
        stop(order.organization_id, StopReason.DECLINED, now=now)
        return False
    return recharge.state == RechargeState.ON


def _save_state(order: Order, state: OrderState) -> None:
    order.state = state
    order.save(update_fields=["state"])
