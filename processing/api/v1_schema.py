"""The OpenAPI description of the v1 dialect (drf-spectacular)."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers

from processing.api.describing import (
    AT_MOST_100,
    CREDIT_HEADERS,
    IDEMPOTENCY_KEY,
    NUMBER,
    RATE_HEADERS,
    REPLAYED,
    REQUEST_ID,
    ZERO,
    AddressText,
    Base64Text,
    ColourText,
    FilePart,
    header,
    one_of,
    phrase,
    tell_that_empty_means_absent,
    tell_that_pictures_are_said,
    with_a_picture_in,
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


SOURCES = ("image_file", "image_file_b64", "image_url")
_FORM = RemovalForm().fields
_SHARE = rf"({AT_MOST_100}%|{ZERO}|0?\.[0-9]{{1,9}}|1(\.0{{1,9}})?)"
_MARGIN = rf"({AT_MOST_100}%|{NUMBER}[pP][xX]|{ZERO})"


class RemovalFields(RemovalForm):
    """The form without the image, as a caller writes it."""

    bg_color = ColourText(default="white", help_text=_FORM["bg_color"].help_text)
    crop: AnyField = phrase(r"[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|0|1|[1-9][0-9]{0,4}:[1-9][0-9]{0,4}", "crop")(
        default="false", help_text=_FORM["crop"].help_text
    )
    padding: AnyField = phrase(rf"{_SHARE}(\s*,\s*{_SHARE})?")(required=False, help_text=_FORM["padding"].help_text)
    crop_margin: AnyField = phrase(rf"{_MARGIN}(\s+{_MARGIN}){{0,3}}")(
        required=False, help_text=_FORM["crop_margin"].help_text
    )
    width: AnyField = serializers.IntegerField(
        min_value=1, max_value=LARGEST_SIDE_PX, required=False, help_text=_FORM["width"].help_text
    )
    height: AnyField = serializers.IntegerField(
        min_value=1, max_value=LARGEST_SIDE_PX, required=False, help_text=_FORM["height"].help_text
    )


class RemovalByText(RemovalFields):
    """The form with its image as text, which counts before an address."""

    image_file_b64 = Base64Text(help_text="The image as base64 text, or a data URI of it.")


class RemovalByAddress(RemovalFields):
    """The form with the address of its image."""

    image_url = AddressText(help_text="The image's public address, http or https; alias: url.")


class RemovalUpload(RemovalFields):
    """The form of multipart bodies, where a file counts before text, and that before an address."""

    image_file = FilePart(required=False, help_text="JPEG, PNG or WebP; alias: file.")
    image_file_b64 = Base64Text(required=False, help_text="The image as base64 text, or a data URI of it.")
    image_url = AddressText(required=False, help_text="The image's public address, http or https; alias: url.")


RemovalText = one_of("RemovalText", [RemovalByText, RemovalByAddress])

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
    REPLAYED,
    *RATE_HEADERS,
]
_ERRORS = dict.fromkeys((400, 401, 402, 403, 404, 405, 409, 415, 422, 429, 500, 503), ErrorBody)

describe_remove = extend_schema_view(
    post=extend_schema(
        operation_id="removeBackground",
        summary="Remove the background of an image",
        description="Send one photo as a file, as base64 text or by its public address, and get the cutout itself as "
        "the body of the answer. One delivered image costs one credit, whatever its size; a refused or failed one "
        "costs nothing. Unknown fields are ignored, and empty ones mean the default.",
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
        description="`maxCredits - usedCredits` is what is left; images in work count as used until they are "
        "delivered. Free, and outside the rate limit. The key needs the scope `account:read`.",
        examples=[
            OpenApiExample(
                "An account",
                value={
                    "organizationId": "org_8sTjKq2vYxWm4RzLb0Na",
                    "plan": "Free",
                    "maxCredits": 100,
                    "usedCredits": 3,
                    "autoRechargeThreshold": None,
                },
                response_only=True,
                status_codes=["200"],
            )
        ],
        responses={200: MeBody, 401: ErrorBody, 403: ErrorBody, 405: ErrorBody, 429: ErrorBody, 503: ErrorBody},
    )
)


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add to the description, as its last step, what serializers cannot say."""
    schemas = result["components"]["schemas"]
    for kind in (RemovalUpload, RemovalByText, RemovalByAddress):
        tell_that_empty_means_absent(schemas[kind.__name__])
    # More than one picture is no fault here: one of them counts.
    schemas["RemovalText"]["anyOf"] = schemas["RemovalText"].pop("oneOf")
    schemas["RemovalUpload"]["anyOf"] = with_a_picture_in(*SOURCES)
    tell_that_pictures_are_said(schemas, ["RemovalByText", "RemovalByAddress"])
    result["paths"]["/v1/remove"]["post"]["requestBody"]["required"] = True
    return result
