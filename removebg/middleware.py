"""What every request passes: it gets an id and a language, a form must be small, and a person's page is not kept."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import RequestDataTooBig
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from accounts.errors import ServiceError
from accounts.languages import keep_in_browser
from processing.api.request_ids import request_id_of
from removebg.body_paths import PATHS_WITH_LIMITS
from removebg.callers import ids_of_caller
from removebg.dialects import dialect_of
from removebg.errors import answer_of
from removebg.page_policies import ADMIN_POLICY

logger = logging.getLogger("removebg.access")


class RequestIdMiddleware:
    """Sends the request's id back as X-Request-ID and logs one line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the id on it."""
        started = time.monotonic()
        response = self._get_response(request)
        response["X-Request-ID"] = request_id_of(request)
        logger.info(
            "request",
            extra={
                "request_id": request_id_of(request),
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "ms": round((time.monotonic() - started) * 1000),
                **ids_of_caller(request),
            },
        )
        return response


WITHOUT_LANGUAGE = (
    *("/v1/", "/v1.0/", "/livez", "/readyz", "/metrics", "/static/", "/brand", "/site.css", "/words/"),
    *("/favicon.ico", "/robots.txt", "/sitemap.xml"),
)
"""What says the same to everybody: the API, whose contract is English, and files."""


class LanguageMiddleware:
    """Speaks the language of the browser's cookie, else the best one that it accepts; English with programs.

    Not Django's own middleware, which would add to every answer of the API and to every file that it depends on the
    caller's language, and would leave out that pages depend on the cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in that language, and say so; keep the language that somebody brought along in the browser."""
        if request.path_info.startswith(WITHOUT_LANGUAGE) or dialect_of(request.path_info):
            translation.activate("en")
            return self._get_response(request)
        language = translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self._get_response(request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", language)
        if kept := getattr(request, "language_to_keep", None):
            keep_in_browser(response, kept)
        return response


class SmallForms:
    """Refuses large bodies to everything but what has limits of its own: pictures, and events of Stripe's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, unless the body says that it is larger than any form."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_large = length.isascii() and length.isdigit() and int(length) > settings.MAX_FORM_BYTES
        if is_large and not request.path_info.startswith(PATHS_WITH_LIMITS) and not dialect_of(request.path_info):
            raise RequestDataTooBig("The body is larger than any form of ours.")
        return self._get_response(request)


class PrivatePages:
    """Lets nobody keep what a person saw while they were logged in: after the log-out, Back shows nothing of theirs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and mark a person's page as one not to be stored, unless it says itself how it may be."""
        response = self._get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and "Cache-Control" not in response and request.user.is_authenticated:
            add_never_cache_headers(response)
        if getattr(request, "has_logged_out", False):
            # Not cookies: the language stays, and Django has deleted the session's.
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


@receiver(user_logged_out)
def note_log_out(sender: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Let the answer clear what the browser stores of this site."""
    if request is not None:
        request.has_logged_out = True  # type: ignore[attr-defined]


class AdminPolicy:
    """Lets the admin's pages do what their scripts need; every other page keeps the strict policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and name the admin's policy on what comes from there."""
        response = self._get_response(request)
        if request.path_info.startswith("/admin/"):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]
        return response


class ServiceRefusals:
    """Answers a page's own refusals, such as too many exports at once, with their status; crashes stay crashes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the page of a refusal; None leaves any other exception to Django."""
        if isinstance(exception, ServiceError) and not exception.is_our_fault:
            return answer_of(request, exception)
        return None
