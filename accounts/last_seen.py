"""When and where a person's sessions were last seen: written every few minutes, and not at every page."""

from collections.abc import Callable
from hashlib import sha256

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse


class LastSeenMiddleware:
    """In the place of allauth's, which writes at each request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Note who is seen, unless that was noted a moment ago; another address or browser is noted at once."""
        if request.session.session_key and request.user.is_authenticated and _is_news(request):
            UserSession.objects.create_from_request(request)
        return self._get_response(request)


def _is_news(request: HttpRequest) -> bool:
    """Return whether this session was not seen from there in the last minutes, and remember that it was now."""
    seen = (request.session.session_key, get_adapter().get_client_ip(request), request.META.get("HTTP_USER_AGENT", ""))
    digest = sha256("\0".join(map(str, seen)).encode()).hexdigest()
    return cache.add(f"last-seen:{digest}", True, settings.LAST_SEEN_EVERY_S)
