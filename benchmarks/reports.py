"""What a benchmark leaves behind: JSON for machines, Markdown for docs/benchmarks.md, and under which circumstances."""

import importlib.metadata
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.verify.machine import commit, machine

VERSIONS_OF = ("onnxruntime", "numpy", "opencv-python-headless", "pillow")


def circumstances() -> dict[str, Any]:
    """Return the day, the commit, the machine and the versions that the figures belong to."""
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS_OF},
    }


def in_words(around: Mapping[str, Any]) -> str:
    """Return the circumstances as one sentence."""
    versions = ", ".join(f"{name} {version}" for name, version in around["versions"].items())
    return f"Measured {around['day']} at {around['commit']} on {around['machine']}; {versions}."


def write_json(path: Path, value: Any) -> None:
    """Write the value, readable, for other programs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_markdown(path: Path, parts: Iterable[str]) -> None:
    """Write the parts with an empty line between them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column but the first is figures and stands to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
