"""How long a log-in lasts: it ends after a time without use, and at the latest after a fixed time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from accounts.models import User

BEGAN, USED = "logged_in_at", "last_used_at"
"""Keys of the session; both hold Unix seconds."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Seconds until a session ends: without use, and in all."""

    idle_s: float
    whole_s: float

    @property
    def noted_every_s(self) -> float:
        """Seconds between two writes of the time of use."""
        return self.idle_s / 12


STAFF = Lifetime(timedelta(hours=1).total_seconds(), timedelta(hours=12).total_seconds())


def find_lifetime(user: Any) -> Lifetime:
    """Return how long this person's sessions last: 14 and 30 days, in production an hour and 12 hours for staff."""
    if settings.IS_PRODUCTION and user.is_staff:
        return STAFF
    return Lifetime(settings.SESSION_COOKIE_AGE, timedelta(days=30).total_seconds())


@receiver(user_logged_in)
def note_log_in(sender: Any, user: User, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Start both clocks of the session."""
    if request is not None:
        request.session[BEGAN] = request.session[USED] = int(time.time())


class SessionLifetimeMiddleware:
    """Logs people out whose session is over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, after ending a session that is over or noting that it is in use."""
        # The key first, as in other middleware: answers to requests without a session do not depend on the cookie.
        if request.session.session_key and request.user.is_authenticated:
            _end_or_note(request)
        return self._get_response(request)


def _end_or_note(request: HttpRequest) -> None:
    session, now, lifetime = request.session, time.time(), find_lifetime(request.user)
    used = session.setdefault(USED, int(now))
    began = session.setdefault(BEGAN, int(now))
    if now - used > lifetime.idle_s or now - began > lifetime.whole_s:
        logout(request)
    elif now - used > lifetime.noted_every_s:
        session[USED] = int(now)
