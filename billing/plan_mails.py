"""Mails about plans: that a renewal was not paid, and until when to pay it; that a plan ended. Each is sent once."""

import logging
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from billing.money_mails import send_to_those_who_see_money
from billing.subscription_models import ChangeKind, ChangeState, Subscription, SubscriptionState
from billing.subscriptions import unpaid_invoice_of

logger = logging.getLogger(__name__)

TOLD_AT_ONCE = 50


def tell_of_plans(now: datetime) -> int:
    """Send the mails that are due; return about how many plans. Several processes may do so side by side."""
    behind = Subscription.objects.filter(state=SubscriptionState.PAST_DUE, past_due_told_at=None)
    over = Subscription.objects.filter(state=SubscriptionState.ENDED, ended_told_at=None)
    told = 0
    for subscription in behind.filter(organization__closed_at=None)[:TOLD_AT_ONCE]:
        told += _tell(subscription, now, SubscriptionState.PAST_DUE, "past_due_told_at", "billing/email/plan_unpaid")
    for subscription in over.filter(organization__closed_at=None)[:TOLD_AT_ONCE]:
        told += _tell(subscription, now, SubscriptionState.ENDED, "ended_told_at", "billing/email/plan_ended")
    return told


def _tell(subscription: Subscription, now: datetime, state: SubscriptionState, mark: str, template: str) -> bool:
    """Take the news for ours and send its mails; what cannot be sent is left to the next time."""
    ours = Subscription.objects.filter(pk=subscription.pk, state=state, **{mark: None})
    if not ours.update(**{mark: now}):
        return False
    try:
        send_to_those_who_see_money(subscription.organization, template, _facts_of(subscription))
    except Exception:  # whatever a mail server and what lies before it may raise
        logger.exception("plan_mail_not_sent", extra={"subscription_id": subscription.pk})
        Subscription.objects.filter(pk=subscription.pk, **{mark: now}).update(**{mark: None})
        return False
    return True


def _facts_of(subscription: Subscription) -> dict[str, object]:
    unpaid = unpaid_invoice_of(subscription)
    terms = subscription.current_terms if unpaid is None else subscription.renewal_terms
    return {
        "plan": (terms or subscription.terms).plan_name,
        "grace_ends_at": subscription.grace_ends_at,
        "was_unpaid": unpaid is not None and not _was_asked_to_end(subscription),
        "plan_url": settings.PUBLIC_URL + reverse("billing-plan"),
    }


def _was_asked_to_end(subscription: Subscription) -> bool:
    wishes = subscription.changes.filter(kind__in=(ChangeKind.CANCEL, ChangeKind.RESUME), state=ChangeState.DONE)
    return wishes.order_by("-pk").values_list("kind", flat=True).first() == ChangeKind.CANCEL
