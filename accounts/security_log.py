"""The security log: one log line and one row for each log-in, failure and change of how a person logs in."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.addresses import rate_limit_address
from accounts.models import User
from accounts.security_models import Event, SecurityEvent

logger = logging.getLogger("accounts.security")

FAILURES_STORED_PER_DAY = 500
"""Rows for failures from one address within a day; further ones are only log lines, so that nobody fills the table."""

_FAILURES = {Event.LOG_IN_FAILED, Event.LOG_IN_REFUSED, Event.SECOND_FACTOR_FAILED, Event.PASSWORD_RESET_FAILED}
_KEY_LENGTH = 32


def record(event: Event, *, user: User | None, request: HttpRequest | None, factor: str = "") -> None:
    """Log the event and store it. `user` is whose account it is about, `request` who caused it."""
    address_key = key_of_address(request) if request is not None else ""
    logger.info(event.value, extra={"user_id": user.pk if user else None, "factor": factor, "address_key": address_key})
    if event not in _FAILURES or _has_room_for_failure(address_key):
        SecurityEvent.objects.create(user=user, event=event, factor=factor, address_key=address_key)


def key_of_address(request: HttpRequest) -> str:
    """Return the keyed hash of the address that rates are counted by, 32 hex digits."""
    return keyed_hash(f"address:{rate_limit_address(request)}")


def keyed_hash(text: str) -> str:
    """Return an HMAC with SECRET_KEY, 32 hex digits: equal texts have equal hashes, which cannot be reversed."""
    return salted_hmac("accounts.security_log", text, algorithm="sha256").hexdigest()[:_KEY_LENGTH]


def delete_expired(now: datetime) -> int:
    """Delete events older than SECURITY_LOG_DAYS; return how many."""
    oldest = now - timedelta(days=settings.SECURITY_LOG_DAYS)
    deleted, _by_model = SecurityEvent.objects.filter(created__lt=oldest).delete()
    return deleted


def _has_room_for_failure(address_key: str) -> bool:
    """Count one failure of this address; an unreachable cache does not count."""
    key = f"security-log:{address_key}"
    cache.add(key, 0, timedelta(days=1).total_seconds())
    try:
        return (cache.incr(key) or 0) <= FAILURES_STORED_PER_DAY
    except ValueError:  # it expired just now
        return True
