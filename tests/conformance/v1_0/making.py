"""Short ways to write rows of POST /v1.0/removebg."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.conformance.rows import RED, Box, Expected, Facts, Near, Row
from tests.conformance.standard import SUBJECT

REMOVEBG = "POST /v1.0/removebg"
SOURCES = ("image_file", "image_file_b64", "image_url")


def on_colour(red: int, green: int, blue: int) -> Facts:
    """Return the facts of a JPEG that stands on this colour."""
    colour = (red, green, blue)
    return Facts("JPEG", "RGB", (300, 200), colours={(100, 100): RED, (2, 2): colour, (297, 197): colour})


def framed(size: tuple[int, int], subject: Box, within: int = 3, **more: Any) -> Facts:
    """Return the facts of a cutout cut to a size which follows from the subject's bounds."""
    return Facts("PNG", "RGBA", size, size_within=within + 1, subject=subject, within=within, **more)


def placed(left: int, top: int, width: int, height: int) -> Facts:
    """Return the facts of a cutout of 300 x 200 whose subject is here, and nothing anywhere else."""
    return Facts("PNG", "RGBA", (300, 200), subject=(left, top, width, height), within=4)


def removed(parameter: str, value: str, fields: Mapping[str, Any], facts: Facts, source: str, **more: Any) -> Row:
    """Return a row that ends with a picture; it sends subject.png unless its fields name a source."""
    given = {name: more.pop(name) for name in ("headers", "body", "world", "content_type") if name in more}
    expected = Expected(200, picture=facts, headers=more.pop("gives", {}), **more)
    return Row(REMOVEBG, parameter, value, expected, source, _with_source(fields), **given)


def refused(
    parameter: str,
    value: str,
    fields: Mapping[str, Any],
    code: str | tuple[str, ...] | None,
    source: str,
    status: int = 400,
    **more: Any,
) -> Row:
    """Return a row that ends with an error; it sends subject.png unless its fields name a source."""
    given = {name: more.pop(name) for name in ("headers", "body", "world", "content_type", "raw") if name in more}
    expected = Expected(status, code=code, headers=more.pop("gives", {}), **more)
    return Row(REMOVEBG, parameter, value, expected, source, _with_source(fields), **given)


def without_source(row: Row) -> Row:
    """Return the row without the picture it was given."""
    return replace(row, fields={name: value for name, value in row.fields.items() if value is not SUBJECT})


def foreground(left: int, top: int, width: int, height: int) -> dict[str, Any]:
    """Return the headers that say where the subject is in the delivered picture."""
    numbers = {"Left": left, "Top": top, "Width": width, "Height": height}
    return {f"X-Foreground-{name}": Near(number) for name, number in numbers.items()}


def _with_source(fields: Mapping[str, Any]) -> dict[str, Any]:
    return dict(fields) if any(name in fields for name in SOURCES) else {"image_file": SUBJECT, **fields}
