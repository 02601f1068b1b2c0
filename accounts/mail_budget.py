"""Daily limits on mails that anybody can cause: codes, sign-up and invitations.

Counted in the cache by UTC day and keyed hash, so that counts name nobody and strangers store no rows. An unreachable
cache does not count.
"""

import logging

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop
from prometheus_client import Counter

from accounts.addresses import rate_limit_address
from accounts.errors import ServiceError
from accounts.models import Organization
from accounts.security_log import keyed_hash

logger = logging.getLogger(__name__)

MAILS_PER_RECIPIENT = 20
MAILS_PER_ADDRESS = 100
MAILS_PER_ORGANIZATION = 200
_KEPT_S = 2 * 24 * 3600

refused = Counter("removebg_mails_refused_total", "Mails that a daily limit refused.", ["limit"])


class MailBudgetUsed(ServiceError):
    """A daily limit of mails is reached; nothing was sent."""

    code, status, is_our_fault = "rate_limit_exceeded", 429, False
    public_text = gettext_noop("No mail was sent, because too many were requested today. Try again tomorrow.")


def count_request(to: str, *, request: HttpRequest | None, is_to_stranger: bool) -> None:
    """Count a mail that this request causes; raise MailBudgetUsed if it is one too many.

    The sender is counted first, so that what one sender's limit refuses does not use up a recipient's limit.
    `is_to_stranger` says that such mails go to addresses that nobody has verified; the server's limit counts those.
    """
    if request is not None:
        _count("address", rate_limit_address(request), MAILS_PER_ADDRESS)
    _count("recipient", to.strip().lower(), MAILS_PER_RECIPIENT)
    if is_to_stranger:
        _count("server", "", settings.MAILS_PER_DAY)


def count_invitation(to: str, organization: Organization) -> None:
    """Count an invitation of an organization; raise MailBudgetUsed if it is one too many."""
    _count("organization", str(organization.pk), MAILS_PER_ORGANIZATION)
    count_request(to, request=None, is_to_stranger=True)


def _count(kind: str, value: str, limit: int) -> None:
    key = f"mails:{timezone.now():%Y-%m-%d}:{keyed_hash(f'{kind}:{value}')}"
    cache.add(key, 0, _KEPT_S)
    try:
        count = cache.incr(key) or 0
    except ValueError:  # the cache dropped it just now
        count = 1
    if count <= limit:
        return
    refused.labels(kind).inc()
    if count == limit + 1:
        logger.warning("mail_budget_used", extra={"limit": kind, "mails_per_day": limit})
    raise MailBudgetUsed
