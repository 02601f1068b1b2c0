"""The body that a curl call would send, to its fields."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote_plus

from django.utils.translation import gettext as _

from removebg.migrating.curl import CurlCall
from removebg.migrating.shell import Unreadable

Kind = Literal["text", "file", "content"]
"""Sent as it stands; as the file it names (`@`); as what stands in the file it names (`<`)."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body."""

    name: str
    value: Any
    kind: Kind = "text"

    @property
    def base_name(self) -> str:
        """The name without a type in brackets, such as shadow_type of shadow_type[car]."""
        return self.name.partition("[")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is sent, and how."""

    style: Literal["none", "multipart", "urlencoded", "json", "file"]
    fields: tuple[Field, ...] = ()
    file: str = ""
    """Of style `file`: what names the file whose content is the whole body."""
    is_guessed: bool = False
    """Whether it is JSON by its looks alone."""


def body_of(call: CurlCall) -> Body:
    """Return the body; raise Unreadable where JSON was meant and is none."""
    forms = [(option, value) for option, value in call.body if option in ("form", "form-string")]
    if forms:
        return Body(style="multipart", fields=tuple(_part(option, value) for option, value in forms))
    if not call.body:
        return Body(style="none")
    whole = next((value for option, value in call.body if _is_whole_file(option, value)), None)
    if whole is not None:
        return Body(style="file", file=whole)
    text = "".join(value for _option, value in call.body)
    is_said = _says_json(call)
    if is_said or text.lstrip().startswith("{"):
        return Body(style="json", fields=tuple(_json_fields(text)), is_guessed=not is_said)
    return Body(
        style="urlencoded", fields=tuple(field for option, value in call.body for field in _pairs(option, value))
    )


def _is_whole_file(option: str, value: str) -> bool:
    return value.startswith("@") and option not in ("data-raw", "form", "form-string")


def _says_json(call: CurlCall) -> bool:
    kinds = [value.lower() for name, value in call.headers if name.lower() == "content-type"]
    return any(option == "json" for option, _value in call.body) or any("json" in kind for kind in kinds)


def _part(option: str, text: str) -> Field:
    name, _equals, value = text.partition("=")
    if option == "form-string" or value[:1] not in ("@", "<"):
        return Field(name, value)
    return Field(name, value[1:], "file" if value[0] == "@" else "content")


def _pairs(option: str, text: str) -> Iterator[Field]:
    if option == "data-urlencode":
        yield _encoded(text)
        return
    for pair in text.split("&"):
        name, _equals, value = pair.partition("=")
        if name:
            yield Field(unquote_plus(name), unquote_plus(value))


def _encoded(text: str) -> Field:
    """Read `name=content`, `name@file` and `=content` as --data-urlencode does."""
    equals, at = text.find("="), text.find("@")
    if equals < 0 <= at or 0 <= at < equals:
        return Field(text[:at], text[at + 1 :], "content")
    name, _equals, value = text.partition("=")
    return Field(name, value)


def _json_fields(text: str) -> Iterator[Field]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(_("The body says that it is JSON, and cannot be read as JSON. Check its quotes.")) from None
    if not isinstance(read, dict):
        raise Unreadable(_("The body is JSON, but no object with fields in it."))
    for name, value in read.items():
        yield Field(name, value)
