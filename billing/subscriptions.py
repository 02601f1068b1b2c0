"""What Stripe says about subscriptions: the newest is kept, whatever came first, and what follows is worked out.

Each event shows a subscription whole, as it was when the event came to be. The newest wins; of two of the same second
the one that weighs more, so that the end is the same whatever came first, and Stripe is asked which of them is true.
Plans and limits follow from what is kept (`follow`); credits follow from invoices alone (`plan_invoices`). Whoever
calls locks the invoice first, then its payment, then the subscription, then the organization, then the account.
"""

import logging
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import ledger
from billing.models import CreditAccount, Plan
from billing.plan_errors import PlanDisagrees, PlanNotFulfilled
from billing.stripe_objects import CheckoutSession, uuid_of
from billing.stripe_plan_objects import SubscriptionFacts
from billing.subscription_models import (
    OPEN_SUBSCRIPTION_STATES,
    InvoiceReason,
    InvoiceState,
    PlanInvoice,
    PlanTerms,
    Subscription,
    SubscriptionState,
)

logger = logging.getLogger(__name__)

_OVER = ("canceled", "incomplete_expired")
_BEHIND = ("past_due", "unpaid", "paused")
_NOT_BEGUN = "incomplete"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@transaction.atomic
def note_session(session: CheckoutSession) -> Subscription | None:
    """Keep what a page to subscribe on says; return its subscription, None where it is none of ours."""
    found = find_by_session(session.id) or find(None, session.order_reference)
    if found is None:
        return None
    subscription = lock(found.pk)
    _compare_session(subscription, session)
    subscription.checkout_session_id = session.id
    subscription.page_is_over = subscription.page_is_over or session.status == "expired"
    subscription.save(update_fields=["checkout_session_id", "page_is_over"])
    if session.subscription_id is not None:
        adopt(subscription, session.subscription_id)
    follow(subscription)
    return subscription


@transaction.atomic
def note_subscription(facts: SubscriptionFacts) -> Subscription | None:
    """Keep what Stripe says about a subscription unless newer is known; return ours, None where it is none."""
    found = find(facts.id, facts.reference)
    if found is None:
        return None
    subscription = lock(found.pk)
    if facts.livemode != subscription.livemode:
        raise _disagrees(subscription, f"livemode is {facts.livemode}")
    adopt(subscription, facts.id)
    terms = PlanTerms.objects.filter(price_id=facts.price_id).first() if facts.price_id else None
    told, known = _weight_of(facts, terms), _weight_known(subscription)
    is_same_second = facts.as_of == subscription.as_of
    if is_same_second:
        subscription.has_doubt = subscription.has_doubt or _content(told) != _content(known)
        subscription.save(update_fields=["has_doubt"])
    # We asked after what we know was told; only the end is never taken back.
    is_newer_answer = is_same_second and facts.is_answer and subscription.status not in _OVER
    if told > known or is_newer_answer:
        if not is_same_second:
            subscription.has_doubt = False
        subscription.status = facts.status
        subscription.as_of = facts.as_of
        subscription.is_answer = facts.is_answer
        subscription.item_id = facts.item_id
        subscription.next_terms = terms
        subscription.cancel_at_period_end = facts.cancel_at_period_end
        subscription.period_end = facts.period_end
        subscription.ended_at = facts.ended_at
        subscription.save()
    follow(subscription)
    return subscription


def note_problem(error: PlanNotFulfilled) -> None:
    """Write the failure on the invoice or subscription; call it again where a transaction was rolled back."""
    if error.invoice_id is not None:
        known = {"subscription_id": error.subscription_id, "livemode": error.livemode}
        PlanInvoice.objects.get_or_create(invoice_id=error.invoice_id, defaults=known)
        PlanInvoice.objects.filter(invoice_id=error.invoice_id).update(**known, problem=error.facts)
        if error.is_paid:
            without_credits = PlanInvoice.objects.filter(
                invoice_id=error.invoice_id, paid_at=None, credits_failed_at=None
            )
            without_credits.update(credits_failed_at=timezone.now())
    elif error.subscription_id is not None:
        Subscription.objects.filter(pk=error.subscription_id).update(problem=error.facts)


