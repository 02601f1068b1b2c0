"""The mail that says that credits run low: once for each fall to the threshold, to those who see the money."""

import logging
from datetime import datetime

from django.conf import settings
from django.db.models import F
from django.urls import reverse

from billing import stripe_gateway
from billing.models import CreditAccount
from billing.money_mails import send_to_those_who_see_money
from billing.shelf import shelf_for

logger = logging.getLogger(__name__)

WARNED_AT_ONCE = 50


def warn_of_low_credits(now: datetime) -> int:
    """Send the mails that are due; return for how many accounts. Several processes may do so side by side."""
    fallen = CreditAccount.objects.filter(
        balance__lte=F("low_credit_threshold"), low_credit_warned_at=None, organization__suspended_at=None
    )
    accounts = list(fallen.select_related("organization").order_by("pk")[:WARNED_AT_ONCE])
    return sum(_warn(account, now) for account in accounts)


def choose_threshold(account: CreditAccount, threshold: int | None) -> None:
    """Warn from now on when the balance falls to the threshold, or never (None); a new one is told anew."""
    account.low_credit_threshold = threshold
    account.low_credit_warned_at = None
    account.save(update_fields=["low_credit_threshold", "low_credit_warned_at"])


def _warn(account: CreditAccount, now: datetime) -> bool:
    """Take the fall for ours and send its mails; what cannot be sent is left to the next time."""
    ours = CreditAccount.objects.filter(
        pk=account.pk, balance__lte=F("low_credit_threshold"), low_credit_warned_at=None
    )
    if not ours.update(low_credit_warned_at=now):
        return False
    try:
        account.refresh_from_db(fields=["balance", "low_credit_threshold"])
        _send(account)
    except Exception:  # whatever a mail server and what lies before it may raise
        logger.exception("low_credit_mail_not_sent", extra={"account_id": account.pk})
        CreditAccount.objects.filter(pk=account.pk, low_credit_warned_at=now).update(low_credit_warned_at=None)
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
