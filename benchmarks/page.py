"""docs/benchmarks.md: prose by hand, and between two marks for each part the tables of its last run."""

import re
from pathlib import Path

from benchmarks.places import BENCH, ROOT

PAGE = ROOT / "docs" / "benchmarks.md"


def fill(text: str, part: str, tables: str) -> str:
    """Return the page with the part's tables between its marks; raise ValueError when it has no such marks."""
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    filled, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}",
        lambda _: f"{begin}\n\n{tables.strip()}\n\n{end}",
        text,
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"The page has {count} places for {part}, not one.")
    return filled


def write_results(parts: list[str], page: Path = PAGE, results: Path = BENCH) -> None:
    """Put the last results of these parts on the page; a part without results keeps what stands there."""
    text = page.read_text(encoding="utf-8")
    for part in parts:
        tables = results / part / f"{part}.md"
        if tables.exists():
            text = fill(text, part, tables.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
