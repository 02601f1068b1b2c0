"""remove.bg's dialect: POST /v1.0/removebg, GET /v1.0/account, POST /v1.0/improve."""

import base64
import uuid
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import scoped
from billing.composition import composition_of
from billing.selectors import credits_of
from processing.api import megapixels, throttling
from processing.api.door import ApiView
from processing.api.json_body import JsonParser, JsonRenderer
from processing.api.pictures import address_of, decode_base64, file_of, is_urlencoded, refuse_large_fields, text_of
from processing.api.removal_view import RemovalView, idempotency_key_of, refuse_early
from processing.api.urlencoded_body import UrlencodedParser
from processing.api.v1_0_form import RemovebgForm
from processing.api.v1_0_refusals import (
    BadPictureAddress,
    InvalidBody,
    background_is_no_file,
    missing_source,
    multiple_bg_sources,
    multiple_shadow_params,
    multiple_sources,
)
from processing.api.v1_0_schema import describe_account, describe_improve, describe_removebg
from processing.fetching.errors import BadUrl
from processing.fetching.fetcher import check_url
from processing.matting.deadline import Deadline
from processing.matting.decode import open_file
from processing.matting.header import ImageHeader
from processing.matting.layout import Box
from processing.selectors import model_of
from processing.services import Picture, PictureAddress, RemovalRequest, RemovalResult, decode_limits

SOURCES = ("image_file", "image_file_b64", "image_url")
NOTHING_SEEN = Box(0, 0, 0, 0)


class RemovebgView(ApiView):
    """What the three endpoints share: bodies, the shape of JSON, and the rate in megapixels."""

    parser_classes = (MultiPartParser, UrlencodedParser, JsonParser)
    renderer_classes = (JsonRenderer,)
    charged_megapixels = 0

    def check_throttles(self, request: Request) -> None:
        """Refuse at once whose requests of the key or megapixels of this minute are used up.

        What the call costs in megapixels is not known yet.
        """
        if self.is_rate_limited:
            throttling.count_own_limit(request, self.api_key)
        megapixels.check(request, self.organization, self.account.plan, refuses=self.is_rate_limited)

    def charge_megapixels(self, header: ImageHeader) -> None:
        """Count the picture that was sent, as soon as its size is known."""
        self.charged_megapixels = megapixels.cost_of(header)
        megapixels.charge(self.request, self.organization, self.account.plan, self.charged_megapixels)

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Count one megapixel for a call that was refused before its picture was seen, but none for a refused rate."""
        if self.is_rate_limited and self.caller and not self.charged_megapixels and response.status_code in (400, 415):
            megapixels.charge(request, self.organization, self.account.plan, megapixels.LEAST)
        return super().finalize_response(request, response, *args, **kwargs)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Say which methods there are, to whoever asks."""
        return Response(headers={"Allow": ", ".join(self.allowed_methods)})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Ask nobody for a key who only asks for the methods."""
        if request.method != "OPTIONS":
            super().initial(request, *args, **kwargs)


@describe_removebg
class RemoveBackground(RemovebgView, RemovalView):
    """POST an image, get it back without its background."""

    form: RemovebgForm

    def read_request(self, request: Request) -> RemovalRequest:
        """Return what was asked, in our own words; raise what is wrong with it."""
        refuse_large_bodies(request)
        read_body(request)
        deadline = Deadline.after(settings.V1_0_ANSWER_WITHIN_S)
        picture = picture_of(request)
        self.form = RemovebgForm(data=request.data)
        self.form.is_valid(raise_exception=True)
        backdrop = self._backdrop_of(request)
        if self.form.has_two_shadows:
            raise multiple_shadow_params()
        return RemovalRequest(
            account=self.account,
            picture=picture,
            backdrop=backdrop,
            options=self.form.to_options(),
            model=model_of(self.organization.pk),
            limits=decode_limits(settings.V1_0_MAX_IMAGE_BYTES),
            api_key=self.caller,
            person=self.person,
            idempotency_key=idempotency_key_of(request),
            deadline=deadline,
        )

    def _backdrop_of(self, request: Request) -> Picture | None:
        file = file_of(request, "bg_image_file")
        if file is None and text_of(request, "bg_image_file"):
            raise background_is_no_file()
        address = address_of(request, "bg_image_url")
        if sum((file is not None, address is not None, self.form.has_background_colour)) > 1:
            raise multiple_bg_sources()
        return file if address is None else checked(address)

    def admit(self, header: ImageHeader) -> None:
        """Count the picture's megapixels."""
        self.charge_megapixels(header)

    def answer(self, request: Request, result: RemovalResult) -> HttpResponse:
        """Return the image, or JSON that holds it for who accepts nothing but JSON."""
        cutout = result.cutout
        subject = cutout.subject or NOTHING_SEEN
        places = {name: round(value) for name, value in subject._asdict().items()}
        if wants_json(request):
            facts = {f"foreground_{name}": places[name] for name in ("top", "left", "width", "height")}
            encoded = base64.b64encode(cutout.data).decode("ascii")
            response: HttpResponse = Response({"data": {"result_b64": encoded, **facts}})
        else:
            response = HttpResponse(cutout.data, content_type=cutout.content_type)
        if not self.form.leaves_type_out:
            # Nothing here tells kinds of subjects apart.
            response["X-Type"] = "other"
        response["X-Width"], response["X-Height"] = str(cutout.width), str(cutout.height)
        for name, value in places.items():
            response[f"X-Foreground-{name.capitalize()}"] = str(value)
        return response


