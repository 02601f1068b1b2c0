"""What one row of the conformance table is: what somebody sends, and what the reference says must come back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Body = Literal["multipart", "urlencoded", "json", "raw"]
Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""
Colour = int | tuple[int, int, int] | tuple[int, int, int, int]

# The picture that most rows send: 300 x 200, and the model sees this ellipse of it. Left half red, right half blue.
PLACE: Box = (75, 50, 150, 100)
RED = (200, 30, 30)
BLUE = (30, 60, 200)
WHITE = (255, 255, 255)
YELLOW = (250, 220, 20)
CLEAR = (0, 0, 0, 0)

LONG = 40


def short(text: str) -> str:
    """Return the text in quotes, as people can read it in a table."""
    return repr(shortened(text))


def shortened(text: str) -> str:
    """Return the text without the greater part of what is too long to read."""
    return f"{text[:8]}... ({len(text)} characters)" if len(text) > LONG else text


@dataclass(frozen=True)
class File:
    """A file part holding the picture of this name, sent under any file name."""

    picture: str
    sent_as: str = ""
    content_type: str = ""

    def __str__(self) -> str:
        extra = [f"named `{self.sent_as}`"] if self.sent_as else []
        extra += [f"as `{self.content_type}`"] if self.content_type else []
        return f"file {self.picture}" + (f" ({', '.join(extra)})" if extra else "")


@dataclass(frozen=True)
class B64:
    """The picture of this name as base64 text, with what stands before it and in lines of this length."""

    picture: str
    prefix: str = ""
    line_length: int = 0

    def __str__(self) -> str:
        lines = f" in lines of {self.line_length}" if self.line_length else ""
        return f"base64 text of {self.picture}{lines}" + (f" after `{self.prefix}`" if self.prefix else "")


@dataclass(frozen=True)
class Url:
    """The address of this path on a file server that the fetcher may reach, or on another host at the same port."""

    path: str
    host: str = "127.0.0.1"

    def __str__(self) -> str:
        elsewhere = "" if self.host == "127.0.0.1" else f" on {self.host}"
        return f"URL of {self.path.removeprefix('/')}{elsewhere}"


@dataclass(frozen=True)
class Near:
    """A whole number written as text, give or take some pixels."""

    number: int
    give_or_take: int = 3

    def __str__(self) -> str:
        return f"about {self.number}"


@dataclass(frozen=True)
class Containing:
    """A text with these words in it, in any case."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return " and ".join(f"`{word}`" for word in self.words) + " among others"


@dataclass(frozen=True)
class Kind:
    """A value of this kind, whichever it is."""

    name: Literal["present", "absent", "whole number", "number from 0 to 1", "unix time", "text", "uuid", "number"]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Keys:
    """A JSON object with exactly these keys."""

    names: frozenset[str]

    def __str__(self) -> str:
        return "exactly " + ", ".join(f"`{name}`" for name in sorted(self.names))


PRESENT, ABSENT = Kind("present"), Kind("absent")
WHOLE, SHARE, UNIX_TIME = Kind("whole number"), Kind("number from 0 to 1"), Kind("unix time")


@dataclass(frozen=True)
class Facts:
    """What can be measured on a delivered picture; None where the row says nothing.

    `subject` are the bounds of everything more than half opaque (of a grey matte: lighter than half). Sizes are exact
    unless `size_within` lets them differ; bounds have soft edges and may differ by `within` pixels.
    """

    format: Literal["PNG", "JPEG", "WEBP", "ZIP"] | None = None
    mode: Literal["RGBA", "RGB", "L"] | None = None
    size: tuple[int, int] | None = None
    size_within: int = 0
    at_most_pixels: int | None = None
    subject: Box | None = None
    within: int = 3
    inside: Box | None = None
    """No pixel outside this box is more than faintly opaque."""
    empty: bool = False
    opaque: bool = False
    colours: Mapping[tuple[int, int], Colour] = field(default_factory=dict)
    shadow: bool | None = None
    """Whether something soft and dark lies outside the subject at PLACE."""
    shadow_at_most: float | None = None
    """The greatest opacity a shadow may have, 0..1."""
    members: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Expected:
    """What must come back; None where the row says nothing."""

    status: int | tuple[int, ...]
    """The status, or the statuses between which the reference leaves the choice."""
    code: str | tuple[str, ...] | None = None
    """The code, or the codes between which the reference leaves the choice."""
    title: str | None = None
    detail: str | None = None
    names: str | None = None
    """The field that a v1 refusal names in `details`."""
    headers: Mapping[str, Any] = field(default_factory=dict)
    rate_cost: int | None = None
    """By how much the first call of a minute lowers what is left."""
    picture: Facts | None = None
    envelope: Box | None = None
    """The picture comes in remove.bg's JSON, with the foreground here."""
    json: Mapping[str, Any] = field(default_factory=dict)
    """Path through the JSON answer -> what is found there."""


def one_or_more(choice: Any) -> tuple[Any, ...]:
    """Return what an answer may be as a tuple, whether the reference leaves a choice or not."""
    return choice if isinstance(choice, tuple) else (choice,)


@dataclass(frozen=True)
class Row:
    """One row: a class of values of one parameter of one endpoint, and what comes of it by whose word."""

    endpoint: str
    parameter: str
    value: str
    expected: Expected
    source: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    body: Body = "multipart"
    raw: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    world: str = "ordinary"
    """What is arranged beforehand: a name of worlds.WORLDS."""

    @property
    def dialect(self) -> str:
        """Whose words the endpoint speaks: v1 (Poof) or v1.0 (remove.bg)."""
        return self.endpoint.split("/")[1]

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.endpoint.split(" ")[0]

    @property
    def path(self) -> str:
        """The path below the server's root."""
        return self.endpoint.split(" ")[1]

    @property
    def name(self) -> str:
        """How the row is called in a list of tests."""
        return f"{self.endpoint} {self.parameter}: {self.value}"
