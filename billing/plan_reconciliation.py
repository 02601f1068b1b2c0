"""Plans whose news was lost are asked for at Stripe, plans of closed organizations end, and time has its effect."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import IntegrityError
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing import (
    payments,
    plan_audit,
    plan_invoices,
    stripe_gateway,
    stripe_gateway_plans,
    subscriptions,
    waiting_upgrades,
)
from billing.disagreements import Disagreement
from billing.errors import StripeRefused, StripeUnreachable
from billing.order_models import Payment, StripeCustomer
from billing.plan_errors import PlanNotFulfilled
from billing.refund_reconciliation import compare_refunds
from billing.stripe_objects import CheckoutSession
from billing.stripe_plan_objects import SubscriptionFacts
from billing.subscription_models import (
    BEGUN_STATES,
    OPEN_SUBSCRIPTION_STATES,
    ChangeState,
    PlanInvoice,
    Subscription,
    SubscriptionState,
)
from billing.transactions import in_short_transaction

logger = logging.getLogger(__name__)

ASKED_AT_ONCE = 20
CLOCKS_DIFFER = timedelta(minutes=10)
NEWS_MAY_TAKE = timedelta(hours=2)
"""Stripe writes a renewal's invoice an hour before it is tried."""
ASKED_AGAIN_AFTER = timedelta(hours=6)


def see_to_plans(now: datetime) -> int:
    """Ask Stripe about plans that wait for news, end what must end; return how many were seen to."""
    seen = sum(_follow_time(subscription, now) for subscription in _out_of_grace(now)[:ASKED_AT_ONCE])
    if not stripe_gateway.is_configured():
        return seen
    for subscription in [*_of_closed(now)[:ASKED_AT_ONCE], *_due(now)[:ASKED_AT_ONCE]]:
        if not Subscription.objects.filter(pk=subscription.pk, checked_at=subscription.checked_at).update(
            checked_at=now
        ):
            continue  # another process asks
        try:
            if subscription.organization.closed_at is not None and subscription.subscription_id is not None:
                waiting_upgrades.drop_whatever_waits(subscription)
                ended = stripe_gateway_plans.end_now(subscription)
                in_short_transaction(partial(subscriptions.note_subscription, ended))
            catch_up(subscription)
            seen += 1
        except StripeUnreachable:
            break
        except Exception:  # whatever it is, the others do not wait for it
            logger.exception("plan_not_seen_to", extra={"subscription_id": subscription.pk})
    return seen


def catch_up(subscription: Subscription) -> Subscription:
    """Bring one subscription to where Stripe is with it; return it as it is then. Safe to run at once and again."""
    try:
        if subscription.subscription_id is None:
            _look_at_the_page(subscription)
            subscription.refresh_from_db()
        if subscription.subscription_id is not None:
            facts = stripe_gateway_plans.get_subscription(subscription.subscription_id)
            in_short_transaction(partial(subscriptions.note_subscription, facts))
            _look_at_invoices(subscription.subscription_id)
            waiting_upgrades.give_up_dropped(subscription)
    except PlanNotFulfilled as error:
        subscriptions.note_problem(error)
        raise
    return Subscription.objects.select_related("organization").get(pk=subscription.pk)


def find_disagreements(*, since: datetime) -> Iterator[Disagreement]:
    """Compare plans with Stripe, finish what can be finished, and name what does not agree."""
    concerned = Subscription.objects.filter(
        Q(created__gte=since) | Q(state__in=OPEN_SUBSCRIPTION_STATES) | Q(period_end__gte=since),
        livemode=settings.STRIPE_IS_LIVE,
    )
    for subscription in concerned.order_by("pk"):
        try:
            yield from _compare(subscription, since)
        except PlanNotFulfilled as error:
            logger.warning("plan_disagrees", extra={"subscription_id": subscription.pk, "facts": error.facts})
        except IntegrityError as error:
            yield Disagreement("plan_can_be_kept", f"subscription {subscription.public_id}", str(error))
    for facts in stripe_gateway_plans.subscriptions_since(since):
        yield from _compare_with_ours(facts)
    for rule in plan_audit.RULES:
        yield from rule(timezone.now())


def _due(now: datetime) -> QuerySet[Subscription]:
    """Return what waited long enough: pages without news, months that are over, what is unpaid or paid unknown how."""
    waited = now - timedelta(seconds=settings.RECONCILE_AFTER_S)
    rested = Q(checked_at=None) | Q(checked_at__lte=now - ASKED_AGAIN_AFTER)
    without_payment = PlanInvoice.objects.filter(paid_at__isnull=False, amount__gt=0, payment_intent_id=None)
    due = Q(state=SubscriptionState.PENDING, created__lte=waited) & (Q(checked_at=None) | Q(checked_at__lte=waited))
    due |= Q(has_doubt=True)
    due |= rested & (
        Q(state__in=BEGUN_STATES, period_end__lte=now - NEWS_MAY_TAKE)
        | Q(state__in=BEGUN_STATES, status="", created__lte=waited)
        | Q(state=SubscriptionState.PAST_DUE)
        | Q(state__in=BEGUN_STATES, changes__state=ChangeState.WAITING, changes__created__lte=waited)
        | Q(invoices__in=without_payment.filter(created__lte=waited))
    )
    found = Subscription.objects.filter(due, livemode=settings.STRIPE_IS_LIVE).select_related("organization")
    return found.order_by(F("checked_at").asc(nulls_first=True), "pk").distinct()


