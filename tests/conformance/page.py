"""Writes docs/conformance.md from the rows: python -m tests.conformance.page."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.conformance.rows import (
    B64,
    BLUE,
    RED,
    WHITE,
    YELLOW,
    Box,
    Expected,
    Facts,
    File,
    Row,
    Url,
    one_or_more,
    shortened,
)
from tests.conformance.standard import NAMES, SUBJECT
from tests.conformance.table import ROWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
FEW = 3
TITLES = {"v1.0": "remove.bg's dialect", "v1": "Poof's dialect"}
SOURCES = {"image_file", "file", "image_file_b64", "image_url", "url"}
TAKE_PICTURES = {"POST /v1/remove", "POST /v1.0/removebg", "POST /v1.0/improve"}
COLOURS = {RED: "red", BLUE: "blue", WHITE: "white", YELLOW: "yellow"}

HEAD = """# Conformance

What each class of values of each parameter must bring, in both dialects. **The expectations are typed from the
reference and the rulings, never recorded from our answers**; the last column names their source: *api_reference*,
*decisions* and *reliability* are pages of `../shared/`, *issue* is number 4 of this project. This page is written from
the rows in `tests/conformance/`, each of which is a test: `python -m pytest tests/conformance`. After a change of rows:
`python -m tests.conformance.page`.

Unless *Sent* says otherwise, a row is a multipart form with `subject.png` as `image_file`, sent with a valid key of an
organization that has ten credits. `subject.png` is 300 x 200. A stand-in for the model sees an ellipse half as wide and
half as high in the middle of it, as it does in every picture: these are tests of the logic around the network. The
ellipse's left half is red (200, 30, 30), its right half blue (30, 60, 200). Pictures named `1000x500.png` are drawn
alike. *Base64* and *URL* hold the named picture; URLs lead to a file server which the fetcher is allowed to reach.

*The cutout* is a PNG with alpha of 300 x 200, the subject at 75, 50, 150, 100, with its red and blue half and with
transparent corners. *Subject at* gives left, top, width and height of everything more than half opaque in the delivered
picture. Edges are soft: bounds may be three pixels off (some rows say more), sizes given as *about* up to four; every
other size is exact. Colours may differ by 12 of 255.

Beside what its row says, every delivered picture must cost exactly one credit and come with the dialect's headers:

- v1.0: `X-Credits-Charged: 1`, `X-Type: other`, `X-Width`, `X-Height`, four `X-Foreground-*`, three `X-RateLimit-*`;
- v1: `X-Credits-Charged: 1`, `X-Request-ID`, `X-Processing-Time-Ms`, `X-Image-Width`, `X-Image-Height`,
  `X-Matte-Confidence`, `X-Matte-Ambiguous-Ratio`, three `X-RateLimit-*`;
- both: no `Content-Encoding`, no `Retry-After`, and the size in the headers is that of the picture that came.

