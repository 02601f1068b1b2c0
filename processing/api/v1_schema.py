"""The OpenAPI description of the v1 dialect (drf-spectacular)."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers

from processing.api.fields import SWITCH_WORDS, RemovalForm


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The x-api-key header."""

    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe where the key goes."""
        return {"type": "apiKey", "in": "header", "name": "x-api-key"}


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


@extend_schema_field(OpenApiTypes.BINARY)
class FilePart(serializers.FileField):
    """A file part; a plain FileField would be described as the address of a stored file."""


@extend_schema_field({"type": "string", "format": "color"})
class ColourText(serializers.CharField):
    """A colour in CSS words."""


class SwitchWord(serializers.ChoiceField):
    """A switch as it stands in a form, where everything is text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=tuple(SWITCH_WORDS), **kwargs)


class RemovalUpload(RemovalForm):
    """The form with its file, as a caller sends it."""

    image_file = FilePart(help_text="JPEG, PNG or WebP; alias: file.")
    bg_color = ColourText(default="white", help_text=RemovalForm().fields["bg_color"].help_text)
    crop: serializers.Field[Any, Any, Any, Any] = SwitchWord(
        default="false", help_text=RemovalForm().fields["crop"].help_text
    )


def _header(name: str, kind: Any, description: str) -> OpenApiParameter:
    return OpenApiParameter(
        name, kind, OpenApiParameter.HEADER, response=[200], description=description, required=False
    )


_ANSWER_HEADERS = [
    _header("X-Request-ID", OpenApiTypes.STR, "req_..., also on errors."),
    _header("X-Processing-Time-Ms", OpenApiTypes.INT, "Whole milliseconds."),
    _header("X-Image-Width", OpenApiTypes.INT, "Of the delivered image, in pixels."),
    _header("X-Image-Height", OpenApiTypes.INT, "Of the delivered image, in pixels."),
    _header("X-Credits-Charged", OpenApiTypes.INT, "1, or 0 for a repetition under the same Idempotency-Key."),
    _header("X-Credits-Remaining", OpenApiTypes.INT, "What is left after this call."),
    _header(
        "X-Matte-Confidence",
        OpenApiTypes.FLOAT,
        "0..1: the overlap (IoU) with the true subject to expect; 0 when no subject was found.",
    ),
    _header("X-Matte-Ambiguous-Ratio", OpenApiTypes.FLOAT, "0..1: share of pixels with alpha between 0.1 and 0.9."),
    _header("X-Model", OpenApiTypes.STR, "The model that ran."),
    _header("X-Quality", OpenApiTypes.STR, "The quality it ran in: fast, standard or best."),
    _header("X-RateLimit-Limit", OpenApiTypes.INT, "Requests a minute; also on errors."),
    _header("X-RateLimit-Remaining", OpenApiTypes.INT, "What is left of them."),
    _header("X-RateLimit-Reset", OpenApiTypes.INT, "When the count starts again, in unix seconds."),
]
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r'^([!#-~][!-~]*|"[!#-\[\]-~]+")$'},
    OpenApiParameter.HEADER,
    description="1-255 visible ASCII characters. The same key with the same request is charged once within 24 hours.",
)
_ERRORS = dict.fromkeys((400, 401, 402, 403, 404, 405, 409, 422, 429, 500, 503), ErrorBody)

describe_remove = extend_schema_view(
    post=extend_schema(
        operation_id="removeBackground",
        summary="Remove the background of an image",
        request={"multipart/form-data": RemovalUpload},
        parameters=[_IDEMPOTENCY_KEY, *_ANSWER_HEADERS],
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
