"""Mails about recharging: each fact once, to those who see the money, outside of every transaction."""

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from billing.money_mails import send_to_those_who_see_money
from billing.recharge_models import AutoRecharge, RechargeNews, StopReason

logger = logging.getLogger(__name__)

SENT_AT_ONCE = 50


def send_news(now: datetime) -> int:
    """Send the mails that are owed; return how many facts were told. Several processes may do so side by side."""
    owed = RechargeNews.objects.filter(sent_at=None).select_related("organization", "order__saved_card").order_by("pk")
    return sum(_send(news, now) for news in owed[:SENT_AT_ONCE])


def _send(news: RechargeNews, now: datetime) -> bool:
    """Take one for ours and send it; what cannot be sent is left to the next time."""
    if not RechargeNews.objects.filter(pk=news.pk, sent_at=None).update(sent_at=now):
        return False
    try:
        send_to_those_who_see_money(news.organization, f"billing/email/recharge_{news.kind}", _context(news))
    except Exception:  # whatever a mail server and what lies before it may raise
        logger.exception("recharge_mail_not_sent", extra={"news_id": news.pk})
        RechargeNews.objects.filter(pk=news.pk, sent_at=now).update(sent_at=None)
        return False
    return True


def _context(news: RechargeNews) -> dict[str, Any]:
    recharge = AutoRecharge.objects.select_related("consent").get(organization=news.organization_id)
    reason = StopReason(recharge.stop_reason).label if recharge.stop_reason else ""
    return {
        "order": news.order,
        "consent": recharge.consent,
        "not_before": recharge.not_before,
        "reason": reason,
        "hours": settings.RECHARGE_WAITS_HOURS,
        "recharge_url": settings.PUBLIC_URL + reverse("billing-recharge"),
    }
