"""The quality bench in words: tables of ratios to the plain network, of halves, of rank order, of worst cases."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.quality_scores import ERRORS, LIKENESSES, PLAIN
from benchmarks.reports import in_words, table

# What issue 3 asks of each quality: at most this ratio of an error, at least this gain of a likeness.
TARGETS: Mapping[str, Mapping[tuple[str, str], float]] = {
    "standard": {
        ("truealpha", "Band"): 0.88,
        ("truealpha", "Grad"): 0.76,
        ("portraits_p3mnet", "Band"): 0.84,
        ("portraits_p3mnet", "BIoU"): 0.04,
        ("animals_gfm", "Grad"): 0.37,
        ("animals_gfm", "BIoU"): 0.06,
    },
    "best": {
        ("truealpha", "Band"): 0.80,
        ("truealpha", "Grad"): 0.72,
        ("portraits_p3mnet", "Band"): 0.80,
        ("portraits_p3mnet", "BIoU"): 0.055,
        ("animals_gfm", "Grad"): 0.32,
        ("animals_gfm", "BIoU"): 0.09,
    },
}
# SAD tells the same as MAE, by larger pictures.
COMPARED = tuple(name for name in (*ERRORS, *LIKENESSES) if name != "SAD")
# No set may lose more than this of these, in any quality.
GUARDED = ("IoU", "S", "maxF")
MAY_LOSE = 0.002
CONFIDENCE_TARGET = 0.5


def parts(report: Mapping[str, Any]) -> list[str]:
    """Return the report's paragraphs and tables in order."""
    sets = report["sets"]
    tiers = [tier for tier in next(iter(sets.values()))["all"] if tier != PLAIN]
    said = [in_words(report) + f" Weights {report['weights_digest'][:12]}."]
    said += [
        "Against what was asked (ratio of an error to the plain network's, or gain of a likeness):",
        table(["set, metric", *_titled(tiers, "asked"), "held"], _target_rows(sets, tiers)),
        f"Sets that lose more than {MAY_LOSE} of {', '.join(GUARDED)}: {_losses(sets, tiers) or 'none'}.",
        "The plain network (`fast`), means:",
        table(["set", "photos", *ERRORS, *LIKENESSES], _mean_rows(sets, PLAIN)),
    ]
    for tier in tiers:
        said += [
            f"`{tier}`: ratio of each error to the plain network's, and gain in each likeness; in brackets the halves "
            "of the set (even, odd names).",
            table(["set", *COMPARED], _gain_rows(sets, tier)),
        ]
    said += [
        f"Spearman's rank correlation of `X-Matte-Confidence` with IoU (asked: {CONFIDENCE_TARGET} over all):",
        table(["quality", *next(iter(report["confidence"].values()))], _ranking_rows(report["confidence"])),
    ]
    for title, rows in report["worst"].items():
        said += [f"Worst in `standard`, {title}:", table(*_worst_table(rows))]
    return said


def _titled(tiers: list[str], asked: str) -> list[str]:
    return [title for tier in tiers for title in (tier, asked)]


def _target_rows(sets: Mapping[str, Any], tiers: list[str]) -> Iterator[list[str]]:
    for set_name, metric in TARGETS["standard"]:
        if set_name not in sets:
            continue
        row, held = [f"{set_name} {metric}"], []
        for tier in tiers:
            asked = TARGETS[tier][set_name, metric]
            value = _value(sets[set_name]["all"][tier], metric)
            held.append(value <= asked if metric in ERRORS else value >= asked)
            row += [_worded(metric, value), ("<= " if metric in ERRORS else ">= ") + _worded(metric, asked)]
        yield [*row, ", ".join("yes" if holds else "no" for holds in held)]


def _losses(sets: Mapping[str, Any], tiers: list[str]) -> str:
    return ", ".join(
        f"{set_name} {metric} {gain:+.4f} in {tier}"
        for set_name, figures in sets.items()
        for tier in tiers
        for metric in GUARDED
        if (gain := figures["all"][tier]["gain"][metric]) < -MAY_LOSE
    )


def _mean_rows(sets: Mapping[str, Any], tier: str) -> Iterator[list[str]]:
    for set_name, figures in sets.items():
        means = figures["all"][tier]["means"]
        yield [set_name, str(figures["photos"]), *(f"{means[name]:.4g}" for name in (*ERRORS, *LIKENESSES))]


def _gain_rows(sets: Mapping[str, Any], tier: str) -> Iterator[list[str]]:
    for set_name, figures in sets.items():
        yield [set_name, *(_with_halves(figures, tier, metric) for metric in COMPARED)]


def _with_halves(figures: Mapping[str, Any], tier: str, metric: str) -> str:
    halves = [_worded(metric, _value(figures[half][tier], metric)) for half in ("even", "odd") if figures[half]]
    return f"{_worded(metric, _value(figures['all'][tier], metric))} ({', '.join(halves)})"


def _value(compared: Mapping[str, Any], metric: str) -> float:
    return float(compared["ratio" if metric in ERRORS else "gain"][metric])


def _worded(metric: str, value: float) -> str:
    return f"{value:.3f}x" if metric in ERRORS else f"{value:+.4f}"


def _ranking_rows(confidence: Mapping[str, Mapping[str, float | None]]) -> Iterator[list[str]]:
    for tier, by_set in confidence.items():
        yield [tier, *("-" if value is None else f"{value:.2f}" for value in by_set.values())]


def _worst_table(rows: list[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    columns = [
        "IoU",
        "Band",
        "Grad",
        "BIoU",
        "confidence",
        *(["Band plain"] if rows and "Band plain" in rows[0] else []),
    ]
    return ["photo", *columns], [
        [f"{row['set']}/{row['name']}", *(f"{row[column]:.3f}" for column in columns)] for row in rows
    ]