Every refusal must be free and JSON: in v1.0 a non-empty `errors` array of flat texts with a `title`; in v1 `code`,
`message` and `request_id`, the last also in `X-Request-ID`.
"""


def page_text() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    for dialect, title in TITLES.items():
        rows = [row for row in ROWS if row.dialect == dialect]
        yield f"## {title}\n"
        by_endpoint: dict[str, list[Row]] = {}
        for row in rows:
            by_endpoint.setdefault(row.endpoint, []).append(row)
        for endpoint, of_endpoint in by_endpoint.items():
            if len(of_endpoint) >= FEW:
                yield f"### {endpoint}\n\n{len(of_endpoint)} rows.\n"
                yield from _table(of_endpoint)
        yield "### Other methods and paths\n"
        yield from _table(
            [row for group in by_endpoint.values() if len(group) < FEW for row in group], with_endpoint=True
        )


def _table(rows: list[Row], *, with_endpoint: bool = False) -> Iterator[str]:
    yield "| Parameter | Value | Sent | Expected | From |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        parameter = f"`{row.endpoint}` {row.parameter}" if with_endpoint else f"`{row.parameter}`"
        cells = (parameter, row.value, _sent(row), _expected(row.expected), row.source)
        yield "| " + " | ".join(_escaped(cell) for cell in cells) + " |"
    yield ""


def _escaped(text: str) -> str:
    text = text.replace("|", "\\|").replace("\0", "\\0").replace("\n", " ")
    return text.replace("\r", "\\r").replace("\t", "\\t")


def _sent(row: Row) -> str:
    parts = [] if row.world == "ordinary" else [f"({row.world})"]
    parts += [f"`{name}: {value}`" for name, value in row.headers.items()]
    if row.body == "raw":
        parts.append(f"`{shortened(repr(row.raw)[2:-1])}`" if row.raw else "nothing")
        parts.append(f"as `{row.content_type}`" if row.content_type else "as nothing")
    elif row.body != "multipart":
        parts.append(row.body)
    if row.endpoint in TAKE_PICTURES and row.body != "raw" and not SOURCES & row.fields.keys():
        parts.append("no picture")
    only_source = len(SOURCES & row.fields.keys()) == 1
    parts += [_field(*item) for item in row.fields.items() if not (only_source and item == ("image_file", SUBJECT))]
    return "; ".join(parts)


def _field(name: str, value: Any) -> str:
    if isinstance(value, File | B64 | Url):
        return f"`{name}` is the {value}"
    return f"`{name}={shortened(value if isinstance(value, str) else json.dumps(value))}`"


def _expected(expected: Expected) -> str:
    parts = [" or ".join(map(str, one_or_more(expected.status)))]
    parts += [" or ".join(f"`{code}`" for code in one_or_more(expected.code))] if expected.code else []
    parts += [f'titled "{expected.title}"'] if expected.title else []
    parts += [f'detail "{expected.detail}"'] if expected.detail else []
    parts += [f"names `{expected.names}`"] if expected.names else []
    if expected.envelope:
        parts.append(f"JSON with base64 and foreground at {_numbers(expected.envelope)}")
    parts += list(_facts(expected.picture)) if expected.picture else []
    parts += [f"`{name}`: {_value(value)}" for name, value in expected.headers.items()]
    parts += [f"`{path or 'the whole'}`: {_value(value)}" for path, value in expected.json.items()]
    parts += [f"costs {expected.rate_cost} of the rate"] if expected.rate_cost is not None else []
    return "; ".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f"`{value}`"
    return "null" if value is None else str(value)


def _facts(facts: Facts) -> Iterator[str]:
    for standard, name in NAMES:
        if facts == standard:
            yield name
            return
    if facts.format or facts.mode:
        yield " ".join(filter(None, (facts.format, facts.mode)))
    if facts.members:
        yield "holds exactly " + ", ".join(f"`{name}`" for name in sorted(facts.members))
    if facts.size:
        yield f"{'about ' if facts.size_within else ''}{facts.size[0]} x {facts.size[1]}"
    if facts.at_most_pixels:
        yield f"at most {facts.at_most_pixels:,} pixels"
    if facts.subject:
        yield f"subject at {_numbers(facts.subject)}"
    if facts.inside:
        yield f"nothing outside {_numbers(facts.inside)}"
    if facts.empty:
        yield "empty"
    if facts.opaque:
        yield "opaque"
    yield from (f"{_colour(colour)} at {_numbers(point)}" for point, colour in facts.colours.items())
    yield from _shadow(facts)


def _shadow(facts: Facts) -> Iterator[str]:
    if facts.shadow is not None:
        most = f", at most {facts.shadow_at_most:.0%} opaque" if facts.shadow_at_most else ""
        yield f"a shadow{most}" if facts.shadow else "no shadow"


def _colour(colour: int | tuple[int, ...]) -> str:
    if isinstance(colour, int):
        return f"grey {colour}"
    if len(colour) == 4 and colour[3] == 0:
        return "transparent"
    name = COLOURS.get(colour if len(colour) == 3 or colour[3] < 255 else colour[:3])
    return name or f"({_numbers(colour)})"


def _numbers(numbers: Iterable[int] | Box) -> str:
    return ", ".join(map(str, numbers))


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8")