@describe_account
class Account(RemovebgView):
    """What is left on the account; free, and outside the rate limit."""

    permission_classes = (scoped("account:read"),)
    is_rate_limited = False

    def get(self, request: Request) -> Response:
        """Return the account in remove.bg's words: what a plan brought, and all else, whoever bought or gave it."""
        left = credits_of(self.account.pk).available
        from_plan = sum(part.credits for part in composition_of(self.account) if part.source == "plan")
        subscription = min(from_plan, left)  # what is set aside for images in work may be the plan's, too
        credits = {"subscription": subscription, "payg": left - subscription, "enterprise": 0, "total": left}
        return Response({"data": {"attributes": {"credits": credits, "api": {"free_calls": 0, "sizes": "all"}}}})


@describe_improve
class Improve(RemovebgView):
    """Take an image that went wrong, as remove.bg's improvement programme did; here it is looked at and forgotten."""

    permission_classes = (scoped("remove"),)

    def post(self, request: Request) -> Response:
        """Check the image like one to be cut out, keep nothing, and give the call an id."""
        refuse_large_bodies(request)
        read_body(request)
        picture = picture_of(request)
        if isinstance(picture, bytes):
            self.charge_megapixels(open_file(picture, decode_limits(settings.V1_0_MAX_IMAGE_BYTES)).header)
        return Response({"id": str(uuid.uuid4())})


def refuse_large_bodies(request: Request) -> None:
    """Refuse a body that says it is larger than any that is taken."""
    refuse_early(request, max_body_bytes=settings.V1_0_MAX_BODY_BYTES, max_image_bytes=settings.V1_0_MAX_IMAGE_BYTES)


def read_body(request: Request) -> None:
    """Read the body, whatever it is; raise InvalidBody for JSON that is none or no object."""
    try:
        if not hasattr(request.data, "items"):
            raise InvalidBody
        refuse_large_fields(request, beside=("image_file_b64",))
    except UnsupportedMediaType:
        raise missing_source() from None
    except ParseError as error:
        if request.content_type.startswith("application/json"):
            raise InvalidBody from error
        raise


def picture_of(request: Request) -> Picture:
    """Return the one picture that was sent; raise the refusals of none, of several, and of an address that is none."""
    file, encoded, address = file_of(request, SOURCES[0]), text_of(request, SOURCES[1]), address_of(request, SOURCES[2])
    given = sum((file is not None, bool(encoded), address is not None))
    if not given:
        raise missing_source(has_text_for_file=bool(text_of(request, SOURCES[0])))
    if given > 1:
        raise multiple_sources()
    if file is not None:
        return file
    if address is not None:
        return checked(address)
    return decode_base64(encoded, max_bytes=settings.V1_0_MAX_IMAGE_BYTES, blanks_are_plus_signs=is_urlencoded(request))


def checked(address: PictureAddress) -> PictureAddress:
    """Return the address; raise BadPictureAddress where it is none that can be asked."""
    try:
        check_url(address.url)
    except BadUrl as error:
        raise BadPictureAddress(address.field) from error
    return address


def wants_json(request: Request) -> bool:
    """Whether the caller wants JSON more than an image or just anything (RFC 9110, section 12.5.1).

    axios names JSON and */* while it wants bytes: where both are wanted as much, bytes are given.
    """
    wanted_json, wanted_bytes = 0.0, 0.0
    for accepted in request._request.accepted_types:
        if str(accepted).partition(";")[0].lower() == "application/json":
            wanted_json = max(wanted_json, accepted.quality)
        elif accepted.main_type.lower() in ("*", "image") or accepted.sub_type.lower() == "zip":
            wanted_bytes = max(wanted_bytes, accepted.quality)
    return wanted_json > wanted_bytes
