"""docs/verification.md: one row a check, its notes below; a single check can be run again and take its own row."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from tests.run_on_postgres import ROOT
from tests.verify.check import Finding
from tests.verify.machine import machine

PAGE = ROOT / "docs" / "verification.md"
INTRODUCTION = """# Verification

The full counts of what `make test` checks in samples. `make verify` does them all and writes this page;
`python -m tests.verify --only NAME --write` does one and takes its row.
"""
HEADER = ("Check", "What", "How many", "Outcome", "Seconds", "When", "Command")
_ROW = re.compile(r"^\| (?!Check \||--- )(?P<name>[a-z-]+) \| .*\|$", re.MULTILINE)
_NOTES = re.compile(r"^## (?P<name>[a-z-]+)\n\n(?P<text>.*?)\n(?=## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says of one check."""

    row: str
    notes: str = ""


def section_of(name: str, what: str, finding: Finding, *, scale: float, seconds: float, when: str) -> Section:
    """Word what was found: the outcome starts with passed or FAILED, the faults come first in the notes."""
    verdict = "FAILED" if finding.faults else "passed"
    command = f"`python -m tests.verify --only {name}{'' if scale == 1.0 else f' --scale {scale:g}'}`"
    cells = (name, what, finding.how_many, f"{verdict}: {finding.figures}", f"{seconds:.0f}", when, command)
    faults = [f"- FAILED: {_one_line(fault)}" for fault in finding.faults[:20]]
    if len(finding.faults) > len(faults):
        faults.append(f"- and {len(finding.faults) - len(faults)} more")
    notes = [*faults, *([""] if faults and finding.notes else []), *finding.notes]
    return Section(f"| {' | '.join(_one_line(cell) for cell in cells)} |", "\n".join(notes))


def merge(names: list[str], sections: dict[str, Section], page: Path = PAGE) -> None:
    """Write the page: the new sections, the old ones of the checks that were not run, in the order of `names`."""
    kept = {**_read(page), **sections}
    ordered = {name: kept[name] for name in names if name in kept}
    missing = [name for name in names if name not in ordered]
    page.write_text(_page_of(ordered, missing), encoding="utf-8")


def _verdict(sections: dict[str, Section], missing: list[str]) -> str:
    failed = [name for name, section in sections.items() if "| FAILED: " in section.row]
    verdict = f"**Failed: {', '.join(failed)}.**" if failed else f"All {len(sections)} checks below passed."
    return verdict + (f" Not done yet: {', '.join(missing)}." if missing else "")


def _page_of(sections: dict[str, Section], missing: list[str]) -> str:
    lines = [
        INTRODUCTION,
        _verdict(sections, missing),
        "",
        f"Machine: {machine()}.",
        "",
        f"| {' | '.join(HEADER)} |",
        "| --- | --- | --- | --- | ---: | --- | --- |",
        *(section.row for section in sections.values()),
    ]
    for name, section in sections.items():
        if section.notes:
            lines += ["", f"## {name}", "", section.notes]
    return "\n".join(lines) + "\n"


def _read(page: Path) -> dict[str, Section]:
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    sections = {found["name"]: Section(found[0]) for found in _ROW.finditer(text)}
    for found in _NOTES.finditer(text):
        if found["name"] in sections:
            sections[found["name"]] = replace(sections[found["name"]], notes=found["text"].rstrip())
    return sections


def _one_line(text: str) -> str:
    return " ".join(text.replace(str(ROOT), ".").replace("|", "/").split())[:600]
