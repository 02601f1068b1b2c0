"""What a check is, and what it tells."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw: `figures` for the table, `faults` (none means it passed), `notes` below the table."""

    how_many: str
    figures: str
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Check:
    """A check by name; `run` takes the share of the full count to do (1.0 is all of it)."""

    name: str
    what: str
    run: Callable[[float], Finding]


def scaled(full: int, scale: float, *, at_least: int = 1) -> int:
    """Return that share of a full count."""
    return max(at_least, round(full * scale))
