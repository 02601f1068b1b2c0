"""Whether a body is as the description says: schemathesis' own labels are held to that before the server is.

It mutates and combines without regard to a form's oneOf, and calls a switch wrong that it sends as right text.
"""

import io
import itertools
import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import requests
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

LONGEST_WORD = 40
"""What is longer is a picture or an address, which have no other reading."""
PICTURE = "bytes"
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


def is_as_described(document: Mapping[str, Any], path: str, media_type: str, body: Any) -> bool:
    """Tell whether a body fits the schema of that path and media type: what JSON says, or a form's fields as sent."""
    request = document["paths"][path]["post"]["requestBody"]["content"][media_type]
    schema = {**request["schema"], "components": document["components"]}
    candidates = _readings(body) if media_type in FORMS else [json.loads(json.dumps(body, default=str))]
    validator = jsonschema_rs.validator_for(schema)
    return any(validator.is_valid(candidate) or validator.is_valid(_plain(candidate)) for candidate in candidates)


def fields_as_sent(request: requests.PreparedRequest) -> dict[str, str]:
    """Return the fields of a form as they go over the wire, of several of one name the last, of a file a word.

    Whatever a list, an object or nothing at all becomes on the way is known only then.
    """
    body = request.body or b""
    content = body.encode() if isinstance(body, str) else body
    media_type, options = parse_options_header(request.headers.get("Content-Type", ""))
    _stream, texts, files = FormDataParser().parse(io.BytesIO(content), media_type, len(content), options)
    for name in files:
        for file in files.getlist(name):
            file.close()
    fields = {name: values[-1] for name, values in texts.lists()} | dict.fromkeys(files, PICTURE)
    fields.pop(None, None)  # a part without a name is no field
    return fields


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


def _readings(fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what the text of a form may mean: each number may be read as one."""
    readings = [{text, int(text) if _is_short_number(text) else text} for text in fields.values()]
    return [dict(zip(fields, values, strict=True)) for values in itertools.product(*readings)]


def _is_short_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6
