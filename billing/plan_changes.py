"""Changing a running plan: more at once and paid for at once, less with the next month, an end, a change of mind."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ServiceError
from accounts.models import User
from billing import plan_invoices, stripe_gateway_plans, subscribing, subscriptions, waiting_upgrades
from billing.buyers import lock_buyer, require_buyer
from billing.errors import CardRefused, StripeRefused
from billing.models import Plan
from billing.plan_errors import ChangeRefused
from billing.stripe_plan_objects import SubscriptionFacts
from billing.subscription_models import (
    BEGUN_STATES,
    ChangeKind,
    ChangeState,
    InvoiceReason,
    PlanChange,
    PlanTerms,
    Subscription,
    SubscriptionState,
)
from billing.transactions import in_short_transaction

logger = logging.getLogger(__name__)

GIVEN_UP_AFTER = timedelta(minutes=5)
"""A change that is still under way then belongs to a process that died; Stripe's events say what came of it."""
RECENT_INVOICES = 5


@dataclass(frozen=True, slots=True)
class Quote:
    """What a change from the terms `before` costs and brings, as it is shown before somebody agrees."""

    kind: ChangeKind
    before: PlanTerms
    terms: PlanTerms
    due_now: int = 0
    credits_now: int = 0
    prorated_at: datetime | None = None
    starts_at: datetime | None = None


def quote(subscription: Subscription, plan: Plan) -> Quote:
    """Return what changing to this plan means; Stripe is asked for the price of an upgrade. Raise ChangeRefused."""
    now_paid = _paid_terms_of(subscription)
    terms = _terms_wanted(subscription, plan)
    kind = _kind_of(subscription, now_paid, terms)
    if kind != ChangeKind.UPGRADE:
        return Quote(kind, now_paid, terms, starts_at=None if kind == ChangeKind.KEEP else subscription.period_end)
    preview = stripe_gateway_plans.preview_change(subscription, subscribing.price_of(terms))
    try:
        bill = plan_invoices.read_bill(replace(preview, reason=InvoiceReason.UPGRADE))
    except plan_invoices.NotSold as why:
        logger.error("plan_preview_disagrees", extra={"subscription_id": subscription.pk, "facts": str(why)})
        raise StripeRefused from None
    return Quote(kind, now_paid, terms, due_now=preview.total, credits_now=bill.credits, prorated_at=bill.start)


def change_plan(subscription: Subscription, agreed: Quote, *, click_token: UUID, actor: User) -> PlanChange:
    """Change as it was quoted; the same click again is the same change. Where the bank wants its person, it waits.

    Raise ChangeRefused where it is another change by now, CardRefused where an upgrade was not paid: nothing changed.
    """
    if not _was_clicked(subscription, click_token):
        now_paid = _paid_terms_of(subscription)
        kind = _kind_of(subscription, now_paid, agreed.terms)
        # In another window the plan became another one: what was shown is not what would follow now.
        if (kind, now_paid) != (agreed.kind, agreed.before):
            raise ChangeRefused
        subscribing.price_of(agreed.terms)
    return _change(
        subscription, agreed.kind, agreed.terms, prorated_at=agreed.prorated_at, click_token=click_token, actor=actor
    )


def cancel(subscription: Subscription, *, at_once: bool, click_token: UUID, actor: User) -> PlanChange:
    """Let the plan end with its period; nothing is paid back, and what was paid for stays until then.

    One whose month is unpaid ends at once, or its card would go on being tried: the page says so beforehand.
    """
    if subscription.state == SubscriptionState.PAST_DUE:
        subscription = _asked_about(subscription)
    if at_once != (subscription.state == SubscriptionState.PAST_DUE):
        raise ChangeRefused
    is_running = subscription.state in BEGUN_STATES and not subscription.cancel_at_period_end
    if not is_running and not _was_clicked(subscription, click_token):
        raise ChangeRefused
    return _change(subscription, ChangeKind.CANCEL, None, prorated_at=None, click_token=click_token, actor=actor)


def resume(subscription: Subscription, *, click_token: UUID, actor: User) -> PlanChange:
    """Let a plan that was to end go on."""
    is_to_end = subscription.state in BEGUN_STATES and subscription.cancel_at_period_end
    if not is_to_end and not _was_clicked(subscription, click_token):
        raise ChangeRefused
    return _change(subscription, ChangeKind.RESUME, None, prorated_at=None, click_token=click_token, actor=actor)


def is_in_force(change: PlanChange) -> bool:
    """Tell whether what a change brought is still so: its form may be sent again after another one was made."""
    subscription = change.subscription
    is_to_end, follows = subscription.cancel_at_period_end, subscription.next_terms_id == change.to_terms_id
    match change.kind:
        case ChangeKind.CANCEL:
            return is_to_end or subscription.state == SubscriptionState.ENDED
        case ChangeKind.RESUME:
            return not is_to_end
        case ChangeKind.DOWNGRADE:  # once its month has begun there is nothing to wait for
            return follows and not is_to_end and subscription.next_terms_id != subscription.paid_terms_id
    return follows and not is_to_end


def _asked_about(subscription: Subscription) -> Subscription:
    """Ask whether it is still unpaid: a month that was paid a moment ago must not be ended."""
    facts = stripe_gateway_plans.get_subscription(subscription.subscription_id or "")
    in_short_transaction(lambda: subscriptions.note_subscription(facts))
    return Subscription.objects.get(pk=subscription.pk)


def _was_clicked(subscription: Subscription, click_token: UUID) -> bool:
    return PlanChange.objects.filter(subscription=subscription, click_token=click_token).exists()


def _terms_wanted(subscription: Subscription, plan: Plan) -> PlanTerms:
    """Return the terms that are paid for now where the plan is the same, else what it is sold for today."""
    now_paid = _paid_terms_of(subscription)
    if plan.pk == now_paid.plan_id:
        return now_paid
    return subscribing.terms_of(plan, now_paid.currency)


