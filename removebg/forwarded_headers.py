"""A log line for requests whose forwarding headers do not fit TRUSTED_PROXIES."""

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.addresses import forwarded_addresses

logger = logging.getLogger(__name__)

HEADERS = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded")
SECONDS_BETWEEN_LINES = 3600.0
"""Anybody can send these headers, so a process logs each event at most once an hour."""


class ForwardedHeadersMiddleware:
    """Logs that a proxy is in front which TRUSTED_PROXIES does not count, or fewer than it counts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._next_line_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, and log once an hour what does not fit."""
        if (event := _event_of(request)) and self._is_due(event):
            names = [name for name in HEADERS if name in request.headers]
            logger.warning(event, extra={"headers": names, "trusted_proxies": settings.TRUSTED_PROXIES})
        return self._get_response(request)

    def _is_due(self, event: str) -> bool:
        now = time.monotonic()
        with self._lock:
            is_due = now >= self._next_line_at.get(event, now)
            if is_due:
                self._next_line_at[event] = now + SECONDS_BETWEEN_LINES
        return is_due


def _event_of(request: HttpRequest) -> str:
    """Return the log event for this request's headers; empty if they fit the setting."""
    if not settings.TRUSTED_PROXIES:
        return "proxy_not_trusted" if any(name in request.headers for name in HEADERS) else ""
    hops = len(forwarded_addresses(request.META))
    return "fewer_proxies_than_trusted" if 0 < hops < settings.TRUSTED_PROXIES else ""