def _of_closed(now: datetime) -> QuerySet[Subscription]:
    """Return plans of organizations that are closed: nobody is to pay for them any more."""
    rested = Q(checked_at=None) | Q(checked_at__lte=now - timedelta(seconds=settings.RECONCILE_AFTER_S))
    running = Subscription.objects.filter(
        rested, state__in=OPEN_SUBSCRIPTION_STATES, subscription_id__isnull=False, livemode=settings.STRIPE_IS_LIVE
    )
    return running.filter(organization__closed_at__isnull=False).select_related("organization").order_by("pk")


def _out_of_grace(now: datetime) -> QuerySet[Subscription]:
    """Return plans whose time to pay ended, and that still give what they gave."""
    behind = Subscription.objects.filter(state=SubscriptionState.PAST_DUE, grace_ends_at__lte=now)
    return behind.filter(given_plan__is_default=False).order_by("pk")


def _follow_time(subscription: Subscription, now: datetime) -> bool:
    in_short_transaction(lambda: subscriptions.follow(subscriptions.lock(subscription.pk), now))
    return True


def _look_at_the_page(subscription: Subscription) -> None:
    if subscription.checkout_session_id is not None:
        session = stripe_gateway.get_session(subscription.checkout_session_id)
        in_short_transaction(partial(subscriptions.note_session, session))
        return
    found = _find_session(subscription)
    if found is not None:
        in_short_transaction(partial(subscriptions.note_session, found))
        Subscription.objects.filter(pk=subscription.pk, checkout_url="").update(checkout_url=found.url or "")
        return
    closes = subscription.created + timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES)
    if timezone.now() > closes + CLOCKS_DIFFER:
        in_short_transaction(partial(_nobody_was_sent, subscription))


def _nobody_was_sent(subscription: Subscription) -> None:
    locked = subscriptions.lock(subscription.pk)
    locked.page_is_over = locked.checkout_session_id is None or locked.page_is_over
    locked.save(update_fields=["page_is_over"])
    subscriptions.follow(locked)


def _find_session(subscription: Subscription) -> CheckoutSession | None:
    """Look for the page of a subscription that does not know which it got, because we died in between."""
    customer = StripeCustomer.objects.filter(
        organization=subscription.organization_id, livemode=subscription.livemode
    ).first()
    if customer is None or customer.customer_id is None:
        return None
    sessions = stripe_gateway.sessions_since(subscription.created - CLOCKS_DIFFER, customer_id=customer.customer_id)
    return next((one for one in sessions if one.order_reference == str(subscription.public_id)), None)


def _look_at_invoices(subscription_id: str) -> None:
    for facts in stripe_gateway_plans.invoices_of(subscription_id):
        invoice = in_short_transaction(partial(plan_invoices.note_invoice, facts))
        if invoice is not None and invoice.amount and invoice.payment_intent_id is None:
            for payment in stripe_gateway_plans.payments_of(facts.id):
                in_short_transaction(partial(plan_invoices.note_payment, payment))


def _compare(subscription: Subscription, since: datetime) -> Iterator[Disagreement]:
    row = f"subscription {subscription.public_id}"
    before, paid_before = subscription.state, _paid(subscription)
    try:
        subscription = catch_up(subscription)
    except StripeRefused:
        yield Disagreement("subscription_is_at_stripe", row, f"Stripe does not know {subscription.subscription_id}")
        return
    if subscription.state != before:
        yield Disagreement("plan_was_told", row, f"was {before}, is {subscription.state} now that Stripe was asked")
    paid = _paid(subscription)
    for invoice_id in sorted(paid - paid_before):
        yield Disagreement("plan_was_told", row, f"{invoice_id} was paid, as Stripe says now that it was asked")
    for invoice in subscription.invoices.filter(paid_at__gte=since).exclude(payment_intent_id=None).order_by("pk"):
        yield from _compare_payment(invoice)


def _compare_payment(invoice: PlanInvoice) -> Iterator[Disagreement]:
    """Bring refunds and disputes of an invoice's payment up to what Stripe knows."""
    row, before = f"invoice {invoice.invoice_id}", invoice.state
    payment_intent_id = invoice.payment_intent_id or ""
    for facts in stripe_gateway.disputes_of(payment_intent_id):
        payments.note_dispute(facts)
    payment = Payment.objects.filter(payment_intent_id=payment_intent_id).first()
    if payment is not None:  # else another rule names it
        yield from compare_refunds(payment, row)
    invoice.refresh_from_db()
    if invoice.state != before:
        yield Disagreement("plan_was_told", row, f"was {before}, is {invoice.state} now that Stripe was asked")


def _compare_with_ours(facts: SubscriptionFacts) -> Iterator[Disagreement]:
    """Name a subscription that looks like ours and belongs to no row."""
    if facts.reference is not None and subscriptions.find(facts.id, facts.reference) is None:
        yield Disagreement(
            "subscription_has_its_row", f"subscription {facts.id}", f"{facts.status}, for {facts.reference}"
        )


def _paid(subscription: Subscription) -> set[str]:
    return set(subscription.invoices.filter(paid_at__isnull=False).values_list("invoice_id", flat=True))
