"""The speed bench in words: the ratios that were asked for, medians, our own steps, memory and starts."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.reports import in_words, table

# Steps that the plain network would not have.
EDGE_STEPS = ("refine", "foreground")
FLOOR = "sgemm floor"


def parts(report: Mapping[str, Any]) -> list[str]:
    """Return the report's paragraphs and tables in order."""
    photo = f"{report['photo_mp']} MP JPEG of {report['photo_bytes'] / 1e6:.1f} MB"
    return [
        in_words(report),
        f"{photo}; {report['threads']} threads on as many processors; {report['rounds']} interleaved rounds after one "
        f"to warm up, sessions kept; {report['weights']} for us, for rembg 2.0.86 and for OpenVINO.",
        table(["what", "measured", "asked", "held"], _target_rows(report)),
        "Medians (seconds, and the range seen):",
        table(
            ["case", "median", "range", "network alone", "to rembg plain", "MB"],
            _median_rows(report["timed"], _rembg_plain(report)),
        ),
        "Our own steps (median milliseconds):",
        table(*_steps(report["timed"])),
        "Fresh processes:",
        table(
            ["case", "ready after s", "first cutout after s", "peak MB by then", "after three"],
            _fresh_rows(report["fresh"]),
        ),
        "A second worker of ours beside the first: {added_mb:.0f} MB more than the first one's {first_mb:.0f} MB "
        "({ratio:.2f}x; proportional set size).".format(**report["second_worker"]),
    ]


def _target_rows(report: Mapping[str, Any]) -> Iterator[list[str]]:
    for what, measured, asked, unit in _targets(report):
        yield [what, f"{measured:.2f} {unit}".strip(), f"<= {asked:g} {unit}".strip(), _yes(measured <= asked)]


def _targets(report: Mapping[str, Any]) -> Iterator[tuple[str, float, float, str]]:
    """Yield issue 3's table: what, measured, the most that was asked, the unit."""
    timed, fresh, size = report["timed"], report["fresh"], report["photo_mp"]
    standard = timed[f"ours standard, {size} MP to png"]
    plain, decontaminated = _rembg_plain(report), timed[f"rembg decontaminate, {size} MP to png"]
    webp = timed["ours standard, 1 MP to webp"]
    edges_s = sum(standard["stages_ms"][name] for name in EDGE_STEPS) / 1000
    ours_fresh, rembg_fresh = (fresh[f"{name}, {size} MP to png"] for name in ("ours standard", "rembg plain"))
    yield "wall time / rembg plain, refine and edge colours on", standard["median_s"] / plain["median_s"], 0.45, ""
    yield "wall time / rembg with decontaminate", standard["median_s"] / decontaminated["median_s"], 0.18, ""
    yield "wall time / our own inference alone", standard["median_s"] / standard["inference_s"], 1.30, ""
    without = (standard["median_s"] - edges_s) / standard["inference_s"]
    yield "the same less our refine and foreground steps", without, 1.15, ""
    yield "peak memory / rembg plain", ours_fresh["peak_mb"] / rembg_fresh["peak_mb"], 0.30, ""
    if report["large_mp"]:
        large = fresh[f"ours standard, {report['large_mp']} MP to png"]
        yield f"peak memory at {report['large_mp']} MP", large["peak_mb"] / 1000, 1.2, "GB"
    yield "inference / the sgemm floor", standard["inference_s"] / timed[FLOOR]["median_s"], 1.10, ""
    yield "process start to first cutout", ours_fresh["first_answer_s"], 3, "s"
    yield "memory added by a second worker / the first", report["second_worker"]["ratio"], 0.6, ""
    yield "1 MP JPEG to WebP, total / inference", webp["median_s"] / webp["inference_s"], 1.08, ""


def _rembg_plain(report: Mapping[str, Any]) -> Mapping[str, Any]:
    case: Mapping[str, Any] = report["timed"][f"rembg plain, {report['photo_mp']} MP to png"]
    return case


def _median_rows(timed: Mapping[str, Any], plain: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, case in timed.items():
        yield [
            name,
            f"{case['median_s']:.2f}",
            f"{case['fastest_s']:.2f} to {case['slowest_s']:.2f}",
            f"{case['inference_s']:.2f}" if "inference_s" in case else "-",
            f"{case['median_s'] / plain['median_s']:.2f}",
            f"{case['megabytes']:.2f}" if "megabytes" in case else "-",
        ]


def _steps(timed: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    own = {name: case["stages_ms"] for name, case in timed.items() if "stages_ms" in case}
    steps = list(next(iter(own.values())))
    return ["case", *steps], [[name, *(f"{stages[step]:.0f}" for step in steps)] for name, stages in own.items()]


def _fresh_rows(fresh: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, taken in fresh.items():
        seconds = (f"{taken[moment]:.1f}" for moment in ("ready_s", "first_answer_s"))
        yield [name, *seconds, *(f"{taken[moment]:.0f}" for moment in ("first_peak_mb", "peak_mb"))]


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
