"""Every request has an id: in the answer's header, in error bodies, in the log."""

import logging
import time
from collections.abc import Callable

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
