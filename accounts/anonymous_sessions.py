"""A limit on sessions of people who are not logged in: each is a row that anybody could have stored."""

import logging

from allauth.core.ratelimit import respond_429
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django_ratelimit.core import is_ratelimited
from prometheus_client import Counter

from accounts.addresses import rate_limit_address

logger = logging.getLogger(__name__)

SESSIONS_PER_ADDRESS = "100/h"
"""Far more than people of one office begin, and at most 2,400 rows a day from one address."""

refused = Counter("removebg_anonymous_sessions_refused_total", "Answers 429 because an address stored many sessions.")


class LimitedSessionMiddleware(SessionMiddleware):
    """Django's sessions, with a limit on how many new ones an address may store without logging in."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save the session; answer 429 and store nothing if it is one new session too many."""
        if _is_new_and_anonymous(request) and response.status_code < 500 and _is_one_too_many(request):
            refused.inc()
            logger.warning("anonymous_sessions_refused")
            answer: HttpResponse = respond_429(request)
            return answer
        return super().process_response(request, response)


def _is_new_and_anonymous(request: HttpRequest) -> bool:
    """Return whether a row will be stored for somebody who is not logged in."""
    session = getattr(request, "session", None)
    if session is None or not session.modified or session.session_key or session.is_empty():
        return False
    return "_auth_user_id" not in session


def _is_one_too_many(request: HttpRequest) -> bool:
    """Count one new session of the address."""
    address = rate_limit_address(request)
    return bool(
        is_ratelimited(
            request,
            group="anonymous-sessions",
            key=lambda _group, _request: address,
            rate=SESSIONS_PER_ADDRESS,
            increment=True,
        )
    )
