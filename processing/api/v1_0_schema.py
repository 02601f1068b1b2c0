"""The OpenAPI description of the v1.0 dialect (drf-spectacular)."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
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
    SwitchWord,
    field_like,
    header,
    one_of,
    phrase,
    tell_that_empty_means_absent,
    tell_that_pictures_are_said,
    text_like,
    with_a_picture_in,
)
from processing.api.form_fields import AnyField
from processing.api.v1_0_form import RemovebgForm

SOURCES = ("image_file", "image_file_b64", "image_url")
_FORM = RemovebgForm().fields
_LENGTH = rf"({NUMBER}([pP][xX]|%)|{ZERO})"
_SCALE = r"0{0,6}([1-9][0-9](\.[0-9]{1,9})?|100(\.0{1,9})?)"
_PERCENT = rf"({AT_MOST_100}%|{ZERO})"


_MARGINS = rf"{_LENGTH}((\s+{_LENGTH})?|(\s+{_LENGTH}){{3}})"
_POSITION = rf"[Oo]riginal|[Cc]enter|{_PERCENT}(\s+{_PERCENT})?"
_OPACITY = r"[Aa]uto|0?[0-9]{1,2}(\.[0-9]{1,6})?|100(\.0{1,6})?"


class ErrorRow(serializers.Serializer[Any]):
    """One thing that is wrong."""

    title = serializers.CharField(help_text="For people.")
    code = serializers.CharField(help_text="Stable; programs decide by it.")
    detail = serializers.CharField(required=False, help_text="More of it, in our own words.")


class ErrorsBody(serializers.Serializer[Any]):
    """The one shape of every v1.0 error."""

    errors = ErrorRow(many=True)  # type: ignore[assignment]  # a field, not the property of that name


class ResultData(serializers.Serializer[Any]):
    """The image as base64 text, and where the subject is in it, in pixels."""

    result_b64 = serializers.CharField()
    foreground_top = serializers.IntegerField()
    foreground_left = serializers.IntegerField()
    foreground_width = serializers.IntegerField()
    foreground_height = serializers.IntegerField()


class ResultBody(serializers.Serializer[Any]):
    """The answer to who accepts JSON alone."""

    data = ResultData()  # type: ignore[assignment]


class AccountCredits(serializers.Serializer[Any]):
    """Credits by how they were paid; here all of them count as paid as one goes."""

    subscription = serializers.IntegerField()
    payg = serializers.IntegerField()
    enterprise = serializers.IntegerField()
    total = serializers.IntegerField()


class AccountApi(serializers.Serializer[Any]):
    """Free calls, of which there are none beside credits."""

    free_calls = serializers.IntegerField()
    sizes = serializers.CharField(help_text="Always all.")


class AccountAttributes(serializers.Serializer[Any]):
    """What is left."""

    credits = AccountCredits()
    api = AccountApi()


class AccountData(serializers.Serializer[Any]):
    """The envelope of the attributes."""

    attributes = AccountAttributes()


class AccountBody(serializers.Serializer[Any]):
    """The account."""

    data = AccountData()  # type: ignore[assignment]


class ImproveBody(serializers.Serializer[Any]):
    """What the call is called from now on."""

    id = serializers.UUIDField()


class SourceText(serializers.Serializer[Any]):
    """The image as text."""

    image_file_b64 = Base64Text(help_text="The image as base64 text, or a data URI of it.")


class SourceAddress(serializers.Serializer[Any]):
    """The image by its address."""

    image_url = AddressText(help_text="The image's public address, http or https.")


class SourceParts(serializers.Serializer[Any]):
    """The image, in exactly one of these."""

    image_file = FilePart(required=False, help_text="JPEG, PNG or WebP.")
    image_file_b64 = Base64Text(required=False, help_text="The image as base64 text, or a data URI of it.")
    image_url = AddressText(required=False, help_text="The image's public address, http or https.")


class RemovebgFields(RemovebgForm):
    """The form without the image, as a caller writes it."""

    type: AnyField = serializers.CharField(required=False, help_text=_FORM["type"].help_text)
    type_level: AnyField = serializers.CharField(required=False, help_text=_FORM["type_level"].help_text)
    roi: AnyField = phrase(rf"{_LENGTH}(\s+{_LENGTH}){{3}}", "region")(required=False, help_text=_FORM["roi"].help_text)
    crop: AnyField = SwitchWord(default="false", help_text=_FORM["crop"].help_text)
    crop_margin: AnyField = phrase(_MARGINS)(required=False, help_text=_FORM["crop_margin"].help_text)
    scale: AnyField = phrase(rf"[Oo]riginal|{_SCALE}%")(required=False, help_text=_FORM["scale"].help_text)
    position: AnyField = phrase(_POSITION)(required=False, help_text=_FORM["position"].help_text)
    add_shadow: AnyField = SwitchWord(default="false", help_text=_FORM["add_shadow"].help_text)
    shadow_type: AnyField = serializers.ChoiceField(
        ("none", "auto", "car", "3D", "drop"), required=False, help_text=_FORM["shadow_type"].help_text
    )
    shadow_opacity: AnyField = phrase(_OPACITY)(required=False, help_text=_FORM["shadow_opacity"].help_text)
    semitransparency: AnyField = SwitchWord(default="true", help_text=_FORM["semitransparency"].help_text)
    bg_color = ColourText(required=False, help_text=_FORM["bg_color"].help_text)
    bg_image_url = AddressText(
        required=False, help_text="The public address of a picture to put behind, centred and filling the canvas."
    )


class RemovebgParts(SourceParts, RemovebgFields):
    """The form of multipart bodies."""

    bg_image_file = FilePart(required=False, help_text="A picture to put behind, centred and filling the canvas.")


class RemovebgByText(SourceText, RemovebgFields):
    """The form with its image as text."""


class RemovebgByAddress(SourceAddress, RemovebgFields):
    """The form with the address of its image."""


@extend_schema_field({"enum": [True, False, "true", "false", "0", "1", 0, 1]})
class SwitchOrWord(serializers.BooleanField):
    """true, false, or the same as text or number."""


_STYLES = ["none", "auto", "car", "3D", "drop"]
_BARE_ZERO = {"enum": [0]}
_WHOLE_PERCENT = {"type": "integer", "minimum": 0, "maximum": 100}


def _in_json(field: str, *kinds: dict[str, Any]) -> serializers.CharField:
    """Return the description of a field that JSON may write in several ways."""
    return field_like({"anyOf": list(kinds)})(required=False, help_text=_FORM[field].help_text)


class RemovebgJsonFields(RemovebgFields):
    """The form without the image, as JSON."""

    type: AnyField = _in_json("type", {})
    type_level: AnyField = _in_json("type_level", {})
    crop: AnyField = SwitchOrWord(default=False, help_text=_FORM["crop"].help_text)
    crop_margin: AnyField = _in_json("crop_margin", text_like(_MARGINS), _BARE_ZERO)
    position: AnyField = _in_json("position", text_like(_POSITION), _BARE_ZERO)
    add_shadow: AnyField = SwitchOrWord(default=False, help_text=_FORM["add_shadow"].help_text)
    shadow_type: AnyField = _in_json(
        "shadow_type",
        {"enum": _STYLES},
        {"type": "object", "additionalProperties": {"enum": [*_STYLES, "", None]}},
    )
    shadow_opacity: AnyField = _in_json(
        "shadow_opacity",
        text_like(_OPACITY),
        _WHOLE_PERCENT,
        {"type": "object", "additionalProperties": {"anyOf": [text_like(_OPACITY), _WHOLE_PERCENT, {"enum": [None]}]}},
    )
    semitransparency: AnyField = SwitchOrWord(default=True, help_text=_FORM["semitransparency"].help_text)


class RemovebgJsonByText(SourceText, RemovebgJsonFields):
    """JSON with the image as text."""


class RemovebgJsonByAddress(SourceAddress, RemovebgJsonFields):
    """JSON with the address of the image."""


RemovebgText = one_of("RemovebgText", [RemovebgByText, RemovebgByAddress])
RemovebgJson = one_of("RemovebgJson", [RemovebgJsonByText, RemovebgJsonByAddress])
ImproveText = one_of("ImproveText", [SourceText, SourceAddress])

_ANSWER_HEADERS = [
    REQUEST_ID,
    header(
        "X-Type", OpenApiTypes.STR, "Always other: kinds of subjects are not told apart. Absent for type_level=none."
    ),
    header("X-Width", OpenApiTypes.INT, "Of the delivered image, in pixels."),
    header("X-Height", OpenApiTypes.INT, "Of the delivered image, in pixels."),
    *CREDIT_HEADERS,
    *(
        header(f"X-Foreground-{name}", OpenApiTypes.INT, "Of the subject in the delivered image, in pixels.")
        for name in ("Top", "Left", "Width", "Height")
    ),
    REPLAYED,
    *RATE_HEADERS,
]


def _errors(*statuses: int) -> dict[tuple[int, str], Any]:
    return {(status, "application/json"): ErrorsBody for status in statuses}


describe_removebg = extend_schema_view(
    post=extend_schema(
        operation_id="removebg",
        summary="Remove the background of an image, in remove.bg's words",
        description="Send exactly one of `image_file`, `image_file_b64` and `image_url`, and get the picture, or JSON "
        "where `Accept` names `application/json` alone. One delivered image costs one credit, previews too; a refused "
        "or failed one costs nothing. Clients of remove.bg work with this server's address and one of its keys.",
        examples=[
            OpenApiExample(
                "With Accept: application/json",
                value={
                    "data": {
                        "result_b64": "iVBORw0KGgoAAAANSUhEUgAA...",
                        "foreground_top": 12,
                        "foreground_left": 40,
                        "foreground_width": 412,
                        "foreground_height": 608,
                    }
                },
                response_only=True,
                media_type="application/json",
                status_codes=["200"],
            )
        ],
        request={
            "multipart/form-data": RemovebgParts,
            "application/json": RemovebgJson,
            "application/x-www-form-urlencoded": RemovebgText,
        },
        parameters=[IDEMPOTENCY_KEY, *_ANSWER_HEADERS],
        responses={
            (200, "image/png"): OpenApiTypes.BINARY,
            (200, "image/jpeg"): OpenApiTypes.BINARY,
            (200, "image/webp"): OpenApiTypes.BINARY,
            (200, "application/zip"): OpenApiTypes.BINARY,
            (200, "application/json"): ResultBody,
            **_errors(400, 402, 403, 405, 409, 415, 422, 429, 500, 503),
        },
    )
)
describe_account = extend_schema_view(
    get=extend_schema(
        operation_id="removebgAccount",
        summary="See what is left on the account, in remove.bg's words",
        description="`subscription` is what is left of a plan's months, `payg` everything else: packs and gifts. "
        "`enterprise` is always 0. Free, and outside the rate limit. The key needs the scope `account:read`.",
        examples=[
            OpenApiExample(
                "An account",
                value={
                    "data": {
                        "attributes": {
                            "credits": {"total": 97, "subscription": 0, "payg": 97, "enterprise": 0},
                            "api": {"free_calls": 0, "sizes": "all"},
                        }
                    }
                },
                response_only=True,
                status_codes=["200"],
            )
        ],
        responses={(200, "application/json"): AccountBody, **_errors(403, 405, 429, 500, 503)},
    )
)
describe_improve = extend_schema_view(
    post=extend_schema(
        operation_id="removebgImprove",
        summary="Hand in an image that went wrong: it is looked at and forgotten",
        description="There for clients of remove.bg that call it. The picture is checked and counted in the rate like "
        "one to be cut out, and nothing of it is kept; an address is not fetched. Free.",
        examples=[
            OpenApiExample(
                "An id",
                value={"id": "7f0c8a52-6d0f-4f35-9b0e-2a1c5d3e4f60"},
                response_only=True,
                status_codes=["200"],
            )
        ],
        request={
            "multipart/form-data": SourceParts,
            "application/json": ImproveText,
            "application/x-www-form-urlencoded": ImproveText,
        },
        responses={(200, "application/json"): ImproveBody, **_errors(400, 403, 405, 415, 429, 500, 503)},
    )
)


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add to the description, as its last step, what serializers cannot say."""
    schemas = result["components"]["schemas"]
    for name in [name for name in schemas if name.startswith("Removebg") and "properties" in schemas[name]]:
        schemas[name]["not"] = {"anyOf": _contradictions(schemas[name]["properties"])}
        tell_that_empty_means_absent(schemas[name], takes_null="Json" in name)
    for name in ("RemovebgParts", "SourceParts"):
        schemas[name]["oneOf"] = with_a_picture_in(*SOURCES)
    tell_that_pictures_are_said(schemas, [name for name in schemas if name.endswith(("Text", "Address"))])
    for path in ("/v1.0/removebg", "/v1.0/improve"):
        result["paths"][path]["post"]["requestBody"]["required"] = True
    return result


def _contradictions(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what must not be true of a form: two backgrounds, or a shadow in the old words and in the new ones."""
    said = {"not": {"enum": ["", None]}}
    backgrounds = [name for name in ("bg_color", "bg_image_url", "bg_image_file") if name in properties]
    pairs = combinations(backgrounds, 2)
    switched_on = {"not": {"enum": ["", None, False, "false", "False", "FALSE", "0", 0]}}
    return [
        *({"required": list(pair), "properties": dict.fromkeys(pair, said)} for pair in pairs),
        {"required": ["add_shadow", "shadow_type"], "properties": {"add_shadow": switched_on, "shadow_type": said}},
    ]
