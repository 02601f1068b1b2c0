"""The one parser of addresses that callers name: what it returns is what is connected to, and nothing parses it again.

Where parsers in use disagree about an address (a backslash, an `@` in an odd place, numbers in odd bases, digits that
only look like digits), it is refused rather than understood.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote

import idna

from processing.fetching.errors import BadUrl, ClosedPort

MAX_URL_CHARACTERS = 4096
DEFAULT_PORTS = {"http": 80, "https": 443}

_MAX_HOST_CHARACTERS = 253
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]+)(?::(?P<port>[1-9][0-9]{0,4}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_IPV6_TEXT = re.compile(r"[0-9A-Fa-f:.]+")
_LEFT_AS_WRITTEN = "!$%&'()*+,-./:;=?@[]_|~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One address taken apart: the host in lower-case ASCII (IPv6 without brackets), the path with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def literal(self) -> IPv4Address | IPv6Address | None:
        """The IP address that the host is, or None for a name."""
        if ":" in self.host:
            return IPv6Address(self.host)
        return IPv4Address(self.host) if self.host.rpartition(".")[2].isdigit() else None

    @property
    def without_query(self) -> str:
        """The address for a log: queries carry signatures and tokens."""
        return f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}"


def parse_url(text: str, *, ports: Collection[int]) -> Target:
    """Return the address taken apart; raise BadUrl for anything but a plain http or https address.

    Raises its subclass ClosedPort where the address is fine and its port none of `ports`.
    """
    text = text.strip(" ")
    if len(text) > MAX_URL_CHARACTERS or _FORBIDDEN.search(text):
        raise BadUrl
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in DEFAULT_PORTS:
        raise BadUrl
    rest, _, fragment = rest.partition("#")
    if "@" in rest.partition("/")[0] or "@" in fragment:
        raise BadUrl
    front = re.split(r"[/?]", rest, maxsplit=1)[0]
    authority = _AUTHORITY.fullmatch(front)
    if authority is None:
        raise BadUrl
    port = int(authority["port"] or DEFAULT_PORTS[scheme])
    target = Target(scheme=scheme, host=_host(authority["host"]), port=port, path=_path(rest[len(front) :]))
    if port not in ports:
        raise ClosedPort
    return target


def parse_location(text: str, *, base: Target, ports: Collection[int]) -> Target:
    """Return where a redirect leads, seen from `base`, parsed from the start like a caller's own address."""
    text = text.strip(" ")
    if _SCHEME.match(text):
        return parse_url(text, ports=ports)
    if text.startswith("//"):
        return parse_url(f"{base.scheme}:{text}", ports=ports)
    path = base.path.partition("?")[0]
    if text.startswith("/"):
        path = ""
    elif text and text[0] not in "?#":
        path = path[: path.rindex("/") + 1]
    return parse_url(f"{base.scheme}://{base.authority}{path}{text}", ports=ports)


def _host(text: str) -> str:
    if text.startswith("["):
        return _ipv6(text[1:-1])
    host = text.lower() if text.isascii() else _ascii_name(text)
    labels = host.split(".")
    if len(host) > _MAX_HOST_CHARACTERS or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadUrl
    # The rule of browsers: a host that ends in a number is an IPv4 address; ours is then written in full.
    return _ipv4(host) if _NUMBER.fullmatch(labels[-1]) else host


def _ascii_name(text: str) -> str:
    """Return an international name as DNS has it; nothing is mapped, so that ①, １ and 。 are refused."""
    try:
        return idna.encode(text.lower(), strict=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise BadUrl from None


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))  # four decimal numbers without leading zeros
    except AddressValueError:
        raise BadUrl from None


def _ipv6(text: str) -> str:
    if not _IPV6_TEXT.fullmatch(text):  # among others a zone id
        raise BadUrl
    try:
        return str(IPv6Address(text))
    except AddressValueError:
        raise BadUrl from None


def _path(text: str) -> str:
    path, mark, query = text.partition("?")
    try:
        return quote(_without_dots(path), safe=_LEFT_AS_WRITTEN) + mark + quote(query, safe=_LEFT_AS_WRITTEN)
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can carry
        raise BadUrl from None


def _without_dots(path: str) -> str:
    """Return an absolute path with `.` and `..` resolved (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
