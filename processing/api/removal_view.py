"""What the cutout endpoints of both dialects share: one paid request, counted, timed and written down."""

import logging
from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import scoped
from billing.idempotency import parse_idempotency_key
from billing.selectors import credits_of
from processing.api.door import ApiView
from processing.api.request_ids import request_id_of
from processing.api.upload_gate import REFUSED_KEY
from processing.matting.errors import FileTooLarge
from processing.matting.errors import translatable as _
from processing.matting.header import ImageHeader
from processing.metrics import removal_seconds, removals
from processing.models import Origin
from processing.records import record_removal
from processing.services import RemovalRequest, RemovalResult, remove_background
from processing.slots import ServerBusy, in_flight

logger = logging.getLogger(__name__)

NOT_RECORDED = frozenset({401, 429})
"""Refusals that cost us nothing; writing each one down would let anyone fill the database."""


class RemovalView(ApiView, ABC):
    """POST an image, get it back without its background; a dialect reads the request and words the answer."""

    permission_classes: tuple[type[BasePermission], ...] = (scoped("remove"),)
    origin = Origin.API
    started: datetime
    input_bytes: int | None = None
    result: RemovalResult | None = None

    @abstractmethod
    def read_request(self, request: Request) -> RemovalRequest:
        """Return what was asked, in our own words; raise what is wrong with it."""

    @abstractmethod
    def answer(self, request: Request, result: RemovalResult) -> HttpResponse:
        """Return the image in the dialect's words."""

    def admit(self, header: ImageHeader) -> None:
        """Refuse a picture by its header."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Note the time; then the key, the permission and the rate."""
        self.started = timezone.now()
        super().initial(request, *args, **kwargs)

    def post(self, request: Request) -> HttpResponse:
        """Read the form, have the work done, and hand over the image."""
        with in_flight.enter(self.organization.pk, limit=self.account.plan.max_concurrency):
            removal = self.read_request(request)
            self.input_bytes = len(removal.picture) if isinstance(removal.picture, bytes) else None
            self.result = remove_background(removal, admit=self.admit)
        response = self.answer(request, self.result)
        response["X-Credits-Charged"] = str(self.result.credits_charged)
        self._add_credits_remaining(response)
        if self.result.is_replay:
            response["Idempotent-Replayed"] = "true"
        return response

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Count the answer and write it down."""
        response = super().finalize_response(request, response, *args, **kwargs)
        code = code_of(response)
        removals.labels(str(response.status_code), code).inc()
        if response.status_code == 200 and self.result is not None:
            removal_seconds.labels(self.result.model, self.result.quality).observe(self.took_ms() / 1000)
        if self.is_known and request.method == "POST" and response.status_code not in NOT_RECORDED:
            record_removal(
                organization=self.organization,
                api_key=self.caller,
                origin=self.origin,
                request_id=request_id_of(request._request),
                started=self.started,
                status=response.status_code,
                code=code,
                input_bytes=self.input_bytes,
                result=self.result,
            )
        return response

    def took_ms(self) -> int:
        """Whole milliseconds since the request began."""
        return max(0, round((timezone.now() - self.started).total_seconds() * 1000))

    def _add_credits_remaining(self, response: HttpResponse) -> None:
        """Say what is left; the image is paid for by now, so a database that fails here must not keep it back."""
        try:
            response["X-Credits-Remaining"] = str(credits_of(self.account.pk).available)
        except Exception:
            logger.exception("credits_remaining_unknown")


def idempotency_key_of(request: Request) -> str | None:
    """Return the caller's retry name, None without one; raise BadIdempotencyKey."""
    key = request.headers.get("Idempotency-Key")
    return None if key is None else parse_idempotency_key(key)


def code_of(response: HttpResponse) -> str:
    """Return the code of an error in either dialect's shape; empty for an image."""
    data = response.data if isinstance(response, Response) and isinstance(response.data, dict) else {}
    if data.get("errors"):
        return str(data["errors"][0].get("code", ""))
    return str(data.get("code", ""))


def refuse_early(request: Request, *, max_body_bytes: int, max_image_bytes: int) -> None:
    """Refuse what can be refused before reading the body."""
    meta = request._request.META
    if meta.get(REFUSED_KEY):
        raise ServerBusy(retry_after_s=2)
    is_chunked = "chunked" in meta.get("HTTP_TRANSFER_ENCODING", "").lower()
    length = meta.get("CONTENT_LENGTH") or "0"
    if not is_chunked and length.isascii() and length.isdigit() and int(length) > max_body_bytes:
        raise FileTooLarge(
            _("The upload is larger than %(limit)d bytes, the most one image may have."),
            values={"limit": max_image_bytes},
        )
