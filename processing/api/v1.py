"""Poof's dialect: POST /v1/remove, GET /v1/me."""

from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import UnsupportedMediaType, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import ServiceError
from accounts.permissions import scoped
from billing.selectors import credits_of
from processing.api.door import ApiView
from processing.api.pictures import address_of, decode_base64, file_of, is_urlencoded, refuse_large_fields, text_of
from processing.api.removal_view import RemovalView, idempotency_key_of, refuse_early
from processing.api.urlencoded_body import UrlencodedParser
from processing.api.v1_form import SIZES, SIZES_IN_MEGAPIXELS, RemovalForm
from processing.api.v1_schema import describe_me, describe_remove
from processing.fetching.errors import BadUrl
from processing.fetching.fetcher import check_url
from processing.selectors import model_of, speaks_megapixels
from processing.services import Picture, PictureAddress, RemovalRequest, RemovalResult, decode_limits

FILE_FIELDS = ("image_file", "file")
BASE64_FIELD = "image_file_b64"
ADDRESS_FIELDS = ("image_url", "url")


class MissingImage(ServiceError):
    """A call for a cutout without an image."""

    code, status, is_our_fault = "missing_image", 400, False
    public_text = (
        "No image was sent. Send the photo as the file part `image_file` of a multipart/form-data body, "
        'for example: curl -F "image_file=@photo.jpg". Base64 text in `image_file_b64` and a public address in '
        "`image_url` will do, too."
    )


NO_FORM = (
    "The body is no form, so no image was found in it. Send multipart/form-data, for example: "
    'curl -F "image_file=@photo.jpg"; or application/x-www-form-urlencoded with `image_url`. JSON is read by '
    "POST /v1.0/removebg only."
)


@describe_remove
class RemoveBackground(RemovalView):
    """POST an image, get it back without its background."""

    parser_classes = (MultiPartParser, UrlencodedParser)

    def read_request(self, request: Request) -> RemovalRequest:
        """Return what was asked, in our own words; raise what is wrong with it."""
        refuse_early(request, max_body_bytes=settings.MAX_BODY_BYTES, max_image_bytes=settings.MAX_IMAGE_BYTES)
        try:
            refuse_large_fields(request, beside=(BASE64_FIELD,))
            picture = picture_of(request)
        except UnsupportedMediaType:
            raise MissingImage(NO_FORM) from None
        form = RemovalForm(data=request.data)
        form.is_valid(raise_exception=True)
        organization_id = self.organization.pk
        return RemovalRequest(
            account=self.account,
            picture=picture,
            options=form.to_options(SIZES_IN_MEGAPIXELS if speaks_megapixels(organization_id) else SIZES),
            model=form.asked_model or model_of(organization_id),
            limits=decode_limits(),
            api_key=self.caller,
            person=self.person,
            idempotency_key=idempotency_key_of(request),
        )

    def answer(self, request: Request, result: RemovalResult) -> HttpResponse:
        """Return the image in Poof's words."""
        cutout = result.cutout
        response = HttpResponse(cutout.data, content_type=cutout.content_type)
        response["X-Processing-Time-Ms"] = str(self.took_ms())
        response["X-Image-Width"] = str(cutout.width)
        response["X-Image-Height"] = str(cutout.height)
        response["X-Matte-Confidence"] = f"{cutout.matte_confidence:.4f}"
        response["X-Matte-Ambiguous-Ratio"] = f"{cutout.matte_ambiguous_ratio:.4f}"
        response["X-Model"] = result.model
        response["X-Quality"] = result.quality
        return response


def picture_of(request: Request) -> Picture:
    """Return the picture that was sent: a file counts before base64 text, and that before an address.

    Raises MissingImage where there is none, BadUrl for an address that is none.
    """
    for name in FILE_FIELDS:
        file = file_of(request, name)
        if file is not None:
            return file
    encoded = text_of(request, BASE64_FIELD)
    if encoded:
        return decode_base64(encoded, max_bytes=settings.MAX_IMAGE_BYTES, blanks_are_plus_signs=is_urlencoded(request))
    for name in ADDRESS_FIELDS:
        address = address_of(request, name)
        if address is not None:
            return _checked(address)
    for name in FILE_FIELDS:
        if name in request.data:
            raise MissingImage(details={name: ["must be a file part with a file name, not text."]})
    raise MissingImage


def _checked(address: PictureAddress) -> PictureAddress:
    try:
        check_url(address.url)
    except BadUrl as error:
        raise ValidationError({address.field: [error.public_text]}) from error
    return address


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
