"""Pieces of the OpenAPI description that both dialects use (drf-spectacular)."""

from collections.abc import Iterable, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from processing.api.form_fields import SWITCH_WORDS

NOT_BLANK = r"\S"


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The x-api-key header."""

    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe where the key goes."""
        return {"type": "apiKey", "in": "header", "name": "x-api-key"}


@extend_schema_field({"type": "string", "format": "binary", "minLength": 1})
class FilePart(serializers.FileField):
    """A file part; a plain FileField would be described as the address of a stored file."""


@extend_schema_field({"type": "string", "format": "color"})
class ColourText(serializers.CharField):
    """A colour in CSS words."""


@extend_schema_field({"type": "string", "format": "base64-picture"})
class Base64Text(serializers.CharField):
    """A picture as base64 text, with or without a data URI's prefix."""


@extend_schema_field({"type": "string", "format": "picture-address"})
class AddressText(serializers.CharField):
    """The public address of a picture, http or https."""


class SwitchWord(serializers.ChoiceField):
    """A switch as it stands in a form, where everything is text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=tuple(SWITCH_WORDS), **kwargs)


def one_of(name: str, kinds: Sequence[type[serializers.Serializer[Any]]]) -> PolymorphicProxySerializer:
    """Return what describes a body that is one of several forms."""
    return PolymorphicProxySerializer(component_name=name, serializers=list(kinds), resource_type_field_name=None)


NUMBER = r"([0-9]{1,9}(\.[0-9]{1,9})?|\.[0-9]{1,9})"
"""What is read as a number in a length."""

AT_MOST_100 = r"(0{0,7}[0-9]{1,2}(\.[0-9]{1,9})?|0{0,6}100(\.0{1,9})?|\.[0-9]{1,9})"
ZERO = r"0+(\.0+)?"


def text_like(pattern: str, kind: str = "") -> dict[str, Any]:
    """Return the description of text in a little language: a pattern (ECMA-262), blanks around it, and a format."""
    return {"type": "string", "pattern": rf"^\s*({pattern})?\s*$", **({"format": kind} if kind else {})}


def field_like(described: dict[str, Any]) -> type[serializers.CharField]:
    """Return a kind of field that is described so."""
    kind = type("Described", (serializers.CharField,), {"__doc__": "A field that is described by hand."})
    return extend_schema_field(described)(kind)


def phrase(pattern: str, kind: str = "") -> type[serializers.CharField]:
    """Return a kind of field that is described as text in a little language."""
    return field_like(text_like(pattern, kind))


def tell_that_pictures_are_said(schemas: dict[str, Any], names: Iterable[str]) -> None:
    """Change the description of forms that hold a picture in one field: that field is not blank."""
    for name in names:
        for field in schemas[name].get("required", ()):
            schemas[name]["properties"][field]["pattern"] = NOT_BLANK


def with_a_picture_in(*fields: str) -> list[dict[str, Any]]:
    """Return, for `oneOf` or `anyOf`, that a picture stands in each of these: a file, or text that is not blank."""
    said = {"pattern": NOT_BLANK}
    return [
        {"required": [field], **({} if field == "image_file" else {"properties": {field: said}})} for field in fields
    ]


def tell_that_empty_means_absent(schema: dict[str, Any], *, takes_null: bool = False) -> None:
    """Change the description of a form so that empty text, in JSON also null, may stand for any of its fields."""
    for name, described in schema["properties"].items():
        empty: list[Any] = ["", None] if takes_null else [""]
        if described.get("format") == "binary" or name in schema.get("required", ()):
            continue
        if "enum" in described:
            described["enum"] = [*described["enum"], *empty]
            described.pop("type", None)
            described.pop("x-spec-enum-id", None)
        elif described.get("type") != "string" or takes_null:
            about = {key: described.pop(key) for key in ("description", "default") if key in described}
            schema["properties"][name] = {"anyOf": [described, {"enum": empty}], **about}


def header(name: str, kind: Any, description: str, *, statuses: tuple[int, ...] = (200,)) -> OpenApiParameter:
    """Return the description of a header of answers."""
    return OpenApiParameter(
        name, kind, OpenApiParameter.HEADER, response=list(statuses), description=description, required=False
    )


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r'^([!#-~][!-~]*|"[!#-\[\]-~]+")$'},
    OpenApiParameter.HEADER,
    description="1-255 visible ASCII characters. The same key with the same request is charged once within 24 hours.",
)
RATE_HEADERS = [
    header("X-RateLimit-Limit", OpenApiTypes.INT, "What a minute allows; also on errors."),
    header("X-RateLimit-Remaining", OpenApiTypes.INT, "What is left of it."),
    header("X-RateLimit-Reset", OpenApiTypes.INT, "When the count starts again, in unix seconds."),
]
REQUEST_ID = header("X-Request-ID", OpenApiTypes.STR, "req_..., also on errors.")
REPLAYED = header(
    "Idempotent-Replayed", OpenApiTypes.STR, "true for a repetition under the same Idempotency-Key; else absent."
)
CREDIT_HEADERS = [
    header(
        "X-Credits-Charged",
        OpenApiTypes.INT,
        "1, or 0 for a repetition under the same Idempotency-Key, and with a test key.",
    ),
    header("X-Credits-Remaining", OpenApiTypes.INT, "What is left after this call."),
]
