"""Credits that expire: taken when they are due, and told of some days before."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min, Sum
from django.urls import reverse

from accounts.errors import ServiceError
from billing import ledger, lots
from billing.models import CreditAccount, CreditLot
from billing.money_mails import send_to_those_who_see_money
from billing.transactions import in_short_transaction

logger = logging.getLogger(__name__)

EXPIRED_AT_ONCE = 500
WARNED_AT_ONCE = 50


def expire_due(now: datetime) -> int:
    """Take what is left of credits that are due; return how many were taken. What is held waits for the next time."""
    due = CreditLot.objects.filter(left__gt=0, expires_at__lte=now).order_by("expires_at", "pk")
    return sum(_expire_or_report(lot, now) for lot in due[:EXPIRED_AT_ONCE])


def warn_of_expiry(now: datetime) -> int:
    """Send the mails that are due; return for how many accounts. Several processes may do so side by side."""
    soon = CreditLot.objects.filter(
        left__gt=0,
        warned_at=None,
        expires_at__gt=now,
        expires_at__lte=now + timedelta(days=settings.EXPIRY_WARNING_DAYS),
        account__organization__closed_at=None,
    )
    concerned = soon.order_by("account").values_list("account", flat=True).distinct()
    return sum(_warn(account_id, now) for account_id in concerned[:WARNED_AT_ONCE])


def _expire_or_report(lot: CreditLot, now: datetime) -> int:
    """Expire one lot; one that cannot be expired must not keep the others waiting."""
    try:
        entry = ledger.expire(lot, now)
    except ServiceError:
        logger.exception("credits_not_expired", extra={"lot_id": lot.pk})
        return 0
    return 0 if entry is None else -entry.amount


def _warn(account_id: int, now: datetime) -> bool:
    """Take the account's lots that expire soon for ours and send the mail; what cannot be sent waits for next time."""
    account = CreditAccount.objects.select_related("organization").get(pk=account_id)
    ours = in_short_transaction(lambda: _claim(account_id, now))
    if not ours:
        return False
    expiring = CreditLot.objects.filter(pk__in=ours).aggregate(credits=Sum("left"), first=Min("expires_at"))
    context = {**expiring, "dashboard_url": settings.PUBLIC_URL + reverse("dashboard")}
    try:
        send_to_those_who_see_money(account.organization, "billing/email/credits_expire", context)
    except Exception:  # whatever a mail server and what lies before it may raise
        logger.exception("expiry_mail_not_sent", extra={"account_id": account_id})
        CreditLot.objects.filter(pk__in=ours, warned_at=now).update(warned_at=None)
        return False
    return True


def _claim(account_id: int, now: datetime) -> list[int]:
    """Count what was used, then mark the lots that still hold something as told; return them."""
    account = ledger.lock(account_id)
    lots.count_uses(account.pk, account.balance)
    soon = CreditLot.objects.filter(
        account=account,
        left__gt=0,
        warned_at=None,
        expires_at__gt=now,
        expires_at__lte=now + timedelta(days=settings.EXPIRY_WARNING_DAYS),
    )
    ours = list(soon.values_list("pk", flat=True))
    CreditLot.objects.filter(pk__in=ours).update(warned_at=now)
    return ours
