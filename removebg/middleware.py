"""What every request passes: it gets an id, and a form of ours must be small."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from processing.api.request_ids import request_id_of

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
            },
        )
        return response


PATHS_WITH_LIMITS = ("/v1/", "/v1.0/", "/try/remove", "/try/download", "/trial/", "/webhooks/")


class SmallForms:
    """Refuses large bodies to everything but what has limits of its own: pictures, and events of Stripe's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, unless the body says that it is larger than any form."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_large = length.isascii() and length.isdigit() and int(length) > settings.MAX_FORM_BYTES
        if is_large and not request.path.startswith(PATHS_WITH_LIMITS):
            raise RequestDataTooBig("The body is larger than any form of ours.")
        return self._get_response(request)
