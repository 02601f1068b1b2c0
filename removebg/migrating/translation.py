"""A curl call for a rival to the same call for this server, and what differs for each thing in it."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from rest_framework import serializers

from processing.api.v1_0_form import RemovebgForm
from processing.api.v1_form import RemovalForm
from removebg.documents import markdown
from removebg.documents.guides import GUIDES, Guide, Row, page_of_link, parameter_rows
from removebg.migrating import curl, shell
from removebg.migrating.curl import CurlCall
from removebg.migrating.fields import Body, Field, body_of
from removebg.migrating.runnable import Runnable, runnable_of
from removebg.migrating.shell import CommandLine, Unreadable, quoted, shown

MOST_CHARACTERS = 20_000
LONGEST_SHOWN = 400
SHORTEST_SECRET = 8

Verdict = Literal["same", "different", "ignored", "wrong", "added", "left out"]

_RIVALS = {"api.remove.bg": "remove-bg", "www.remove.bg": "remove-bg", "api.poof.bg": "poof", "poof.bg": "poof"}
_PATHS = {
    "/v1.0/removebg": "POST",
    "/v1.0/improve": "POST",
    "/v1.0/account": "GET",
    "/v1/remove": "POST",
    "/v1/me": "GET",
}
_CUTS_OUT = frozenset({"/v1.0/removebg", "/v1/remove"})
_FILES = frozenset({"image_file", "file", "bg_image_file"})
_SOURCES = ("image_file", "file", "image_file_b64", "image_url", "url")
_KEPT_HEADERS = frozenset({"accept", "idempotency-key"})
_SAME = frozenset({"same", "same, and more", "same for images"})
_KEY = shell.variable("KEY")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing of the call, and how it fares here."""

    name: str
    verdict: Verdict
    why: SafeString | str
    is_english: bool = False
    """Whether the reason is the guide's or the API's, which speak English only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """The call for this server, and what to know of it."""

    command: str
    guide: Guide
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    runnable: Runnable | None
    """What our own pages can send of it; None for what makes no picture, or comes from a file we cannot see."""


def translate(text: str) -> Translation:
    """Return the call for this server; raise Unreadable with words for the person. Nothing is run."""
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(
            _("This is longer than %(most)s characters. Put long base64 text into a file: -F image_file_b64=<photo.b64")
            % {"most": MOST_CHARACTERS}
        )
    line = shell.read_command(text)
    call = curl.parse(line)
    target = _target_of(call)
    body = body_of(call)
    guide = GUIDES["remove-bg" if target.path.startswith("/v1.0/") else "poof"]
    return Translation(
        command=_written(call, target, body),
        guide=guide,
        findings=tuple(_findings(call, target, body, guide)),
        warnings=tuple(_warnings(line, call, target, body)),
        runnable=_runnable(call, target, body),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where the call goes."""

    path: str
    is_rivals: bool
    has_query: bool
    has_login: bool
    others: int
    """How many other addresses stand in the command."""


def _target_of(call: CurlCall) -> _Target:
    candidates = [_read_url(url) for url in call.urls]
    known = [(host, url) for host, url in candidates if host in _RIVALS or url.path.rstrip("/") in _PATHS]
    if not known:
        if not call.urls:
            raise Unreadable(_("There is no address in it. Copy the whole call, with the part that begins with https."))
        raise Unreadable(_("Its address is none of remove.bg's or Poof's API. We know api.remove.bg and api.poof.bg."))
    host, url = known[0]
    path = url.path.rstrip("/")
    if path not in _PATHS:
        raise Unreadable(_("There is no such endpoint here. These are: %(paths)s.") % {"paths": ", ".join(_PATHS)})
    if url.password or url.username:
        call.secrets += [part for part in (url.username, url.password) if part]
    return _Target(
        path=path,
        is_rivals=host in _RIVALS,
        has_query=bool(url.query),
        has_login=bool(url.username),
        others=len(candidates) - 1,
    )


def _read_url(text: str) -> tuple[str, Any]:
    text = shown(text)
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        return (url.hostname or "").lower(), url
    except ValueError:
        return "", urlsplit("")


# --- The call for this server --------------------------------------------------------------------------------------


def _written(call: CurlCall, target: _Target, body: Body) -> str:
    flags = [word for option in call.kept if len(option) == 1 for word in option]
    parts = [["curl", *([] if _has_fail(call) else ["-f"]), *flags, f"{settings.PUBLIC_URL}{target.path}"]]
    parts += [["-H", f"x-api-key: {_KEY}"]]
    parts += [["-H", f"{name}: {value}"] for name, value in call.headers if name.lower() in _KEPT_HEADERS and value]
    parts += _written_body(body, target)
    parts += [option for option in call.kept if len(option) > 1]
    if call.output:
        parts.append(["-o", call.output])
    elif _needs_output(call, target):
        parts.append(["-o", "cutout.png"])
    secrets = _secrets_of(call)
    return _whole(" \\\n  ".join(" ".join(quoted(_without(word, secrets)) for word in part) for part in parts))


