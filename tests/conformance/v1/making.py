"""Short ways to write rows of POST /v1/remove."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.conformance.rows import RED, Box, Expected, Facts, Row, short
from tests.conformance.standard import ON_WHITE, SUBJECT

REMOVE = "POST /v1/remove"
SOURCES = ("image_file", "file", "image_file_b64", "image_url", "url")
OPAQUE = replace(ON_WHITE, format="PNG")


def on_colour(red: int, green: int, blue: int, image_format: str = "PNG") -> Facts:
    """Return the facts of an opaque picture that stands on this colour."""
    colours = {(100, 100): RED, (2, 2): (red, green, blue), (297, 197): (red, green, blue)}
    return replace(OPAQUE, format=image_format, colours=colours)  # type: ignore[arg-type]


def framed(size: tuple[int, int], subject: Box, **more: Any) -> Facts:
    """Return the facts of a cutout cut to a size which follows from the subject's bounds."""
    return Facts("PNG", "RGBA", size, size_within=4, subject=subject, **more)


def sized(size: tuple[int, int], subject: Box | None = None, **more: Any) -> Facts:
    """Return the facts of a cutout of exactly this size."""
    return Facts("PNG", "RGBA", size, subject=subject, **more)


def removed(parameter: str, value: str, fields: Mapping[str, Any], facts: Facts, source: str, **more: Any) -> Row:
    """Return a row that ends with a picture; it sends subject.png unless its fields name a source."""
    given = {name: more.pop(name) for name in ("headers", "body", "world") if name in more}
    return Row(REMOVE, parameter, value, Expected(200, picture=facts, **more), source, _with_source(fields), **given)


def refused(parameter: str, value: str, fields: Mapping[str, Any], code: str, source: str, **more: Any) -> Row:
    """Return a row that ends with an error; it sends subject.png unless its fields name a source."""
    given = {name: more.pop(name) for name in ("headers", "body", "world", "content_type", "raw") if name in more}
    expected = Expected(more.pop("status", 400), code=code, headers=more.pop("gives", {}), **more)
    return Row(REMOVE, parameter, value, expected, source, _with_source(fields), **given)


def malformed(parameter: str, texts: tuple[str, ...], source: str, **others: Any) -> list[Row]:
    """Return a row for each text that this field must refuse by its name, sent beside `others`."""
    return [
        refused(
            parameter,
            f"malformed: {short(text)}",
            {parameter: text, **others},
            "validation_error",
            source,
            names=parameter,
        )
        for text in texts
    ]


def without_source(row: Row) -> Row:
    """Return the row without the picture it was given."""
    return replace(row, fields={name: value for name, value in row.fields.items() if value is not SUBJECT})


def _with_source(fields: Mapping[str, Any]) -> dict[str, Any]:
    return dict(fields) if any(name in fields for name in SOURCES) else {"image_file": SUBJECT, **fields}
