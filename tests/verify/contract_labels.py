"""Whether a body is as the description says: schemathesis' own labels are held to that before the server is.

It mutates and combines without regard to a form's oneOf, and calls a switch wrong that it sends as right text.
"""

import itertools
import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

LONGEST_WORD = 40
"""What is longer is a picture or an address, which have no other reading."""
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


def is_as_described(document: Mapping[str, Any], path: str, media_type: str, body: Any) -> bool:
    """Tell whether the body, as it is sent, fits the schema of that path and media type."""
    request = document["paths"][path]["post"]["requestBody"]["content"][media_type]
    schema = {**request["schema"], "components": document["components"]}
    candidates = _as_text(body) if media_type in FORMS else [json.loads(json.dumps(body, default=str))]
    validator = jsonschema_rs.validator_for(schema)
    return any(validator.is_valid(candidate) or validator.is_valid(_plain(candidate)) for candidate in candidates)


def _plain(candidate: Any) -> Any:
    """Return the values as the API says that it reads them: blanks around them and capitals mean nothing."""
    if not isinstance(candidate, dict):
        return candidate
    return {name: _plain_text(value) if isinstance(value, str) else value for name, value in candidate.items()}


def _plain_text(text: str) -> Any:
    if len(text) > LONGEST_WORD:
        return text
    plain = text.strip().lower()
    return int(plain) if plain.isascii() and plain.isdigit() and plain != text else plain


def _as_text(body: Any) -> list[Any]:
    """Return what a form may become on its way: everything is text, and each number may be read as one."""
    if not isinstance(body, dict):
        return [_text(body)]
    # Of a list each item is a field of the same name, the last of which counts.
    single = {name: value[-1] if isinstance(value, list) else value for name, value in body.items() if value != []}
    # Of an object requests sends the keys, as if they were a list's items; an empty one is not sent at all.
    single = {name: [*value][-1] if isinstance(value, dict) else value for name, value in single.items() if value != {}}
    readings = [{_text(value), _number_or_text(value)} for value in single.values()]
    return [dict(zip(single, values, strict=True)) for values in itertools.product(*readings)]


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return ""
    if isinstance(value, bytes) or (isinstance(value, str) and type(value) is not str):
        return "bytes"  # schemathesis has a text type of its own for them
    return value if isinstance(value, str) else str(value)


def _number_or_text(value: Any) -> Any:
    text = _text(value)
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 6 else text
