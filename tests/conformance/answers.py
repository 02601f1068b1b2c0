"""Compares one whole answer with its row: status, code, headers, JSON, picture, and what every answer must keep."""

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from tests.conformance.facts import disagreements as of_picture
from tests.conformance.facts import size_of
from tests.conformance.rows import (
    ABSENT,
    SHARE,
    UNIX_TIME,
    WHOLE,
    Containing,
    Expected,
    Keys,
    Kind,
    Near,
    Row,
    one_or_more,
)

ENVELOPE = ("foreground_left", "foreground_top", "foreground_width", "foreground_height")
PICTURE_HEADERS = {
    "v1": {
        "X-Processing-Time-Ms": WHOLE,
        "X-Matte-Confidence": SHARE,
        "X-Matte-Ambiguous-Ratio": SHARE,
        "X-Credits-Charged": "1",
        "X-RateLimit-Limit": WHOLE,
        "X-RateLimit-Remaining": WHOLE,
        "X-RateLimit-Reset": UNIX_TIME,
        "Content-Encoding": ABSENT,
        "Retry-After": ABSENT,
    },
    "v1.0": {
        "X-Credits-Charged": "1",
        "X-Foreground-Top": WHOLE,
        "X-Foreground-Left": WHOLE,
        "X-Foreground-Width": WHOLE,
        "X-Foreground-Height": WHOLE,
        "X-RateLimit-Limit": WHOLE,
        "X-RateLimit-Remaining": WHOLE,
        "X-RateLimit-Reset": UNIX_TIME,
        "Content-Encoding": ABSENT,
        "Retry-After": ABSENT,
    },
}
"""On every delivered picture, whatever its row says (api_reference 1.4 and 2.4, decisions 6 and 11, issue 4.1)."""
SIZE_HEADERS = {"v1": ("X-Image-Width", "X-Image-Height"), "v1.0": ("X-Width", "X-Height")}
UUID = r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"
CONTENT_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "ZIP": "application/zip"}


def disagreements(row: Row, response: Any) -> list[str]:
    """List in words all that is not as the row and its dialect say; empty when all is."""
    expected = row.expected
    if response.status_code not in one_or_more(expected.status):
        return [f"status is {response.status_code}, not {expected.status}: {response.content[:300]!r}"]
    found = [*_of_headers(expected.headers, response), *_of_rate(expected, response)]
    found += _of_headers({"Cache-Control": "no-store"}, response)
    if expected.json:
        found += _of_json(expected.json, _json(response))
    if expected.picture is not None:
        found += _of_delivery(row, response)
    elif response.status_code >= 400:
        found += _of_refusal(row, response)
    return found


def _of_headers(headers: Mapping[str, Any], response: Any) -> Iterator[str]:
    for name, expected in headers.items():
        if not _matches(seen := response.headers.get(name), expected):
            yield f"{name} is {seen!r}, not {expected}"


def _of_rate(expected: Expected, response: Any) -> Iterator[str]:
    if expected.rate_cost is not None:
        limit, left = (int(response.headers.get(f"X-RateLimit-{name}", 0)) for name in ("Limit", "Remaining"))
        if limit - left != expected.rate_cost:
            yield f"{left} of {limit} are left: the call cost {limit - left}, not {expected.rate_cost}"


def _json(response: Any) -> Any:
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def _of_json(paths: Mapping[str, Any], body: Any) -> Iterator[str]:
    for path, expected in paths.items():
        found = body
        for step in filter(None, path.split(".")):
            found = found.get(step) if isinstance(found, dict) else None
        if not _matches(found, expected):
            yield f"{path} is {found!r}, not {expected}"


def _of_delivery(row: Row, response: Any) -> Iterator[str]:
    """Check the picture, and that headers describe the picture that was delivered."""
    expected = row.expected
    assert expected.picture is not None
    data = response.content
    if expected.envelope is not None:
        body = _json(response)["data"]
        yield from _of_headers({"Content-Type": "application/json; charset=utf-8"}, response)
        place = {name: Near(number) for name, number in zip(ENVELOPE, expected.envelope, strict=True)}
        yield from _of_json(place, body)
        if set(body) != {"result_b64", *ENVELOPE}:
            yield f"the envelope holds {sorted(body)}"
        data = base64.b64decode(body["result_b64"], validate=True)
    elif expected.picture.format:
        yield from _of_headers({"Content-Type": CONTENT_TYPES[expected.picture.format]}, response)
    found = of_picture(expected.picture, data)
    yield from found
    yield from _of_headers(PICTURE_HEADERS[row.dialect] | _type_header(row), response)
    seen = tuple(response.headers.get(name) for name in SIZE_HEADERS[row.dialect])
    if not found and seen != tuple(map(str, size_of(data))):
        yield f"headers say {seen} of a picture of {size_of(data)}"


