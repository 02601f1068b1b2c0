"""JSON Schema to words: what kind of value a field takes, which values, and what stands there when it is left out.

English, as the description itself is.
"""

import json
from collections.abc import Iterator
from typing import Any

from removebg.reference.openapi import description

Schema = dict[str, Any]

_BY_FORMAT = {
    "binary": "file",
    "base64-picture": "base64 text",
    "picture-address": "address",
    "uri": "address",
    "color": "colour",
    "uuid": "UUID",
}
_BY_TYPE = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
    "null": "null",
}


def resolved(schema: Schema) -> Schema:
    """Return the schema that a reference names, or the schema itself."""
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = description()["components"]["schemas"][name]
    return schema


def kinds_of(schema: Schema) -> list[str]:
    """Return in words each kind of value that the schema takes, the usual one first."""
    return list(dict.fromkeys(_kind_of(one) for one in _alternatives(schema)))


def values_of(schema: Schema) -> list[str]:
    """Return the words that the schema takes, as they are written in a form; none where it takes more than words."""
    words = (value for one in _alternatives(schema) for value in one.get("enum", ()) if value not in ("", None))
    return list(dict.fromkeys(_written(word) for word in words))


def default_of(schema: Schema) -> str | None:
    """Return what a field that is left out stands for, as it is written in a form."""
    return _written(schema["default"]) if "default" in schema else None


def properties_of(schema: Schema) -> dict[str, Schema]:
    """Return the fields of a form or an answer; of one that has several shapes, those of all of them."""
    schema = resolved(schema)
    fields: dict[str, Schema] = {}
    for one in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        if "$ref" in one:
            fields = {**properties_of(one), **fields}
    return {**fields, **schema.get("properties", {})}


def leaves_of(schema: Schema, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield every value of an answer under its dotted name, such as data.attributes.credits.total."""
    for name, field in properties_of(schema).items():
        inner = resolved(field)
        items = resolved(inner.get("items", {}))
        if inner.get("properties"):
            yield from leaves_of(inner, f"{prefix}{name}.")
        elif items.get("properties"):
            yield from leaves_of(items, f"{prefix}{name}[].")
        else:
            yield f"{prefix}{name}", inner


def _alternatives(schema: Schema) -> Iterator[Schema]:
    """Yield the shapes of one value, without the empty text and null that stand for its absence."""
    if "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from _alternatives(one)
    elif schema.get("enum") not in ([""], ["", None]):
        yield schema


def _kind_of(schema: Schema) -> str:
    if "enum" in schema:
        return "one of"
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    types = schema.get("type", [])
    words = [_BY_TYPE[kind] for kind in ([types] if isinstance(types, str) else types)]
    kind = " or ".join(words) or "anything"
    if "minimum" in schema and "maximum" in schema:
        kind += f", {schema['minimum']} to {schema['maximum']}"
    return kind


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
