"""Rate limits over django-ratelimit: organizations by plan, keys by their own limit, strangers by address.

The numbers for the headers are kept with the request.
"""

import logging
import math
import time
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_ratelimit.core import get_usage
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError
from rest_framework.request import Request

from accounts.addresses import rate_limit_address
from accounts.errors import ServiceError
from accounts.models import ApiKey, Organization
from billing.models import Plan
from processing.metrics import rate_limit_unavailable

logger = logging.getLogger(__name__)


class RateLimitExceeded(ServiceError):
    """More requests than the plan, or an address without a key, may send."""

    code, status, is_our_fault = "rate_limit_exceeded", 429, False


class TrialUsedUp(ServiceError):
    """More previews than an address may have without an account."""

    code, status, is_our_fault = "rate_limit_exceeded", 429, False

    def __init__(self, *, retry_after_s: int) -> None:
        text = _("That was the last free preview for now. With an account you go on at full size.")
        super().__init__(text, retry_after_s=retry_after_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One rule's state after counting: `limit` requests a window, `used` of them, until `resets_at` (unix seconds)."""

    limit: int
    used: int
    resets_at: int

    @property
    def remaining(self) -> int:
        """How many more requests this window takes."""
        return max(0, self.limit - self.used)

    @property
    def is_exceeded(self) -> bool:
        """Whether the counted request is one too many."""
        return self.used > self.limit

    @property
    def retry_after_s(self) -> int:
        """Whole seconds until the window is over, at least 1."""
        return max(1, math.ceil(self.resets_at - time.time()))


def count_key(request: Request, api_key: ApiKey, plan: Plan) -> None:
    """Count one request by its key's own limit and by its organization's plan; raise RateLimitExceeded beyond either.

    What the key's own limit refuses does not count against the organization.
    """
    own = count_own_limit(request, api_key)
    count_organization(request, api_key.organization, plan)
    _remember_tighter(request, own)


def count_own_limit(request: Request, api_key: ApiKey) -> Usage | None:
    """Count one request by the key's own limit, if it has one; raise RateLimitExceeded when it is one too many.

    Keys that came of one another by rotation count as one.
    """
    usage = _own_usage(request, api_key, increment=True)
    if usage is not None and usage.is_exceeded:
        remember_usage(request, usage)
        raise _refusal(usage, _("This API key's own rate limit is reached."))
    return usage


def count_organization(request: Request, organization: Organization, plan: Plan) -> None:
    """Count one request of an organization, of its keys and its people together, by the rules of its plan.

    A burst rule stands beside the requests a minute: fixed windows alone let twice the rate through around their edge.
    """
    minute = _count(request, "organization-minute", str(organization.pk), f"{plan.requests_per_minute}/m")
    burst = _count(request, "organization-burst", str(organization.pk), f"{plan.requests_per_second}/s")
    remember_usage(request, burst if burst.is_exceeded else minute)
    for usage in (burst, minute):
        if usage.is_exceeded:
            raise _refusal(usage, _("Your plan's rate limit is reached."))


def peek_key(request: Request, api_key: ApiKey, plan: Plan) -> None:
    """Note the state of the organization's minute, or of the key's where that is tighter, without counting."""
    value, rate = str(api_key.organization_id), f"{plan.requests_per_minute}/m"
    remember_usage(request, _count(request, "organization-minute", value, rate, increment=False))
    _remember_tighter(request, _own_usage(request, api_key, increment=False))


def _own_usage(request: Request, api_key: ApiKey, *, increment: bool) -> Usage | None:
    if api_key.requests_per_minute is None:
        return None
    rate = f"{api_key.requests_per_minute}/m"
    return _count(request, "key-minute", str(api_key.spends_as), rate, increment=increment)


def _remember_tighter(request: Request, own: Usage | None) -> None:
    """Keep the key's own limit for the headers where it leaves fewer requests than the plan."""
    plans: Usage = request._request.rate_usage  # type: ignore[attr-defined]
    if own is not None and own.remaining < plans.remaining:
        remember_usage(request, own)


def count_stranger(request: Request) -> None:
    """Count one request without a valid key by its address; raise RateLimitExceeded when it is one too many."""
    usage = _count(request, "stranger", rate_limit_address(request._request), settings.STRANGER_RATE)
    remember_usage(request, usage)
    if usage.is_exceeded:
        raise _refusal(usage, _("Too many requests without a valid API key came from your address."))


def look_at_trial(request: Request) -> None:
    """Raise TrialUsedUp for an address that had all its free previews, without counting."""
    usage = _count(request, "trial", rate_limit_address(request._request), settings.TRIAL_PREVIEWS, increment=False)
    if not usage.remaining:
        raise TrialUsedUp(retry_after_s=usage.retry_after_s)


def count_trial(request: Request) -> None:
    """Count one free preview of an address; raise TrialUsedUp when it is one too many."""
    usage = _count(request, "trial", rate_limit_address(request._request), settings.TRIAL_PREVIEWS)
    if usage.is_exceeded:
        raise TrialUsedUp(retry_after_s=usage.retry_after_s)


def _refusal(usage: Usage, why: str) -> RateLimitExceeded:
    seconds = usage.retry_after_s
    again = ngettext(
        "Nothing was charged; try again in %(seconds)d second.",
        "Nothing was charged; try again in %(seconds)d seconds.",
        seconds,
    )
    return RateLimitExceeded(f"{why} {again % {'seconds': seconds}}", retry_after_s=seconds)


def remember_usage(request: Request, usage: Usage) -> None:
    """Keep what was counted for the answer's headers."""
    request._request.rate_usage = usage  # type: ignore[attr-defined]


def rate_headers(request: HttpRequest) -> dict[str, str]:
    """Return the X-RateLimit headers of what was counted for this request; none when nothing could be."""
    usage: Usage | None = getattr(request, "rate_usage", None)
    if usage is None:
        return {}
    return {
        "X-RateLimit-Limit": str(usage.limit),
        "X-RateLimit-Remaining": str(usage.remaining),
        "X-RateLimit-Reset": str(usage.resets_at),
    }


def _count(request: Request, group: str, value: str, rate: str, *, increment: bool = True) -> Usage:
    """Count in the cache; when it cannot be asked, the request passes as if it were the first, and a metric counts."""
    try:
        usage = get_usage(
            request._request, group=group, key=lambda _group, _request: value, rate=rate, increment=increment
        )
    except (RedisError, ConnectionInterrupted, OSError):
        usage = None
    now = int(time.time())
    if usage is None:
        rate_limit_unavailable.inc()
        logger.warning("rate_limit_unavailable", extra={"group": group})
        return Usage(limit=int(rate.partition("/")[0]), used=0, resets_at=now + 60)
    # django-ratelimit counts time_left to the window's last second; the next window starts one later.
    return Usage(limit=int(usage["limit"]), used=int(usage["count"]), resets_at=now + int(usage["time_left"]) + 1)
