"""The HTTP bench in words: one row for each server at each level."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks.reports import in_words, table


def parts(report: Mapping[str, Any]) -> list[str]:
    """Return the report's paragraphs and its table."""
    return [
        in_words(report),
        f"Over HTTP on the same machine: {report['photo_mp']} MP JPEG of {report['photo_bytes'] / 1e6:.1f} MB to PNG; "
        f"{report['threads']} threads a network run on as many processors, one worker process of ours.",
        table(
            ["clients", "server", "images", "failed", "images a minute", "p50 s", "p95 s", "peak MB"],
            [_row(level) for level in report["levels"]],
        ),
    ]


def line(level: Mapping[str, Any]) -> str:
    """Return one level in a line, to show that something happens."""
    return ", ".join(f"{name}: {value}" for name, value in zip(("clients", "server"), _row(level)[:2], strict=True)) + (
        f", {level['images_a_minute']:.1f} images a minute"
    )


def _row(level: Mapping[str, Any]) -> list[str]:
    failures = ", ".join(f"{count} x {what}" for what, count in Counter(level["failures"]).items())
    return [
        str(level["concurrency"]),
        level["server"],
        str(level["images"]),
        failures or "0",
        f"{level['images_a_minute']:.1f}",
        *("-" if level[name] is None else f"{level[name]:.1f}" for name in ("p50_s", "p95_s")),
        f"{level['peak_tree_mb']:.0f}",
    ]
