"""Bars as a template can draw them: the server works out where each begins and how high it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import ngettext

from processing.usage import Day

STEP, WIDTH, HEIGHT = 10, 8, 100
_TOPS = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100)
LEAST_HEIGHT = 1.5
"""A single request among thousands is still to be seen."""


@dataclass(frozen=True, slots=True)
class Column:
    """One day's place in the chart, for who points at it."""

    x: int
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All bars, in a frame of `width` by 100, a path for each outcome, and what its upper edge stands for."""

    columns: Sequence[Column]
    delivered: str
    refused: str
    failed: str
    top: int
    width: int


def chart_of(days: Sequence[Day]) -> Chart:
    """Return the chart of these days, in their order: delivered at the foot, then refused, then failed."""
    top = round_up(max((day.requests for day in days), default=0))
    paths: dict[str, list[str]] = {"delivered": [], "refused": [], "failed": []}
    for number, day in enumerate(days):
        foot = float(HEIGHT)
        for outcome, path in paths.items():
            if count := getattr(day, outcome):
                height = max(LEAST_HEIGHT, count / top * HEIGHT)
                foot -= height
                path.append(f"M{number * STEP + 1} {foot:.4g}h{WIDTH}v{height:.4g}h-{WIDTH}z")
    return Chart(
        columns=[Column(number * STEP, _label(day)) for number, day in enumerate(days)],
        top=top,
        width=max(1, len(days)) * STEP,
        **{outcome: "".join(path) for outcome, path in paths.items()},
    )


def round_up(number: int) -> int:
    """Return the next number that reads well as the top of a scale: 7, 10, 12, 15, 20, 25, ..., 1000, 1200, ..."""
    if number <= 10:
        return max(1, number)
    scale: int = 10 ** (len(str(number)) - 2)
    return next(step * scale for step in _TOPS if step * scale >= number)


def _label(day: Day) -> str:
    words = ngettext(
        "%(day)s: %(requests)d request, credits: %(credits)d",
        "%(day)s: %(requests)d requests, credits: %(credits)d",
        day.requests,
    )
    return words % {"day": date_format(day.day), "requests": day.requests, "credits": day.credits}
