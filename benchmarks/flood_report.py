"""The flood of forged webhooks in words: one row for each rate, in relation to none."""

from collections.abc import Mapping
from typing import Any

from benchmarks.reports import in_words, table


def parts(report: Mapping[str, Any]) -> list[str]:
    """Return the report's paragraphs and its table."""
    calm = report["stages"][0]
    return [
        in_words(report),
        f"One worker process on {report['database']}, everything on the same machine: one person visits "
        f"{report['page']} ten times a second and Stripe tells of four purchases a second, {report['rounds']} times "
        f"{report['seconds']:g} seconds at each rate, in turns. In brackets, how often what it takes without a flood.",
        table(
            [*_HEADER, *(f"{what} {name} ms" for what in ("page", "event") for name in ("median", "p95")), "failed"],
            [_row(stage, calm) for stage in report["stages"]],
        ),
    ]


def _row(stage: Mapping[str, Any], calm: Mapping[str, Any]) -> list[str]:
    refused = stage["forged"].get(400, 0)
    all_forged = sum(stage["forged"].values())
    return [
        str(stage["rate"]),
        f"{stage['forged_a_second']:.0f}",
        f"{refused:,} of {all_forged:,}",
        *(_beside(stage[what][name], calm[what][name]) for what in ("visits", "events") for name in _NAMES),
        ", ".join(f"{count} x {what}" for what, count in stage["failures"].items()) or "0",
    ]


_HEADER = ("forged a second", "answered a second", "refused")
_NAMES = ("median_ms", "p95_ms")


def _beside(figure: float, calm: float) -> str:
    return f"{figure:.0f} ({figure / calm:.2f}x)"