def _paid_terms_of(subscription: Subscription) -> PlanTerms:
    if subscription.paid_terms is None:
        raise ChangeRefused
    return subscription.paid_terms


def _kind_of(subscription: Subscription, now_paid: PlanTerms, wanted: PlanTerms) -> ChangeKind:
    """Return what a change to these terms is now."""
    if waiting_upgrades.find_waiting(subscription) is not None:
        raise ChangeRefused(_("A change of the plan waits for the bank. Confirm it first, or drop it."))
    if subscription.state != SubscriptionState.ACTIVE:
        raise ChangeRefused(_("Pay what is open, or keep the plan, before you change it."))
    if wanted.currency != now_paid.currency or wanted.livemode != subscription.livemode:
        raise ChangeRefused
    goes_lower = subscription.next_terms is not None and subscription.next_terms.pk != now_paid.pk
    if wanted.pk == now_paid.pk:
        if goes_lower:
            return ChangeKind.KEEP
        raise ChangeRefused(_("This is the plan that you have."))
    if wanted.amount <= now_paid.amount:
        return ChangeKind.DOWNGRADE
    if goes_lower:
        # Stripe would count the rest of the month from the lower price, and so bill again what was paid.
        raise ChangeRefused(_("First keep the plan that you have; then choose a larger one."))
    require_buyer(subscription.organization)
    return ChangeKind.UPGRADE


def _change(
    subscription: Subscription,
    kind: ChangeKind,
    terms: PlanTerms | None,
    *,
    prorated_at: datetime | None,
    click_token: UUID,
    actor: User,
) -> PlanChange:
    change = PlanChange.objects.filter(subscription=subscription, click_token=click_token).first()
    if change is None:
        change = _store(subscription, kind, terms, prorated_at=prorated_at, click_token=click_token, actor=actor)
    elif (change.kind, change.to_terms) != (kind, terms):
        raise ChangeRefused
    if change.state == ChangeState.BEGUN:
        _make(change)
    if change.state not in (ChangeState.DONE, ChangeState.WAITING):
        raise ChangeRefused(_("The price that was shown is too old. Look at the new one, then agree to it."))
    return change


def _make(change: PlanChange) -> None:
    """Let Stripe make a change; raise what refused it."""
    try:
        _make_or_ask(change)
    except (CardRefused, StripeRefused):
        _end(change, ChangeState.REFUSED)
        raise
    if change.kind == ChangeKind.UPGRADE and change.state == ChangeState.DONE:
        _look_at_its_invoice(change.subscription)


def _make_or_ask(change: PlanChange) -> None:
    """Make a change, or let it wait for its person where the bank wants them to confirm the payment."""
    try:
        facts = _tell_stripe(change)
    except CardRefused as refusal:
        if not refusal.needs_person or change.kind != ChangeKind.UPGRADE:
            raise
        waiting_upgrades.begin(change)
        return
    in_short_transaction(lambda: subscriptions.note_subscription(facts))
    _end(change, ChangeState.DONE)


def _tell_stripe(change: PlanChange) -> SubscriptionFacts:
    if change.kind != ChangeKind.CANCEL:
        return stripe_gateway_plans.make_change(change)
    # Who wants no more of the plan is not to be asked by the bank to pay for a larger one.
    waiting_upgrades.drop_whatever_waits(change.subscription)
    if change.subscription.state == SubscriptionState.PAST_DUE:
        return stripe_gateway_plans.end_now(change.subscription)
    return stripe_gateway_plans.make_change(change)


def _store(
    subscription: Subscription,
    kind: ChangeKind,
    terms: PlanTerms | None,
    *,
    prorated_at: datetime | None,
    click_token: UUID,
    actor: User,
) -> PlanChange:
    def movement() -> PlanChange:
        if kind == ChangeKind.UPGRADE:
            lock_buyer(subscription.organization_id)
        begun = PlanChange.objects.filter(subscription=subscription, state=ChangeState.BEGUN)
        begun.filter(created__lte=timezone.now() - GIVEN_UP_AFTER).update(state=ChangeState.GIVEN_UP)
        waiting_upgrades.give_up_dropped(subscription)
        # Stripe did not answer the first time: what was asked then is asked again, so that it is done once.
        same = begun.filter(kind=kind, to_terms=terms).first()
        return same or PlanChange.objects.create(
            subscription=subscription,
            kind=kind,
            to_terms=terms,
            prorated_at=prorated_at,
            click_token=click_token,
            actor=actor,
        )

    try:
        return in_short_transaction(movement)
    except IntegrityError:
        same = PlanChange.objects.filter(subscription=subscription, click_token=click_token).first()
        if same is None:
            raise ChangeRefused(_("Another change is under way. Wait a moment, then reload the page.")) from None
        return same


def _end(change: PlanChange, state: ChangeState) -> None:
    change.state = state
    PlanChange.objects.filter(pk=change.pk, state=ChangeState.BEGUN).update(state=state)


def _look_at_its_invoice(subscription: Subscription) -> None:
    """Bring the credits of an upgrade to the page that follows; where Stripe is away now, its event brings them.

    An older one that still waits, because the process that asked for it died, must not be paid as well.
    """
    try:
        recent = list(islice(stripe_gateway_plans.invoices_of(subscription.subscription_id or ""), RECENT_INVOICES))
        for bill in recent[:1]:
            in_short_transaction(partial(plan_invoices.note_invoice, bill))
        for bill in recent[1:]:
            if bill.reason == InvoiceReason.UPGRADE and bill.is_payable:
                waiting_upgrades.drop_bill(bill.id)
    except ServiceError:
        return
