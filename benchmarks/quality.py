"""Scores our cutouts against references: `python -m benchmarks.quality --data DIR [--sets A,B] [--limit N]`.

Every photo goes the product's whole way (`cut_out`) in every quality; what is scored is the alpha of the delivered
PNG. "fast" is the plain network, resized: the measure that the others are compared with. What the network said is kept
under .bench/, keyed by the weights, so that a second run takes a few minutes only.
"""

import argparse
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, get_args

import numpy as np
from PIL import Image

from benchmarks import contact_sheet, quality_report
from benchmarks.matting_metrics import matting_scores
from benchmarks.photo_sets import Sample, find_samples
from benchmarks.places import BENCH
from benchmarks.quality_scores import ScoredMatte, summarise, worst_cases
from benchmarks.reports import circumstances, write_json, write_markdown
from benchmarks.segmentation_metrics import f_curve, segmentation_scores
from processing.matting.options import CutoutOptions, Quality

TIERS: tuple[Quality, ...] = get_args(Quality)
WORST_CASES = 8
CROPS_PER_SET = 6


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the product said beside the picture."""

    confidence: float
    has_subject: bool


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the whole bench and print its report."""
    chosen = _parser().parse_args(arguments)
    samples = find_samples(chosen.data, sets=[name for name in chosen.sets.split(",") if name], limit=chosen.limit)
    report, mattes = measure(samples, chosen.out, jobs=chosen.jobs)
    write_json(chosen.out / "quality.json", {**report, "mattes": [matte.as_json() for matte in mattes]})
    write_markdown(chosen.markdown or chosen.out / "quality.md", quality_report.parts(report))
    if not chosen.no_sheets:
        _write_sheets(samples, mattes, chosen.out)
    print("\n\n".join(quality_report.parts(report)))
    print(f"\nWritten to {chosen.out}.")


def measure(samples: Sequence[Sample], out: Path, *, jobs: int) -> tuple[dict[str, Any], list[ScoredMatte]]:
    """Cut out and score every sample in every quality; return the report and the single scores."""
    from benchmarks.product import open_product
    from benchmarks.remembered_session import RememberingSession
    from processing.matting.pipeline import cut_out

    product = open_product()
    session = RememberingSession(product.session, product.weights_digest, BENCH / "network")
    futures: list[Future[ScoredMatte]] = []
    halves = _halves(samples)
    # Spawned: a fork would copy the runtime's threads' locks, but not its threads.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for number, sample in enumerate(samples, 1):
            photo = sample.photo.read_bytes()
            for tier in TIERS:
                cutout = cut_out(photo, CutoutOptions(quality=tier), session=session, limits=product.limits)
                path = cutout_path(out, sample, tier)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(cutout.data)
                delivered = Delivered(cutout.matte_confidence, cutout.has_subject)
                futures.append(pool.submit(score, sample, tier, path, delivered, halves[sample]))
            _say_progress(number, len(samples), session.asked)
        mattes = [future.result() for future in futures]
    report = {
        **circumstances(),
        "weights_digest": product.weights_digest,
        "network_answers": {"asked now": session.asked, "seconds": round(session.network_s, 1)},
        **summarise(mattes),
        "worst": worst_cases(mattes, "standard", WORST_CASES),
    }
    return report, mattes


def score(sample: Sample, tier: str, cutout: Path, delivered: Delivered, half: int) -> ScoredMatte:
    """Compare the alpha of a delivered PNG with the reference; SystemExit where their sizes differ."""
    with Image.open(cutout) as image:
        predicted = np.asarray(image.getchannel("A"), np.float64) / 255
    reference = sample.reference_matte()
    if predicted.shape != reference.shape:
        raise SystemExit(f"{sample.reference} is {reference.shape} and the photo is {predicted.shape}.")
    wanted = reference >= 0.5
    return ScoredMatte(
        set_name=sample.set_name,
        name=sample.name,
        tier=tier,
        half=half,
        scores={**matting_scores(predicted, reference), **segmentation_scores(predicted, reference)},
        confidence=delivered.confidence,
        has_subject=delivered.has_subject,
        f_curve=f_curve(predicted, wanted) if wanted.any() else None,
    )


def cutout_path(out: Path, sample: Sample, tier: str) -> Path:
    """Return where the cutout lies: a folder for each quality, laid out as the data is."""
    return out / "cutouts" / tier / sample.set_name / f"{sample.name}.png"


def _halves(samples: Collection[Sample]) -> dict[Sample, int]:
    """Return 0 or 1 for each sample, in turns by name within its set."""
    halves: dict[Sample, int] = {}
    for set_name in {sample.set_name for sample in samples}:
        of_set = sorted((sample for sample in samples if sample.set_name == set_name), key=lambda sample: sample.name)
        halves |= {sample: index % 2 for index, sample in enumerate(of_set)}
    return halves


def _write_sheets(samples: Sequence[Sample], mattes: Sequence[ScoredMatte], out: Path) -> None:
    band = {(matte.set_name, matte.name): matte.scores["Band"] for matte in mattes if matte.tier == "standard"}
    for set_name in sorted({sample.set_name for sample in samples}):
        of_set = [sample for sample in samples if sample.set_name == set_name]
        worst = sorted(of_set, key=lambda sample: -band[sample.set_name, sample.name])[:CROPS_PER_SET]
        sheets = out / "sheets"

        def cutout_of(sample: Sample, tier: str) -> Path:
            return cutout_path(out, sample, tier)

        contact_sheet.write_thumbnails(sheets / f"{set_name}.png", of_set, TIERS, cutout_of)
        contact_sheet.write_worst_edges(sheets / f"{set_name}-worst-edges.png", worst, TIERS, cutout_of)
        contact_sheet.write_most_changed(sheets / f"{set_name}-most-changed.png", worst, TIERS, cutout_of)


def _say_progress(number: int, total: int, asked: int) -> None:
    if number % 10 == 0 or number == total:
        print(f"{number} of {total} photos ({asked} answers from the network, the others remembered)", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="A folder of SET/images and SET/alpha.")
    parser.add_argument("--sets", default="", help="Only these sets, with commas between.")
    parser.add_argument("--limit", type=int, help="At most so many photos a set.")
    parser.add_argument("--jobs", type=int, default=2, help="Processes that score while the next photo is cut out.")
    parser.add_argument("--out", type=Path, default=BENCH / "quality", help="Where to write (.bench/quality).")
    parser.add_argument("--markdown", type=Path, help="Where to write the tables (OUT/quality.md).")
    parser.add_argument("--no-sheets", action="store_true", help="Write no pictures to look at.")
    return parser


if __name__ == "__main__":
    main()
