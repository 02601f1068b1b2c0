"""Bars as numbers a template can draw: the server works out where each begins and how high it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from processing.usage import Day

STEP, WIDTH, HEIGHT = 10, 8, 100
_TOPS = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100)
LEAST_HEIGHT = 1.5
"""A single request among thousands is still to be seen."""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar, from `y` (0 is the top) `height` down; `kind` says how it is filled."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's bar, from its foot upwards."""

    x: int
    day: Day
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Chart:
    """All bars, in a frame of `width` by 100, and what its upper edge stands for."""

    bars: Sequence[Bar]
    top: int
    width: int


def chart_of(days: Sequence[Day]) -> Chart:
    """Return the chart of these days, in their order."""
    top = round_up(max((day.requests for day in days), default=0))
    bars = [Bar(number * STEP, day, _parts(day, top)) for number, day in enumerate(days)]
    return Chart(bars, top, max(1, len(days)) * STEP)


def round_up(number: int) -> int:
    """Return the next number that reads well as the top of a scale: 7, 10, 12, 15, 20, 25, ..., 1000, 1200, ..."""
    if number <= 10:
        return max(1, number)
    scale: int = 10 ** (len(str(number)) - 2)
    return next(step * scale for step in _TOPS if step * scale >= number)


def _parts(day: Day, top: int) -> list[Part]:
    parts, foot = [], float(HEIGHT)
    for kind, count in (("delivered", day.delivered), ("refused", day.refused), ("failed", day.failed)):
        if count:
            height = max(LEAST_HEIGHT, count / top * HEIGHT)
            foot -= height
            parts.append(Part(kind, round(foot, 2), round(height, 2)))
    return parts