def _type_header(row: Row) -> dict[str, Any]:
    if row.dialect == "v1":
        return {"X-Request-ID": Containing(("req_",))}
    return {"X-Type": ABSENT if row.fields.get("type_level") == "none" else "other"}


def _of_refusal(row: Row, response: Any) -> Iterator[str]:
    if not str(response.headers.get("Content-Type")).startswith("application/json"):
        yield f"a refusal came as {response.headers.get('Content-Type')}"
        return
    body = _json(response)
    if row.dialect == "v1.0":
        yield from _of_removebg_errors(row.expected, body)
        yield from _of_headers({"Content-Type": "application/json; charset=utf-8"}, response)
    else:
        yield from _of_poof_error(row.expected, body)
        yield from _of_headers({"X-Request-ID": body.get("request_id")}, response)


def _of_code(expected: Expected, error: Mapping[str, Any]) -> Iterator[str]:
    if expected.code and error.get("code") not in one_or_more(expected.code):
        yield f"code is {error.get('code')!r}, not {expected.code!r}: {error}"


def _of_removebg_errors(expected: Expected, body: Any) -> Iterator[str]:
    """Clients show the first error, and join its values: a non-empty list of flat texts with a title each."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list) or not errors:
        yield f"there is no errors array in {body}"
        return
    for error in errors:
        if not error.get("title") or any(not isinstance(value, str) for value in error.values()):
            yield f"an error is not flat text with a title: {error}"
        if not set(error) <= {"title", "code", "detail"}:
            yield f"an error has more than title, code and detail: {error}"
    yield from _of_code(expected, errors[0])
    for name, wanted in (("title", expected.title), ("detail", expected.detail)):
        if wanted and errors[0].get(name) != wanted:
            yield f"{name} is {errors[0].get(name)!r}, not {wanted!r}"


def _of_poof_error(expected: Expected, body: Any) -> Iterator[str]:
    if not isinstance(body, dict) or not body.get("message") or not body.get("request_id"):
        yield f"there is no message and request_id in {body}"
        return
    yield from _of_code(expected, body)
    details = body.get("details", {})
    if expected.names and (not isinstance(details, dict) or set(details) != {expected.names}):
        yield f"details are {details}, not about {expected.names}"


def _matches(seen: Any, expected: Any) -> bool:
    """Tell whether a header or a JSON value is what a row says."""
    if isinstance(expected, Near):
        return _is_number(seen, whole=True) and abs(int(seen) - expected.number) <= expected.give_or_take
    if isinstance(expected, Containing):
        return all(word.lower() in str(seen).lower() for word in expected.words)
    if isinstance(expected, Keys):
        return isinstance(seen, dict) and set(seen) == expected.names
    if isinstance(expected, Kind):
        return _is_of(expected, seen)
    return bool(seen == expected)


def _is_of(kind: Kind, seen: Any) -> bool:
    match kind.name:
        case "present":
            return seen is not None
        case "absent":
            return seen is None
        case "whole number":
            return _is_number(seen, whole=True)
        case "number":
            return _is_number(seen, whole=False)
        case "number from 0 to 1":
            return _is_number(seen, whole=False) and 0 <= float(seen) <= 1
        case "unix time":
            return _is_number(seen, whole=True) and abs(int(seen) - time.time()) < 7200
        case "text":
            return isinstance(seen, str) and bool(seen)
        case "uuid":
            return re.fullmatch(UUID, str(seen)) is not None


def _is_number(seen: Any, *, whole: bool) -> bool:
    if isinstance(seen, bool) or not isinstance(seen, int | float | str):
        return False
    return re.fullmatch(r"\d+" if whole else r"\d+(\.\d+)?", str(seen)) is not None
