"""A translated call as our own pages can send it: fields that are known, and files that a person picks."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from removebg.documents.guides import GUIDES, parameter_rows
from removebg.migrating import shell
from removebg.migrating.fields import Field

Dialect = Literal["v1", "v1.0"]

PICTURES = ("image_file", "file", "image_file_b64")
BACKGROUND = "bg_image_file"
ADDRESSES = ("image_url", "url")
MOST_CHARACTERS = 20_000
_GUIDES = {"v1": "poof", "v1.0": "remove-bg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Runnable:
    """What is sent, and what the person has to pick for it, because it lies on their own machine."""

    dialect: Dialect
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Fields whose values only the shell knows, or stand in a file."""
    token: str = ""
    """The same picture sent again under it costs nothing again."""

    @property
    def route(self) -> str:
        """The name of the address that it is sent to."""
        return f"docs-migrate-run-{self.dialect}"


def new_token() -> str:
    """Return a name for one form."""
    return secrets.token_hex(8)


def runnable_of(dialect: Dialect, fields: Iterable[Field]) -> Runnable:
    """Return what can be sent of these fields."""
    known: list[tuple[str, str]] = []
    files: list[str] = []
    left_out: list[str] = []
    for one in fields:
        is_known = one.kind == "text" and not shell.has_variable(one.value)
        if one.base_name == BACKGROUND or (one.base_name in PICTURES and not _is_text_of_picture(one, is_known)):
            files.append(BACKGROUND if one.base_name == BACKGROUND else PICTURES[0])
        elif is_known:
            known.append((one.name, one.value))
        else:
            left_out.append(one.name)
    if PICTURES[0] not in files and not {name for name, _value in known} & {*PICTURES, *ADDRESSES}:
        files.insert(0, PICTURES[0])
    return Runnable(
        dialect=dialect,
        fields=tuple(known),
        files=tuple(dict.fromkeys(files)),
        left_out=tuple(left_out),
        token=new_token(),
    )


def runnable_from(form: Mapping[str, str]) -> Runnable | None:
    """Return what a form of ours says; None for what none of them would say."""
    dialect = form.get("dialect", "")
    if dialect not in _GUIDES or sum(len(value) for value in form.values()) > MOST_CHARACTERS:
        return None
    vocabulary = parameter_rows(GUIDES[_GUIDES[dialect]])
    fields = tuple(
        (n, v) for n, v in form.items() if n.partition("[")[0] in vocabulary and n not in (BACKGROUND, "file")
    )
    files = tuple(name for name in (PICTURES[0], BACKGROUND) if name in form.get("files", "").split())
    return Runnable(
        dialect="v1" if dialect == "v1" else "v1.0", fields=fields, files=files, token=form.get("run") or new_token()
    )


def _is_text_of_picture(one: Field, is_known: bool) -> bool:
    """Tell whether the picture itself stands in the call, as base64 text."""
    return one.base_name == "image_file_b64" and is_known
