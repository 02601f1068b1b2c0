"""JSON Schema to words: what kind of value a field takes, which values, and what stands there when it is left out."""

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from removebg.reference.openapi import description

Schema = dict[str, Any]

_BY_FORMAT = {
    "binary": gettext_lazy("file"),
    "base64-picture": gettext_lazy("base64 text"),
    "picture-address": gettext_lazy("address"),
    "uri": gettext_lazy("address"),
    "color": gettext_lazy("colour"),
    "uuid": gettext_lazy("UUID"),
}
_BY_TYPE = {
    "string": gettext_lazy("text"),
    "integer": gettext_lazy("whole number"),
    "number": gettext_lazy("number"),
    "boolean": gettext_lazy("true or false"),
    "array": gettext_lazy("list"),
    "object": gettext_lazy("object"),
    "null": gettext_lazy("null"),
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
        return _("one of")
    if schema.get("format") in _BY_FORMAT:
        return str(_BY_FORMAT[schema["format"]])
    types = schema.get("type", [])
    words = [str(_BY_TYPE[kind]) for kind in ([types] if isinstance(types, str) else types)]
    kind = _(" or ").join(words) or _("anything")
    if "minimum" in schema and "maximum" in schema:
        kind += _(", %(least)s to %(most)s") % {"least": schema["minimum"], "most": schema["maximum"]}
    return kind


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
