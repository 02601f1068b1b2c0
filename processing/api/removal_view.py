"""What the cutout endpoints of both dialects share: one paid request, counted, timed and written down."""

import logging
from abc import ABC, abstractmethod
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import ServiceError
from accounts.models import ApiKey, User
from accounts.permissions import scoped
from billing.idempotency import parse_idempotency_key
from billing.selectors import credits_of
from processing.api.door import ApiView
from processing.api.request_ids import request_id_of
from processing.api.upload_gate import take_place
from processing.cutout_names import name_beside
from processing.history.keeping import Delivered, keep_afterwards
from processing.matting.errors import FileTooLarge
from processing.matting.errors import translatable as _
from processing.matting.header import MIB, ImageHeader
from processing.metrics import removal_seconds, removals
from processing.models import Origin
from processing.records import record_removal
from processing.services import Picture, PictureAddress, RemovalRequest, RemovalResult, remove_background
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
    photo_name = ""
    is_test = False
    result: RemovalResult | None = None

    @property
    def person(self) -> User | None:
        """Who asks, where it is a person and not a program."""
        return None

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
            self.photo_name, self.is_test = name_of(removal.picture, request), removal.is_test
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
        if response.status_code == 200 and self.result is not None and not self.is_test:
            keep_afterwards(response, partial(self._delivered, self.result, request_id_of(request._request)))
        return response

    def _delivered(self, result: RemovalResult, request_id: str) -> Delivered:
        """Return what the organization's history may keep."""
        return Delivered(
            organization=self.organization,
            person=self.person,
            api_key=self.caller,
            origin=self.origin,
            request_id=request_id,
            file_name=name_beside(self.photo_name, result.cutout.content_type),
            cutout=result.cutout,
        )

    def took_ms(self) -> int:
        """Whole milliseconds since the request began."""
        return max(0, round((timezone.now() - self.started).total_seconds() * 1000))

    def _add_credits_remaining(self, response: HttpResponse) -> None:
        """Say what is left; the image is paid for by now, so a database that fails here must not keep it back."""
        try:
            response["X-Credits-Remaining"] = str(credits_of(self.account.pk).available)
        except Exception:
            logger.exception("credits_remaining_unknown")


def name_of(picture: Picture, request: Request) -> str:
    """Return what the photo is called where its caller has it; empty for one without a name."""
    if isinstance(picture, PictureAddress):
        return PurePosixPath(urlsplit(picture.url).path).name
    upload = request.FILES.get("image_file") or request.FILES.get("file")
    return (upload.name or "") if isinstance(upload, UploadedFile) else ""


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


class UnsupportedContentEncoding(ServiceError):
    """The body says that it is compressed (RFC 9110, section 15.5.16)."""

    code, status, is_our_fault = "unsupported_content_encoding", 415, False
    public_text = _("The request body is compressed. Send it as it is, without the header Content-Encoding.")


def refuse_early(request: Request, *, max_body_bytes: int, max_image_bytes: int, owner: str | None = None) -> None:
    """Refuse what can be refused before reading the body, and take a place for it; raise ServerBusy without one.

    Raises UnsupportedContentEncoding and FileTooLarge by the headers. The place is the `owner`'s; without one named,
    that of the key's organization, else the address's.
    """
    meta = request._request.META
    codings = {word.strip().lower() for word in meta.get("HTTP_CONTENT_ENCODING", "").split(",")}
    if not codings <= {"", "identity"}:
        raise UnsupportedContentEncoding
    is_chunked = "chunked" in meta.get("HTTP_TRANSFER_ENCODING", "").lower()
    length = meta.get("CONTENT_LENGTH") or "0"
    if not is_chunked and length.isascii() and length.isdigit() and int(length) > max_body_bytes:
        raise FileTooLarge(
            _("The upload is larger than %(limit)g MB, the most one image may have."),
            values={"limit": max_image_bytes / MIB},
        )
    if not take_place(meta, owner=owner or _organization_of(request)):
        raise ServerBusy(retry_after_s=2)


def _organization_of(request: Request) -> str | None:
    return f"organization {request.auth.organization_id}" if isinstance(request.auth, ApiKey) else None
