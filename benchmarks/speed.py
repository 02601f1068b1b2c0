"""Times and memory against peers in one interleaved run: `python -m benchmarks.speed [--rounds N] [--threads N]`.

Every contender is a process of its own environment that keeps its session; in each round all are asked in turn, so that
what else the machine does hits them alike. Peaks, starts and the second worker are taken from fresh processes after.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import speed_report
from benchmarks.camera_photos import camera_photo
from benchmarks.contest import Conditions, Contender, conditions
from benchmarks.places import BENCH
from benchmarks.reports import circumstances, write_json, write_markdown

# onnxruntime's memory pattern, which rembg leaves on, takes its block with the second run only.
ANSWERS_TO_THE_PEAK = 3


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to time: who is asked, and for what; `photo_mp` is the photo's size, 0 where there is none."""

    name: str
    contender: str
    request: Mapping[str, Any] = field(default_factory=dict)
    photo_mp: int = 0

    def message(self) -> dict[str, Any]:
        """Return what the contender is sent."""
        photo = {"photo": str(camera_photo(self.photo_mp))} if self.photo_mp else {}
        return {**photo, **self.request}


def ours(quality: str, photo_mp: int, image_format: str = "png") -> Case:
    """Return the case of one cutout of ours."""
    name = f"ours {quality}, {photo_mp} MP to {image_format}"
    return Case(name, "ours", {"quality": quality, "format": image_format}, photo_mp)


def rembg(photo_mp: int, *, decontaminate: bool = False, contender: str = "rembg") -> Case:
    """Return the case of one cutout of rembg's, which always is a PNG."""
    kind = "decontaminate" if decontaminate else "plain"
    return Case(f"{contender} {kind}, {photo_mp} MP to png", contender, {"decontaminate": decontaminate}, photo_mp)


def cases(photo_mp: int) -> list[Case]:
    """Return what every round asks for, in order."""
    chosen = [
        Case("sgemm floor", "sgemm"),
        ours("standard", photo_mp),
        rembg(photo_mp),
        ours("fast", photo_mp),
        ours("best", photo_mp),
        rembg(photo_mp, decontaminate=True),
        rembg(photo_mp, contender="rembg-fp32"),
        ours("standard", 1, "webp"),
        Case("OpenVINO, network alone", "openvino"),
    ]
    if os.environ.get("WITHOUTBG_MODEL_PATH"):
        chosen.append(Case(f"withoutbg, {photo_mp} MP to png", "withoutbg", {}, photo_mp))
    return chosen


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the whole bench and print its report."""
    chosen = _parser().parse_args(arguments)
    under = conditions(chosen.threads)
    under.pin()
    report = {
        **circumstances(),
        "threads": under.threads,
        "weights": under.weights.name,
        "photo_mp": chosen.photo_mp,
        "large_mp": chosen.large_mp,
        "photo_bytes": camera_photo(chosen.photo_mp).stat().st_size,
        "rounds": chosen.rounds,
        "timed": interleaved(cases(chosen.photo_mp), under, rounds=chosen.rounds),
        "fresh": {case.name: fresh(case, under) for case in _fresh_cases(chosen.photo_mp, chosen.large_mp)},
        "second_worker": second_worker(ours("standard", chosen.photo_mp), under),
    }
    write_json(chosen.out / "speed.json", report)
    write_markdown(chosen.markdown or chosen.out / "speed.md", speed_report.parts(report))
    print("\n\n".join(speed_report.parts(report)))


def interleaved(
    chosen: Sequence[Case], under: Conditions, *, rounds: int, start: Callable[[str, Conditions], Contender] = Contender
) -> dict[str, dict[str, Any]]:
    """Ask for every case once to warm up and then once a round; return all answers and their medians by case."""
    with ExitStack() as stack:
        contenders: dict[str, Contender] = {}
        for case in chosen:
            if case.contender not in contenders:
                contenders[case.contender] = stack.enter_context(start(case.contender, under))
        for case in chosen:
            contenders[case.contender].ask(case.message())
        answers: dict[str, list[dict[str, Any]]] = {case.name: [] for case in chosen}
        for number in range(rounds):
            for case in _turned(chosen, number):
                answers[case.name].append(contenders[case.contender].ask(case.message()))
            print(f"round {number + 1} of {rounds}", flush=True)
    return {name: {"answers": given, **_medians(given)} for name, given in answers.items()}


def fresh(case: Case, under: Conditions) -> dict[str, float]:
    """Return a new process' seconds until it is ready and until its first answer, and the most memory it had."""
    message = case.message()  # makes the photo, which is no part of the start
    with Contender(case.contender, under) as contender:
        contender.ask(message)
        first_answer_s, first_peak_mb = contender.alive_for_s, contender.peak_mb
        for _ in range(1, ANSWERS_TO_THE_PEAK):
            contender.ask(message)
        return {
            "ready_s": contender.ready_after_s,
            "first_answer_s": first_answer_s,
            "first_peak_mb": first_peak_mb,
            "peak_mb": contender.peak_mb,
        }


def second_worker(case: Case, under: Conditions) -> dict[str, float]:
    """Return the memory of one worker after an answer, and what a second one like it adds."""
    with Contender(case.contender, under) as first:
        first.ask(case.message())
        alone_mb = first.proportional_mb
        with Contender(case.contender, under) as second:
            second.ask(case.message())
            both_mb = first.proportional_mb + second.proportional_mb
    return {"first_mb": alone_mb, "added_mb": both_mb - alone_mb, "ratio": (both_mb - alone_mb) / alone_mb}


def _turned(chosen: Sequence[Case], number: int) -> Iterator[Case]:
    """Yield the cases from another one on each round: nobody always follows the same neighbour's heat."""
    start = number % len(chosen)
    yield from (*chosen[start:], *chosen[:start])


def _fresh_cases(photo_mp: int, large_mp: int) -> list[Case]:
    chosen = [
        ours("standard", photo_mp),
        rembg(photo_mp),
        rembg(photo_mp, decontaminate=True),
        rembg(photo_mp, contender="rembg-fp32"),
        ours("standard", 1),
    ]
    return [*chosen, ours("standard", large_mp), rembg(large_mp)] if large_mp else chosen


def _medians(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    seconds = [answer["seconds"] for answer in answers]
    summary: dict[str, Any] = {"median_s": median(seconds), "fastest_s": min(seconds), "slowest_s": max(seconds)}
    if "inference_s" in answers[0]:
        summary["inference_s"] = median(answer["inference_s"] for answer in answers)
    if "bytes" in answers[0]:
        summary["megabytes"] = median(answer["bytes"] for answer in answers) / 1e6
    if "stages_ms" in answers[0]:
        stages = answers[0]["stages_ms"]
        summary["stages_ms"] = {name: median(answer["stages_ms"][name] for answer in answers) for name in stages}
    return summary


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="How often every case is timed (5).")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="Threads and processors.")
    parser.add_argument("--photo-mp", type=int, default=12, choices=(1, 12, 50), help="The photo's megapixels (12).")
    parser.add_argument("--large-mp", type=int, default=50, choices=(0, 1, 12, 50), help="Of the memory test; 0: none.")
    parser.add_argument("--out", type=Path, default=BENCH / "speed", help="Where to write (.bench/speed).")
    parser.add_argument("--markdown", type=Path, help="Where to write the tables (OUT/speed.md).")
    return parser


if __name__ == "__main__":
    main()