def has_unfulfilled_invoice(subscription: Subscription) -> bool:
    """Tell whether an invoice was paid whose credits could not be given."""
    return subscription.invoices.filter(credits_failed_at__isnull=False).exists()


def find(subscription_id: str | None, reference: str | None) -> Subscription | None:
    """Return the subscription that Stripe calls so, or that carries our reference; None where neither is ours."""
    found = None
    if subscription_id is not None:
        found = Subscription.objects.filter(subscription_id=subscription_id).first()
    if found is None and (public_id := uuid_of(reference)) is not None:
        found = Subscription.objects.filter(public_id=public_id).first()
    return found


def find_by_session(session_id: str) -> Subscription | None:
    """Return the subscription of a page."""
    return Subscription.objects.filter(checkout_session_id=session_id).first()


def running_of(organization_id: int) -> Subscription | None:
    """Return the plan that an organization has now, or is about to pay for; there is one at the most."""
    open_ones = Subscription.objects.filter(
        organization=organization_id,
        livemode=settings.STRIPE_IS_LIVE,
        state__in=OPEN_SUBSCRIPTION_STATES,
    )
    return open_ones.select_related("terms__plan", "paid_terms__plan", "next_terms__plan", "organization").first()


def has_no_page(subscription: Subscription) -> bool:
    """Tell whether nobody was sent anywhere to pay it, as far as we know."""
    is_known = subscription.checkout_session_id or subscription.subscription_id or subscription.problem
    return subscription.state == SubscriptionState.PENDING and not is_known


def lock(subscription_pk: int) -> Subscription:
    """Return a subscription, locked until the transaction ends."""
    return Subscription.objects.select_for_update().get(pk=subscription_pk)


def adopt(subscription: Subscription, subscription_id: str) -> None:
    """Remember what Stripe calls it; one click is one subscription."""
    if subscription.subscription_id is None:
        subscription.subscription_id = subscription_id
        subscription.save(update_fields=["subscription_id"])
    elif subscription.subscription_id != subscription_id:
        raise _disagrees(subscription, f"{subscription_id} is another than {subscription.subscription_id}")


def follow(subscription: Subscription, now: datetime | None = None) -> None:
    """Bring state, grace and the organization's plan to what is known; doing it again changes nothing."""
    now = now or timezone.now()
    was_open = subscription.state in OPEN_SUBSCRIPTION_STATES
    subscription.paid_terms = _paid_terms(subscription)
    subscription.state = state_of(subscription)
    if subscription.state in OPEN_SUBSCRIPTION_STATES and not was_open:
        _require_to_be_the_only_one(subscription)
    is_behind = subscription.state == SubscriptionState.PAST_DUE
    subscription.grace_ends_at = _end_of_grace(subscription) if is_behind else None
    if not is_behind:
        subscription.past_due_told_at = None
    plan = plan_due(subscription, now)
    if plan is not None and plan.pk != subscription.given_plan_id:
        account = ledger.open_account(subscription.organization)
        CreditAccount.objects.filter(pk=account.pk).update(plan=plan)
        subscription.given_plan = plan
    subscription.save(update_fields=["paid_terms", "state", "grace_ends_at", "past_due_told_at", "given_plan"])


def state_of(subscription: Subscription) -> SubscriptionState:
    """Return where a subscription is by what is known: it begins when its first month is paid."""
    if subscription.paid_terms_id is None:
        is_left = subscription.page_is_over or subscription.status in _OVER
        return SubscriptionState.LEFT if is_left else SubscriptionState.PENDING
    if subscription.status in _OVER:
        return SubscriptionState.ENDED
    if subscription.status in _BEHIND:
        return SubscriptionState.PAST_DUE
    return SubscriptionState.CANCELING if subscription.cancel_at_period_end else SubscriptionState.ACTIVE


