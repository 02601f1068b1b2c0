"""POST /trial/remove: a few small previews for people without an account, who pay nothing and wait for everybody."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.errors import PermissionRefused
from billing import free_usage
from billing.free_usage_models import FreeKind
from processing.api import throttling
from processing.api.door import IgnoreAccept
from processing.api.pictures import file_of
from processing.api.removal_view import code_of, refuse_early
from processing.api.v1 import MissingImage
from processing.metrics import free_calls, trial_previews
from processing.playground.downloading import AsDownload
from processing.playground.forgery import refuse_forged
from processing.services import preview


class TrialClosed(PermissionRefused):
    """The operator gives no previews to strangers."""

    def __init__(self) -> None:
        super().__init__(_("There are no previews without an account here. Log in or sign up to go on."))


class PreviewForStrangers(APIView):
    """POST an image, get a small cutout; counted by address and for the whole server, never by the ledger."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (MultiPartParser,)
    content_negotiation_class = IgnoreAccept
    metadata_class = None
    schema = None

    def check_throttles(self, request: Request) -> None:
        """Refuse, before the body is read, whoever comes too often or had all their previews."""
        if not settings.TRIAL_OPEN:
            raise TrialClosed
        throttling.count_stranger(request)
        throttling.look_at_trial(request)
        free_usage.require_preview_budget()

    def post(self, request: Request) -> HttpResponse:
        """Return the preview; only what is worked on counts as one."""
        self.refuse_forged(request)
        refuse_early(request, max_body_bytes=settings.MAX_BODY_BYTES, max_image_bytes=settings.MAX_IMAGE_BYTES)
        self.refuse_forged_body(request)
        picture = file_of(request, "image_file")
        if picture is None:
            raise MissingImage
        cutout = preview(
            picture, side_px=settings.TRIAL_PREVIEW_SIDE_PX, admit=lambda _header: self._count_preview(request)
        )
        return HttpResponse(cutout.data, content_type=cutout.content_type)

    def refuse_forged(self, request: Request) -> None:
        """Raise PageTooOld for a request that no page of ours has made; never read the body."""
        refuse_forged(request)

    def refuse_forged_body(self, request: Request) -> None:
        """Check what only the body shows: nothing, where a header holds the token."""

    def _count_preview(self, request: Request) -> None:
        throttling.count_trial(request)
        free_usage.reserve_preview()
        free_calls.labels(FreeKind.PREVIEW.value, "counted").inc()

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Count the answer for the operator."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        trial_previews.labels(str(response.status_code), code_of(response)).inc()
        return response


class PreviewDownload(AsDownload, PreviewForStrangers):
    """The same for a plain form."""

    page = "front"
