"""The mail that says that credits run low: once for each fall to the threshold, to those who see the money."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from billing import stripe_gateway
from billing.models import CreditAccount
from billing.money_mails import send_to_those_who_see_money
from billing.shelf import shelf_for

logger = logging.getLogger(__name__)

WARNED_AT_ONCE = 50
MAIL_PAUSE = timedelta(days=1)
"""However often somebody changes the threshold, it brings no more than one mail in this time."""


def warn_of_low_credits(now: datetime) -> int:
    """Send the mails that are due; return for how many accounts. Several processes may do so side by side."""
    fallen = CreditAccount.objects.filter(
        balance__lte=F("low_credit_threshold"), low_credit_warned_at=None, organization__suspended_at=None
    )
    accounts = list(fallen.select_related("organization").order_by("pk")[:WARNED_AT_ONCE])
    return sum(_warn(account, now) for account in accounts)


def choose_threshold(account: CreditAccount, threshold: int | None) -> None:
    """Warn from now on when the balance falls to the threshold, or never (None).

    Where the balance is at a new threshold already, a mail is sent too, unless one was in the last MAIL_PAUSE.
    """
    with transaction.atomic():
        locked = CreditAccount.objects.select_for_update().get(pk=account.pk)
        if locked.low_credit_threshold == threshold:
            return
        locked.low_credit_warned_at = _last_mail_of_this_fall(locked, threshold)
        locked.low_credit_threshold = threshold
        locked.save(update_fields=["low_credit_threshold", "low_credit_warned_at"])
    account.refresh_from_db(fields=["low_credit_threshold", "low_credit_warned_at"])


def _last_mail_of_this_fall(account: CreditAccount, threshold: int | None) -> datetime | None:
    """Return when the mail was sent that also tells of a fall to the new threshold; None where one is to be sent."""
    mailed_at = account.low_credit_mailed_at
    is_low = threshold is not None and account.balance <= threshold
    return mailed_at if is_low and mailed_at is not None and timezone.now() < mailed_at + MAIL_PAUSE else None


def _warn(account: CreditAccount, now: datetime) -> bool:
    """Take the fall for ours and send its mails; what cannot be sent is left to the next time."""
    ours = CreditAccount.objects.filter(
        pk=account.pk, balance__lte=F("low_credit_threshold"), low_credit_warned_at=None
    )
    mailed_before = account.low_credit_mailed_at
    if not ours.update(low_credit_warned_at=now, low_credit_mailed_at=now):
        return False
    try:
        account.refresh_from_db(fields=["balance", "low_credit_threshold"])
        _send(account)
    except Exception:  # whatever a mail server and what lies before it may raise
        logger.exception("low_credit_mail_not_sent", extra={"account_id": account.pk})
        failed = CreditAccount.objects.filter(pk=account.pk, low_credit_mailed_at=now)
        failed.update(low_credit_warned_at=None, low_credit_mailed_at=mailed_before)
        return False
    return True


def _send(account: CreditAccount) -> None:
    context = {
        "left": account.balance,
        "threshold": account.low_credit_threshold,
        "dashboard_url": settings.PUBLIC_URL + reverse("dashboard"),
        "billing_url": settings.PUBLIC_URL + reverse("billing"),
        "selling": stripe_gateway.is_configured(),
        "offer": shelf_for(account.organization).smallest_with(_missing(account)),
        "settings_url": settings.PUBLIC_URL + reverse("credit-warning"),
    }
    send_to_those_who_see_money(account.organization, "billing/email/low_credits", context)


def _missing(account: CreditAccount) -> int:
    """Return how many credits it takes to be above the threshold again."""
    return (account.low_credit_threshold or 0) + 1 - account.balance
