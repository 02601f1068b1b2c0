"""The v1.0 dialect's rate limit: an organization may send its plan's megapixels of input a minute.

django-ratelimit counts calls, one each; here a call costs what its picture has, so the window is counted by itself, in
the same cache.
"""

import logging
import math
import time

from django.core.cache import cache
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError
from rest_framework.request import Request

from accounts.models import Organization
from billing.models import Plan
from processing.api.throttling import RateLimitExceeded, Usage, remember_usage
from processing.matting.header import ImageHeader
from processing.metrics import rate_limit_unavailable

logger = logging.getLogger(__name__)

LEAST = 1
"""What the smallest picture costs."""

WINDOW_S = 60
_PIXELS = 1_000_000


def cost_of(header: ImageHeader) -> int:
    """Return the megapixels of a picture, rounded up."""
    return max(LEAST, math.ceil(header.width * header.height / _PIXELS))


def check(request: Request, organization: Organization, plan: Plan, *, refuses: bool) -> None:
    """Note how the organization's minute stands; with `refuses`, raise RateLimitExceeded when all of it is used."""
    usage = _usage(organization, plan, adds=0)
    remember_usage(request, usage)
    if refuses and not usage.remaining:
        seconds = usage.retry_after_s
        raise RateLimitExceeded(
            f"Your plan's {usage.limit} megapixels a minute are used up. Try again in {seconds} s; this was free.",
            retry_after_s=seconds,
        )


def charge(request: Request, organization: Organization, plan: Plan, megapixels: int) -> None:
    """Count megapixels of the organization's minute. The last picture may take more than was left of it."""
    remember_usage(request, _usage(organization, plan, adds=megapixels))


def _usage(organization: Organization, plan: Plan, *, adds: int) -> Usage:
    window = int(time.time()) // WINDOW_S
    return Usage(
        limit=plan.megapixels_per_minute,
        used=_counted(f"megapixels:{organization.pk}:{window}", adds),
        resets_at=(window + 1) * WINDOW_S,
    )


def _counted(name: str, adds: int) -> int:
    """Add to the count and return it; where the cache cannot be asked it is 0, and a metric counts."""
    try:
        if not adds:
            return int(cache.get(name, 0))
        cache.add(name, 0, timeout=2 * WINDOW_S)
        return int(cache.incr(name, adds))
    except (RedisError, ConnectionInterrupted, OSError, ValueError, TypeError):
        rate_limit_unavailable.inc()
        logger.warning("rate_limit_unavailable", extra={"group": "megapixels"})
        return 0