def plan_due(subscription: Subscription, now: datetime) -> Plan | None:
    """Return the plan that a subscription gives now; None where it gives none, so that another one stays."""
    if subscription.paid_terms is None:
        return None
    grace_is_over = subscription.grace_ends_at is not None and subscription.grace_ends_at <= now
    if subscription.state == SubscriptionState.ENDED or grace_is_over:
        return Plan.objects.get(is_default=True)
    return subscription.paid_terms.plan


def unpaid_invoice_of(subscription: Subscription) -> PlanInvoice | None:
    """Return the invoice for which a subscription is behind."""
    failed = subscription.invoices.filter(state=InvoiceState.FAILED).exclude(reason=InvoiceReason.UPGRADE)
    return failed.order_by("-failed_at", "-pk").first()


def _paid_terms(subscription: Subscription) -> PlanTerms | None:
    """Return the terms of the newest invoice that was paid."""
    paid = subscription.invoices.filter(paid_at__isnull=False).select_related("terms__plan")
    newest = paid.order_by("-period_end", "-period_start", "-terms__amount", "-pk").first()
    return None if newest is None else newest.terms


def _require_to_be_the_only_one(subscription: Subscription) -> None:
    """Raise PlanDisagrees where another plan runs, or is about to: its owner would pay for two each month."""
    other = running_of(subscription.organization_id)
    if other is not None and other.pk != subscription.pk and other.livemode == subscription.livemode:
        facts = f"{subscription.subscription_id} goes on at Stripe beside the plan {other.public_id}: end it there"
        raise _disagrees(subscription, f"{facts}, and return its money.")


def _end_of_grace(subscription: Subscription) -> datetime:
    """Return until when a plan goes on unpaid, from the first time that its payment failed."""
    failed = subscription.invoices.filter(state=InvoiceState.FAILED, failed_at__isnull=False)
    failed = failed.exclude(reason=InvoiceReason.UPGRADE)
    first = failed.order_by("failed_at").values_list("failed_at", flat=True).first()
    since = first or subscription.as_of or timezone.now()
    return since + timedelta(days=settings.PLAN_GRACE_DAYS)


def _compare_session(subscription: Subscription, session: CheckoutSession) -> None:
    terms = subscription.terms
    agreed = {
        "session": subscription.checkout_session_id or session.id,
        "reference": str(subscription.public_id),
        "amount": terms.amount,
        "currency": terms.currency,
        "livemode": subscription.livemode,
    }
    told = {
        "session": session.id,
        "reference": session.order_reference,
        "amount": session.amount_total,
        "currency": session.currency,
        "livemode": session.livemode,
    }
    wrong = [f"{name} {told[name]}, not {agreed[name]}" for name in agreed if told[name] != agreed[name]]
    if wrong:
        raise _disagrees(subscription, f"Session {session.id} has {'; '.join(wrong)}.")


def _disagrees(subscription: Subscription, facts: str) -> PlanDisagrees:
    logger.error("plan_disagrees", extra={"subscription_id": subscription.pk, "facts": facts})
    return PlanDisagrees(subscription_id=subscription.pk, facts=facts)


def _weight_of(facts: SubscriptionFacts, terms: PlanTerms | None) -> tuple[object, ...]:
    """Return how new it is: the end is for ever, then Stripe's clock, then what weighs more within a second."""
    return (
        facts.status in _OVER,
        facts.as_of,
        facts.is_answer,
        facts.period_end or _LONG_AGO,
        facts.status in _BEHIND,
        facts.status != _NOT_BEGUN,
        facts.cancel_at_period_end,
        0 if terms is None else terms.amount,
    )


def _weight_known(subscription: Subscription) -> tuple[object, ...]:
    next_terms = subscription.next_terms
    return (
        subscription.status in _OVER,
        subscription.as_of or _LONG_AGO,
        subscription.is_answer,
        subscription.period_end or _LONG_AGO,
        subscription.status in _BEHIND,
        subscription.status != _NOT_BEGUN,
        subscription.cancel_at_period_end,
        0 if next_terms is None else next_terms.amount,
    )


def _content(weight: tuple[object, ...]) -> tuple[object, ...]:
    """Return what was said, without when and how."""
    return weight[:1] + weight[3:]
