"""The endpoints as their pages show them, read from the OpenAPI description."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from removebg.error_catalogue import ErrorPage
from removebg.reference.error_examples import pages_of
from removebg.reference.openapi import description
from removebg.reference.shapes import (
    Schema,
    default_of,
    kinds_of,
    leaves_of,
    properties_of,
    resolved,
    values_of,
)

DIALECTS = {"v1": "Poof", "v1.0": "remove.bg"}
"""The first part of an address, and in whose words it speaks."""

_JSON = "application/json"
_FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that is sent or answered."""

    name: str
    kind: str
    meaning: str
    values: tuple[str, ...] = ()
    default: str | None = None
    is_required: bool = False
    bodies: tuple[str, ...] = ()
    """The content types that take it, where not all do."""
    also_in_json: tuple[str, ...] = ()
    """Kinds of values that JSON takes beside those of forms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A body as it may come back."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one status means, and what comes with it."""

    status: int
    phrase: str
    content_types: tuple[str, ...]
    headers: tuple[Field, ...]
    fields: tuple[Field, ...]
    examples: tuple[Example, ...]
    errors: tuple[ErrorPage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address and method."""

    operation: str
    method: str
    path: str
    title: str
    about: str
    content_types: tuple[str, ...]
    headers: tuple[Field, ...]
    sources: tuple[Field, ...]
    """Where the picture may stand."""
    takes_one_source: bool
    """Whether more than one picture is a fault; else the first of them counts."""
    fields: tuple[Field, ...]
    answers: tuple[Answer, ...]

    @property
    def dialect(self) -> str:
        """The first part of its address: v1 or v1.0."""
        return self.path.split("/")[1]

    @property
    def slug(self) -> str:
        """Its name in the address of its page."""
        return self.path.strip("/").replace("/", "-").replace(".", "-")

    @property
    def success(self) -> Answer:
        """What comes when all is well."""
        return self.answers[0]

    @property
    def refusals(self) -> tuple[Answer, ...]:
        """Every other answer."""
        return self.answers[1:]


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return every endpoint, by dialect, those that do the work first."""
    found = [
        _endpoint(path, method.upper(), operation)
        for path, operations in description()["paths"].items()
        for method, operation in operations.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.dialect != "v1", "/remove" not in one.path, one.path)))


def find_endpoint(slug: str) -> Endpoint | None:
    """Return the endpoint whose page is called so."""
    return next((endpoint for endpoint in endpoints() if endpoint.slug == slug), None)


def _endpoint(path: str, method: str, operation: dict[str, Any]) -> Endpoint:
    bodies = {
        kind: resolved(body["schema"]) for kind, body in operation.get("requestBody", {}).get("content", {}).items()
    }
    form = bodies.get(_FORM, {})
    sources = [name for one in (*form.get("oneOf", ()), *form.get("anyOf", ())) for name in one["required"]]
    fields = list(_fields_of(bodies))
    return Endpoint(
        operation=operation["operationId"],
        method=method,
        path=path,
        title=operation["summary"],
        about=operation["description"],
        content_types=tuple(bodies),
        headers=tuple(_header(parameter["name"], parameter) for parameter in operation.get("parameters", ())),
        sources=tuple(field for field in fields if field.name in sources),
        takes_one_source="oneOf" in form,
        fields=tuple(field for field in fields if field.name not in sources),
        answers=tuple(
            _answer(path, int(status), response) for status, response in sorted(operation["responses"].items())
        ),
    )


def _fields_of(bodies: dict[str, Schema]) -> Iterator[Field]:
    """Yield each field once, in the words of the first body that has it."""
    properties = {kind: properties_of(body) for kind, body in bodies.items()}
    for name in dict.fromkeys(name for fields in properties.values() for name in fields):
        taking = [kind for kind, fields in properties.items() if name in fields]
        schema = properties[taking[0]][name]
        in_json = kinds_of(properties.get(_JSON, {}).get(name, {"enum": [""]}))
        yield Field(
            name=name,
            kind=kinds_of(schema)[0],
            meaning=schema.get("description", ""),
            values=tuple(values_of(schema)),
            default=default_of(schema),
            bodies=() if len(taking) == len(bodies) else tuple(taking),
            also_in_json=tuple(kind for kind in in_json if kind not in kinds_of(schema)),
        )


def _answer(path: str, status: int, response: dict[str, Any]) -> Answer:
    contents: dict[str, Any] = response.get("content", {})
    body = contents.get(_JSON, {})
    return Answer(
        status=status,
        phrase=response["description"],
        content_types=tuple(contents),
        headers=tuple(_header(name, header) for name, header in response.get("headers", {}).items()),
        fields=tuple(_leaf(name, schema) for name, schema in leaves_of(body.get("schema", {}))),
        examples=tuple(
            Example(title=example.get("summary", name), text=json.dumps(example["value"], indent=2))
            for name, example in body.get("examples", {}).items()
        ),
        errors=tuple(pages_of(path, status)) if status >= 400 else (),
    )


def _header(name: str, header: dict[str, Any]) -> Field:
    schema = header["schema"]
    kind = kinds_of(schema)[0]
    if "minLength" in schema and "maxLength" in schema:
        kind = f"{kind}, {schema['minLength']}–{schema['maxLength']}"
    return Field(name=name, kind=kind, meaning=header.get("description", ""), is_required=header.get("required", False))


def _leaf(name: str, schema: Schema) -> Field:
    return Field(
        name=name, kind=kinds_of(schema)[0], meaning=schema.get("description", ""), values=tuple(values_of(schema))
    )
