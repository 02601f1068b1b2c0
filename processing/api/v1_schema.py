"""The OpenAPI description of the v1 dialect (drf-spectacular)."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from processing.api.describing import (
    CREDIT_HEADERS,
    IDEMPOTENCY_KEY,
    RATE_HEADERS,
    REQUEST_ID,
    AddressText,
    Base64Text,
    ColourText,
    FilePart,
    header,
    phrase,
)
from processing.api.form_fields import AnyField
from processing.api.v1_form import LARGEST_SIDE_PX, RemovalForm


class ErrorBody(serializers.Serializer[Any]):
    """The one shape of every v1 error."""

    code = serializers.CharField(help_text="Stable; programs decide by it.")
    message = serializers.CharField(help_text="For people.")
    details = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="Field to its faults."
    )
    request_id = serializers.CharField(help_text="The same as the X-Request-ID header; support asks for it.")
    doc_url = serializers.URLField(help_text="A page that explains the error and the way out.")


class MeBody(serializers.Serializer[Any]):
    """The account: maxCredits - usedCredits is what is left."""

    organizationId = serializers.CharField()  # noqa: N815 - Poof's spelling
    plan = serializers.CharField()
    maxCredits = serializers.IntegerField()  # noqa: N815
    usedCredits = serializers.IntegerField()  # noqa: N815
    autoRechargeThreshold = serializers.IntegerField(allow_null=True)  # noqa: N815


_FORM = RemovalForm().fields
_SHARE = r"(\d{1,2}(\.\d{1,6})?%|100%|0?\.\d{1,6}|0|1)"


class RemovalFields(RemovalForm):
    """The form without the image, as a caller writes it."""

    bg_color = ColourText(default="white", help_text=_FORM["bg_color"].help_text)
    crop: AnyField = phrase(r"^([Tt]rue|[Ff]alse|0|1|[1-9]\d{0,2}:[1-9]\d{0,2})$")(
        default="false", help_text=_FORM["crop"].help_text
    )
    padding: AnyField = phrase(rf"^{_SHARE}(,{_SHARE})?$")(required=False, help_text=_FORM["padding"].help_text)
    crop_margin: AnyField = phrase(r"^(0|\d{1,3}px|\d{1,2}%)( (0|\d{1,3}px|\d{1,2}%)){0,3}$")(
        required=False, help_text=_FORM["crop_margin"].help_text
    )
    width: AnyField = serializers.IntegerField(
        min_value=1, max_value=LARGEST_SIDE_PX, required=False, help_text=_FORM["width"].help_text
    )
    height: AnyField = serializers.IntegerField(
        min_value=1, max_value=LARGEST_SIDE_PX, required=False, help_text=_FORM["height"].help_text
    )


class RemovalText(RemovalFields):
    """The form of urlencoded bodies: the image as text or by its address."""

    image_file_b64 = Base64Text(required=False, help_text="The image as base64 text, or a data URI of it.")
    image_url = AddressText(
        required=False, help_text="The image's public address, http or https; alias: url. The last that counts."
    )


class RemovalUpload(RemovalText):
    """The form of multipart bodies."""

    image_file = FilePart(required=False, help_text="JPEG, PNG or WebP; alias: file. The first that counts.")


_ANSWER_HEADERS = [
    REQUEST_ID,
    header("X-Processing-Time-Ms", OpenApiTypes.INT, "Whole milliseconds."),
    header("X-Image-Width", OpenApiTypes.INT, "Of the delivered image, in pixels."),
    header("X-Image-Height", OpenApiTypes.INT, "Of the delivered image, in pixels."),
    *CREDIT_HEADERS,
    header(
        "X-Matte-Confidence",
        OpenApiTypes.FLOAT,
        "0..1: the overlap (IoU) with the true subject to expect; 0 when no subject was found.",
    ),
    header("X-Matte-Ambiguous-Ratio", OpenApiTypes.FLOAT, "0..1: share of pixels with alpha between 0.1 and 0.9."),
    header("X-Model", OpenApiTypes.STR, "The model that ran."),
    header("X-Quality", OpenApiTypes.STR, "The quality it ran in: fast, standard or best."),
    *RATE_HEADERS,
]
_ERRORS = dict.fromkeys((400, 401, 402, 403, 404, 405, 409, 422, 429, 500, 503), ErrorBody)

describe_remove = extend_schema_view(
    post=extend_schema(
        operation_id="removeBackground",
        summary="Remove the background of an image",
        request={
            "multipart/form-data": RemovalUpload,
            "application/x-www-form-urlencoded": RemovalText,
        },
        parameters=[IDEMPOTENCY_KEY, *_ANSWER_HEADERS],
        responses={
            (200, "image/png"): OpenApiTypes.BINARY,
            (200, "image/jpeg"): OpenApiTypes.BINARY,
            (200, "image/webp"): OpenApiTypes.BINARY,
            **{(status, "application/json"): body for status, body in _ERRORS.items()},
        },
    )
)
describe_me = extend_schema_view(
    get=extend_schema(
        operation_id="getAccount",
        summary="See what is left on the account",
        responses={200: MeBody, 401: ErrorBody, 403: ErrorBody, 405: ErrorBody, 429: ErrorBody, 503: ErrorBody},
    )
)


def tell_that_one_picture_will_do(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add to the description, as its last step, that at least one of the fields that hold an image is needed."""
    for name in ("RemovalUpload", "RemovalText"):
        schema = result["components"]["schemas"][name]
        sources = [field for field in ("image_file", "image_file_b64", "image_url") if field in schema["properties"]]
        schema["anyOf"] = [{"required": [field]} for field in sources]
    return result
