"""The words of a curl command to what it would send: options as curl reads them, values kept as they were written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from removebg.migrating.shell import CommandLine, Unreadable

SHORT = {
    "X": "request", "H": "header", "F": "form", "d": "data", "o": "output", "O": "remote-name", "f": "fail",
    "L": "location", "s": "silent", "S": "show-error", "i": "include", "v": "verbose", "k": "insecure", "u": "user",
    "G": "get", "A": "user-agent", "e": "referer", "b": "cookie", "c": "cookie-jar", "m": "max-time", "x": "proxy",
    "T": "upload-file", "I": "head", "D": "dump-header", "w": "write-out", "J": "remote-header-name", "N": "no-buffer",
    "K": "config", "E": "cert", "4": "ipv4", "6": "ipv6", "#": "progress-bar", "0": "http1.0", "g": "globoff",
    "q": "disable", "r": "range", "C": "continue-at", "z": "time-cond", "P": "ftp-port", "Q": "quote",
    "Y": "speed-limit", "y": "speed-time", "t": "telnet-option", "U": "proxy-user",
}  # fmt: skip
_WITH_A_VALUE = """request header form form-string data data-ascii data-raw data-binary data-urlencode json output user
    user-agent referer cookie cookie-jar max-time connect-timeout retry retry-delay retry-max-time proxy proxy-user
    upload-file dump-header write-out config cert key cacert capath url oauth2-bearer output-dir resolve connect-to
    limit-rate max-redirs interface range continue-at time-cond ftp-port quote speed-limit speed-time telnet-option
    url-query max-filesize stderr trace trace-ascii cert-type key-type ciphers tls-max expect100-timeout"""
_ALONE = """remote-name fail fail-with-body location location-trusted silent show-error include verbose insecure
    compressed get head remote-header-name no-buffer ipv4 ipv6 progress-bar http1.0 http1.1 http2 http3
    http2-prior-knowledge globoff disable retry-all-errors retry-connrefused create-dirs no-progress-meter tcp-nodelay
    tcp-fastopen tlsv1.2 tlsv1.3 raw parallel ssl-no-revoke no-keepalive post301 post302 post303 next"""
_STAY = """fail fail-with-body location silent show-error include verbose compressed remote-name remote-header-name
    ipv4 ipv6 progress-bar http1.1 http2 retry-all-errors retry-connrefused create-dirs no-progress-meter"""
_STAY_WITH_VALUE = """max-time connect-timeout retry retry-delay retry-max-time output-dir dump-header write-out"""
_ARE_BODY = "form form-string data data-ascii data-raw data-binary data-urlencode json"

TAKE_A_VALUE = frozenset(_WITH_A_VALUE.split())
FLAGS = frozenset(_ALONE.split())
KEPT_FLAGS = frozenset(_STAY.split())
KEPT_VALUES = frozenset(_STAY_WITH_VALUE.split())
_BODY = frozenset(_ARE_BODY.split())
_LETTERS = {name: letter for letter, name in SHORT.items()}
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(slots=True)
class CurlCall:
    """What a command would send, before anybody asks where to."""

    urls: list[str] = field(default_factory=list)
    method: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: list[tuple[str, str]] = field(default_factory=list)
    """(option, value), in their order."""
    output: str | None = None
    kept: list[list[str]] = field(default_factory=list)
    """Options that stay as they are, each with its value where it takes one."""
    left_out: list[str] = field(default_factory=list)
    """Names of options that curl knows and the new call does without."""
    unknown: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    """Values that nobody may see again."""


def parse(line: CommandLine) -> CurlCall:
    """Return what the command would send; raise Unreadable where it is no curl."""
    words = list(line.words)
    call = CurlCall(output=line.saved_as)
    while words and (_ASSIGNMENT.match(words[0]) or words[0] in ("$", "sudo", "time", "env", "%", ">")):
        call.secrets.append(words.pop(0).partition("=")[2])
    if not words:
        raise Unreadable(_("There is no command in it. Paste a call that begins with curl."))
    if not re.fullmatch(r"(.*[\\/])?curl(\.exe)?", words[0], re.IGNORECASE):
        raise Unreadable(_("This is no curl call: it does not begin with curl. Copy it from the word curl on."))
    for name, value in _options(words[1:], call):
        _take(call, name, value)
    return call


def as_written(name: str) -> str:
    """Return an option as people write it: its letter where it has one."""
    return f"-{_LETTERS[name]}" if name in _LETTERS else f"--{name}"


def _options(words: list[str], call: CurlCall) -> Iterator[tuple[str, str]]:
    """Yield each known option with its value, and addresses as `url`."""
    rest = iter(words)
    for word in rest:
        if word.startswith("--") and len(word) > 2:
            name = word[2:]
            if name in TAKE_A_VALUE:
                yield name, _value(rest, f"--{name}")
            elif name in FLAGS:
                yield name, ""
            else:
                call.unknown.append(_harmless(word))
        elif word.startswith("-") and word not in ("-", "--"):
            yield from _letters(word[1:], rest, call)
        elif word not in ("-", "--"):
            yield "url", word


def _letters(letters: str, rest: Iterator[str], call: CurlCall) -> Iterator[tuple[str, str]]:
    """Yield the options of one word such as -sSfo; the first that takes a value takes what is left of it."""
    for at, letter in enumerate(letters):
        name = SHORT.get(letter)
        if name is None:
            call.unknown.append(f"-{letter}" if letter.isascii() and letter.isalnum() else "-?")
            return
        if name in TAKE_A_VALUE:
            yield name, letters[at + 1 :] or _value(rest, f"-{letter}")
            return
        yield name, ""


def _value(rest: Iterator[str], option: str) -> str:
    value = next(rest, None)
    if value is None:
        raise Unreadable(
            _("After %(option)s something is missing. Copy the whole call, to its end.") % {"option": option}
        )
    return value


def _harmless(word: str) -> str:
    """Return the name of an unknown option without whatever stands behind it."""
    return re.match(r"--?[A-Za-z0-9-]{0,30}", word)[0]  # type: ignore[index]  # it begins with a dash


def _take(call: CurlCall, name: str, value: str) -> None:
    if name == "url":
        call.urls.append(value)
    elif name == "header":
        _take_header(call, value)
    elif name in _BODY:
        call.body.append((name, value))
    elif name == "request":
        call.method = value.upper()
    elif name == "output":
        call.output = value
    elif name in ("user", "oauth2-bearer", "cookie", "proxy-user", "proxy"):
        call.secrets += [value, *value.split(":")]
        call.left_out.append(name)
    elif name in KEPT_FLAGS:
        call.kept.append([as_written(name)])
    elif name in KEPT_VALUES:
        call.kept.append([as_written(name), value])
    elif name in ("get", "head"):
        call.method = "GET" if name == "get" else "HEAD"
        call.left_out.append(name)
    else:
        call.left_out.append(name)


def _take_header(call: CurlCall, text: str) -> None:
    name, _colon, value = text.partition(":")
    call.headers.append((name.strip(), value.strip()))
