"""Mutated image files through `decode`, with the limits of the product: pixels or a 400, never anything else."""

import multiprocessing
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from processing.matting.decode import decode
from processing.matting.errors import MattingError
from processing.matting.options import DecodeLimits
from tests.mutated_images import mutated_images
from tests.verify.check import Check, Finding, scaled

IMAGES, PROCESSES, SEED = 10_000, 2, 1
DEEP_SHARE = 0.30
FORMATS = ("jpeg", "png", "webp")
LIMITS = DecodeLimits(
    max_bytes=20 * 1024 * 1024, max_pixels=50_000_000, max_side_px=16_384, max_jpeg_scans=100
)  # the defaults of removebg/work_settings.py


@dataclass
class Tally:
    """How the files of one process ended: by format and ending, the slowest, the memory."""

    endings: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_ms: float = 0.0
    slowest_story: str = ""
    peak_rss_mib: float = 0.0


def fuzz(scale: float) -> Finding:
    """Decode the mutated files in two processes and add up how they ended."""
    count = scaled(IMAGES, scale, at_least=30)
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        tallies = pool.starmap(decode_share, [(count, process) for process in range(PROCESSES)])
    endings = sum((tally.endings for tally in tallies), Counter())
    deep = sum(number for (_, ending), number in endings.items() if ending in ("pixels", "refused by the decoder"))
    faults = [fault for tally in tallies for fault in tally.faults]
    if deep < DEEP_SHARE * count:
        faults.append(f"Only {deep} of {count} came as far as the decoder.")
    if sum(endings.values()) != count:
        faults.append(f"{sum(endings.values())} of {count} were tried.")
    slowest = max(tallies, key=lambda tally: tally.slowest_ms)
    return Finding(
        how_many=f"{count:,} files (seed {SEED}), {PROCESSES} processes",
        figures=f"{_sum_of(endings, 'pixels'):,} gave pixels, {count - _sum_of(endings, 'pixels'):,} a 400, "
        f"nothing else; {deep / count:.0%} came as far as the decoder; slowest {slowest.slowest_ms:.0f} ms; "
        f"peak memory {max(tally.peak_rss_mib for tally in tallies):.0f} MiB a process",
        faults=faults,
        notes=[*_table(endings), "", f"Slowest: {slowest.slowest_story}"],
    )


def decode_share(count: int, process: int) -> Tally:
    """Decode every file of this process' share."""
    tally = Tally()
    for number, mutated in islice(enumerate(mutated_images(count, seed=SEED)), process, None, PROCESSES):
        began = time.perf_counter()
        ending = ending_of(mutated.data)
        took_ms = (time.perf_counter() - began) * 1000
        if took_ms > tally.slowest_ms:
            tally.slowest_ms, tally.slowest_story = took_ms, mutated.story
        if ending.startswith("raised"):
            tally.faults.append(f"{mutated.story}: {ending}")
        tally.endings[FORMATS[number % 3], ending] += 1
    tally.peak_rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 if sys.platform == "linux" else 1024 * 1024
    )
    return tally


def ending_of(data: bytes) -> str:
    """Decode and say how it ended; anything but pixels and a 400 starts with "raised"."""
    try:
        photo = decode(data, LIMITS)
    except MattingError as error:
        if error.status != 400:
            return f"raised {error.status} {error}"
        if error.code == "image_too_large":
            return "over a limit"
        return "refused by the decoder" if error.__cause__ is not None else "refused before the decoder"
    except BaseException as error:
        return f"raised {error!r}"
    is_sound = photo.rgb.shape == (photo.height, photo.width, 3) and photo.rgb.size > 0
    return "pixels" if is_sound else f"raised pixels of shape {photo.rgb.shape}"


def _sum_of(endings: Counter[tuple[str, str]], ending: str) -> int:
    return sum(number for (_, name), number in endings.items() if name == ending)


def _table(endings: Counter[tuple[str, str]]) -> list[str]:
    names = sorted({ending for _, ending in endings})
    rows = [f"| {name} | " + " | ".join(f"{endings[kind, name]:,}" for kind in FORMATS) + " |" for name in names]
    return [f"| ending | {' | '.join(FORMATS)} |", "| --- |" + " ---: |" * len(FORMATS), *rows]


CHECK = Check("decode-fuzz", "Mutated files through decode", fuzz)