def _whole(text: str) -> str:
    """Return the text without halves of characters: JSON may hold them, and no page can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _written_body(body: Body, target: _Target) -> Iterator[list[str]]:
    if _PATHS[target.path] == "GET":
        return
    if body.style == "file":
        yield ["-H", "Content-Type: application/json"]
        yield ["-d", body.file]
    fields = [field for field in body.fields if _row_of(field, target) is not None]
    if body.style == "json" and target.path.startswith("/v1.0/"):
        yield ["-H", "Content-Type: application/json"]
        yield ["-d", json.dumps({field.name: field.value for field in fields}, ensure_ascii=False)]
        return
    for field in fields:
        value = field.value if isinstance(field.value, str) else json.dumps(field.value)
        if body.style == "urlencoded":
            sign = "@" if field.kind == "content" else "="
            yield ["--data-urlencode", f"{field.name}{sign}{value}"]
        else:
            sign = {"text": "", "file": "@", "content": "<"}[field.kind]
            yield ["-F", f"{field.name}={sign}{value}"]


def _runnable(call: CurlCall, target: _Target, body: Body) -> Runnable | None:
    if target.path not in _CUTS_OUT or body.style == "file":
        return None
    secrets = _secrets_of(call)
    fields = []
    for field in body.fields:
        if _row_of(field, target) is not None and field.value is not None:
            value = field.value if isinstance(field.value, str) else json.dumps(field.value)
            fields.append(Field(_plain(_without(field.name, secrets)), _whole(_without(value, secrets)), field.kind))
    return runnable_of("v1.0" if target.path.startswith("/v1.0/") else "v1", fields)


def _has_fail(call: CurlCall) -> bool:
    return ["-f"] in call.kept or ["--fail-with-body"] in call.kept


def _needs_output(call: CurlCall, target: _Target) -> bool:
    wants_json = any(name.lower() == "accept" and "json" in value for name, value in call.headers)
    return target.path in _CUTS_OUT and not wants_json and ["-O"] not in call.kept


def _secrets_of(call: CurlCall) -> list[str]:
    """Return what came as a key or a password, the longest first; short words are left, they stand for themselves."""
    values = [value for name, value in call.headers if name.lower() not in (*_KEPT_HEADERS, "content-type")]
    secrets = {*call.secrets, *values, *(value.rpartition(" ")[2] for value in values)}
    return sorted((secret for secret in secrets if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)


def _without(word: str, secrets: Iterable[str]) -> str:
    """Return the word with the variable in the place of each secret, wherever else it was written."""
    for secret in secrets:
        if not shell.has_variable(secret):
            word = word.replace(secret, _KEY)
    return word


# --- What differs --------------------------------------------------------------------------------------------------


def _findings(call: CurlCall, target: _Target, body: Body, guide: Guide) -> Iterator[Finding]:
    yield Finding(_("address"), "different", _("It names this server; the path is the same."))
    yield _key_finding(call)
    for name, _value in call.headers:
        finding = _header_finding(name, target)
        if finding:
            yield finding
    faults = _faults_of(body, target)
    secrets = _secrets_of(call)
    for field in body.fields:
        yield _field_finding(replace(field, name=_without(field.name, secrets)), target, guide, faults)
    for option in call.left_out:
        yield Finding(curl.as_written(option), "left out", _left_out_because(option))
    if not _has_fail(call):
        yield Finding("-f", "added", _("So that an error is not saved as if it were the picture."))
    if not call.output and _needs_output(call, target):
        yield Finding("-o cutout.png", "added", _("So that the picture does not land in the terminal."))


def _key_finding(call: CurlCall) -> Finding:
    names = {name.lower() for name, _value in call.headers}
    if not names & {"x-api-key", "authorization"}:
        return Finding("x-api-key", "added", _("Every call needs a key of this server in this header."))
    why = _("It has to be a key of this server, in the variable KEY. The one you pasted was not kept.")
    return Finding("x-api-key", "different", why)


def _header_finding(name: str, target: _Target) -> Finding | None:
    shown_name = _plain(name) or _("a header")
    lower = name.lower()
    if lower in ("x-api-key", "authorization"):
        return None
    if lower == "accept" and not target.path.startswith("/v1.0/"):
        return Finding(shown_name, "ignored", _("v1 answers with the picture, whatever is accepted."))
    if lower in _KEPT_HEADERS:
        return Finding(shown_name, "same", "")
    if lower == "content-type":
        return Finding(shown_name, "same", _("curl sends the right one by itself, but for JSON, where it is written."))
    return Finding(shown_name, "left out", _("The API does not read it."))


def _plain(name: str) -> str:
    """Return a name without anything that no name of ours has, and no longer than one."""
    return re.sub(r"[^A-Za-z0-9_\[\]-]", "", name)[:40]


def _field_finding(field: Field, target: _Target, guide: Guide, faults: dict[str, str]) -> Finding:
    row = _row_of(field, target)
    if row is None:
        return Finding(
            _plain(field.name) or _("a field"), "left out", _("There is no such field here; it would be ignored.")
        )
    if field.base_name in _FILES and field.kind == "text":
        return Finding(
            _plain(field.name), "wrong", _("Before the file's name an @ is missing: this sends the name as text.")
        )
    if field.base_name in faults:
        return Finding(_plain(field.name), "wrong", faults[field.base_name], is_english=True)
    return Finding(_plain(field.name), _verdict_of(row), _why(row, guide), is_english=True)


def _row_of(field: Field, target: _Target) -> Row | None:
    guide = GUIDES["remove-bg" if target.path.startswith("/v1.0/") else "poof"]
    return parameter_rows(guide).get(field.base_name)


def _verdict_of(row: Row) -> Verdict:
    if row.here in _SAME:
        return "same"
    return "ignored" if "ignored" in row.here else "different"


def _why(row: Row, guide: Guide) -> SafeString | str:
    words = "" if row.here == "same" else f"{row.here[:1].upper()}{row.here[1:]}. "
    note = f"{row.note[:1].upper()}{row.note[1:]}" if row.note else ""
    return markdown.to_html_in_line(f"{words}{note}".strip(), resolve=page_of_link)


def _faults_of(body: Body, target: _Target) -> dict[str, str]:
    """Return what our own form says against the values, by field; nothing about values that only a shell knows."""
    if target.path not in _CUTS_OUT:
        return {}
    data = {field.name: field.value for field in body.fields if field.kind == "text" and not _is_unknown(field.value)}
    form: serializers.Serializer[Any] = (RemovebgForm if target.path.startswith("/v1.0/") else RemovalForm)(data=data)
    with translation.override("en"):  # in the API's own words
        if form.is_valid():
            return {}
        return {name: f"{name} {_first(faults)}" for name, faults in form.errors.items()}


def _is_unknown(value: Any) -> bool:
    return isinstance(value, str) and shell.has_variable(value)


def _first(faults: Any) -> str:
    while isinstance(faults, dict | list) and faults:
        faults = next(iter(faults.values())) if isinstance(faults, dict) else faults[0]
    return str(faults)[:LONGEST_SHOWN]


def _left_out_because(option: str) -> str:
    if option in ("user", "oauth2-bearer"):
        return _("The key goes into the header x-api-key.")
    if option == "insecure":
        return _("It would send your key to whoever answers.")
    if option == "cookie":
        return _("The API reads no cookies.")
    if option in ("get", "head"):
        return _("The call is sent as this endpoint takes it.")
    return _("It changes nothing about the picture; put it back if you need it.")


# --- What to look at -----------------------------------------------------------------------------------------------


def _warnings(line: CommandLine, call: CurlCall, target: _Target, body: Body) -> Iterator[str]:
    if not target.is_rivals:
        yield _("Its address is neither remove.bg's nor Poof's; it was read by its path.")
    if call.unknown:
        yield _("Options that we do not know were left out: %(names)s.") % {"names": ", ".join(call.unknown[:10])}
    if line.has_more:
        yield _("Only the first command was read. What follows it, such as a pipe, was left out.")
    if line.has_substitutions:
        yield _(
            "A `$(...)` or backticks stand in it. Nothing was run: they are plain text below; put in what they give."
        )
    if line.joined_lines:
        yield _("Lines were taken together although no backslash stands at their ends.")
    if target.others:
        yield _("More than one address stands in it; the others were left out.")
    if target.has_query:
        yield _("What stands behind the ? of the address was left out: the API reads fields from the body alone.")
    if call.method not in (None, _PATHS[target.path]):
        yield _("This endpoint takes %(method)s, so the call below is sent with it.") % {"method": _PATHS[target.path]}
    if {option for option, _value in call.body if option.startswith("form")} and len(
        {o.partition("-")[0] for o, _v in call.body}
    ) > 1:
        yield _("-F and -d cannot stand together; only the form was read.")
    yield from _warnings_of_body(body, target)


def _warnings_of_body(body: Body, target: _Target) -> Iterator[str]:
    if body.style == "file":
        yield _("The body comes from a file that we cannot see; its fields were not looked at.")
        return
    if target.path not in _CUTS_OUT:
        return
    sent = [name for name in _SOURCES if any(field.name == name for field in body.fields)]
    if not sent:
        yield _("No picture is sent: add -F image_file=@photo.jpg.")
    elif len(sent) > 1 and target.path.startswith("/v1.0/"):
        yield _("More than one picture is sent (%(names)s), which is refused.") % {"names": ", ".join(sent)}
    if body.style == "json" and body.is_guessed:
        yield _("The body looks like JSON, and no Content-Type says so; it was read as JSON.")
    if body.style == "json" and not target.path.startswith("/v1.0/"):
        yield _("JSON is not taken on v1; the call below sends a form.")
