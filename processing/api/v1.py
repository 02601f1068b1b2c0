"""Poof's dialect: POST /v1/remove, GET /v1/me."""

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import scoped
from billing.idempotency import parse_idempotency_key
from billing.selectors import credits_of
from processing.api.door import ApiView
from processing.api.fields import MissingImage, RemovalForm, image_bytes_of
from processing.api.request_ids import request_id_of
from processing.api.schema import describe_me, describe_remove
from processing.api.throttling import count_stranger
from processing.api.upload_gate import REFUSED_KEY
from processing.matting.errors import ImageTooLarge
from processing.metrics import removal_seconds, removals
from processing.records import record_removal
from processing.selectors import model_of
from processing.services import RemovalRequest, RemovalResult, remove_background
from processing.slots import ServerBusy, in_flight

logger = logging.getLogger(__name__)

NOT_RECORDED = frozenset({401, 429})
"""Refusals that cost us nothing; writing each one down would let anyone fill the database."""


@describe_remove
class RemoveBackground(ApiView):
    """POST an image, get it back without its background."""

    permission_classes = (scoped("remove"),)
    parser_classes = (MultiPartParser, FormParser)
    started: datetime
    input_bytes: int | None = None
    result: RemovalResult | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Note the time; then the key, the permission and the rate."""
        self.started = timezone.now()
        super().initial(request, *args, **kwargs)

    def post(self, request: Request) -> HttpResponse:
        """Read the form, have the work done, and hand over the image."""
        with in_flight.enter(self.api_key.organization_id, limit=self.account.plan.max_concurrency):
            self.result = remove_background(self._read_request(request))
        return self._image_response(self.result)

    def _read_request(self, request: Request) -> RemovalRequest:
        _refuse_early(request)
        try:
            image_bytes = image_bytes_of(request)
        except UnsupportedMediaType:
            raise MissingImage from None
        self.input_bytes = len(image_bytes)
        form = RemovalForm(data=request.data)
        form.is_valid(raise_exception=True)
        key = request.headers.get("Idempotency-Key")
        return RemovalRequest(
            account=self.account,
            image_bytes=image_bytes,
            options=form.to_options(),
            model=form.asked_model or model_of(self.api_key.organization_id),
            idempotency_key=None if key is None else parse_idempotency_key(key),
        )

    def _image_response(self, result: RemovalResult) -> HttpResponse:
        cutout = result.cutout
        response = HttpResponse(cutout.data, content_type=cutout.content_type)
        response["X-Processing-Time-Ms"] = str(self._took_ms())
        response["X-Image-Width"] = str(cutout.width)
        response["X-Image-Height"] = str(cutout.height)
        response["X-Credits-Charged"] = str(result.credits_charged)
        self._add_credits_remaining(response)
        response["X-Matte-Confidence"] = f"{cutout.matte_confidence:.4f}"
        response["X-Matte-Ambiguous-Ratio"] = f"{cutout.matte_ambiguous_ratio:.4f}"
        response["X-Model"] = result.model
        response["X-Quality"] = result.quality
        if result.is_replay:
            response["Idempotent-Replayed"] = "true"
        return response

    def _add_credits_remaining(self, response: HttpResponse) -> None:
        """Say what is left; the image is paid for by now, so a database that fails here must not keep it back."""
        try:
            response["X-Credits-Remaining"] = str(credits_of(self.account.pk).available)
        except Exception:
            logger.exception("credits_remaining_unknown")

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Count the answer and write it down."""
        response = super().finalize_response(request, response, *args, **kwargs)
        code = response.data.get("code", "") if isinstance(response, Response) else ""
        removals.labels(str(response.status_code), code).inc()
        if response.status_code == 200 and self.result is not None:
            removal_seconds.labels(self.result.model, self.result.quality).observe(self._took_ms() / 1000)
        if self.caller is not None and request.method == "POST" and response.status_code not in NOT_RECORDED:
            record_removal(
                api_key=self.caller,
                request_id=request_id_of(request._request),
                started=self.started,
                status=response.status_code,
                code=code,
                input_bytes=self.input_bytes,
                result=self.result,
            )
        return response

    def _took_ms(self) -> int:
        return max(0, round((timezone.now() - self.started).total_seconds() * 1000))


@describe_me
class Me(ApiView):
    """What is left on the account; free, and outside the rate limit."""

    permission_classes = (scoped("account:read"),)
    is_rate_limited = False

    def get(self, request: Request) -> Response:
        """Return the account in Poof's words: maxCredits - usedCredits is what is left."""
        credits = credits_of(self.account.pk)
        return Response(
            {
                "organizationId": self.api_key.organization.public_id,
                "plan": self.account.plan.name,
                "maxCredits": credits.granted,
                "usedCredits": credits.used,
                "autoRechargeThreshold": self.account.auto_recharge_threshold,
            }
        )


class NoSuchEndpoint(ApiView):
    """Any other address below /v1/: 404 for everybody, counted by address."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def perform_authentication(self, request: Request) -> None:
        """Nobody needs a key to be told that there is nothing here."""

    def check_throttles(self, request: Request) -> None:
        """Count the caller's address."""
        count_stranger(request)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Say 404 whatever the method."""
        raise Http404


def _refuse_early(request: Request) -> None:
    """Refuse what can be refused before reading the body."""
    meta = request._request.META
    if meta.get(REFUSED_KEY):
        raise ServerBusy(retry_after_s=2)
    is_chunked = "chunked" in meta.get("HTTP_TRANSFER_ENCODING", "").lower()
    length = meta.get("CONTENT_LENGTH") or "0"
    if not is_chunked and length.isascii() and length.isdigit() and int(length) > settings.MAX_BODY_BYTES:
        raise ImageTooLarge(f"The upload is larger than {settings.MAX_IMAGE_BYTES} bytes, the most one image may have.")
