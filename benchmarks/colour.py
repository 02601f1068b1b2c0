"""How near the colours at the edge come to the true ones, ours beside PyMatting's: `python -m benchmarks.colour`.

The pictures are composed from a known foreground (composites.py). Both estimates get the picture and alpha, exact and
blurred, in 8 bits; the error is the mean |F^ - F| in levels of 255 over the pixels with 0.02 < alpha < 0.98, weighted
by alpha: by how much of the colour is seen. For almost opaque pixels inside a textured disc it is the mean over those
with alpha 240 to 254. PyMatting runs in rembg's environment, which brings it.
"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.composites import Composite, almost_opaque_discs, blurred, composites
from benchmarks.environments import python_of
from benchmarks.places import BENCH, ROOT
from benchmarks.reports import circumstances, in_words, table, write_json, write_markdown
from processing.matting.foreground import estimate_foreground

# Standard deviations in px at the composites' own size: 0 is the exact alpha.
BLURS = (0.0, 1.0, 1.5, 2.5)
# One picture as a camera takes it; its alpha as soft as a network's of 1024 px makes it.
LARGE_SIZE = (2828, 4242)
LARGE_BLURS = (0.0, 6.0)
LARGE_NAME = "strands-photo-plain"
METHODS = ("photo as it is", "ours", "pymatting")
ROUNDS = 3


def main() -> None:
    """Compose, estimate, compare; leave JSON and Markdown in .bench/colour."""
    folder = BENCH / "colour"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.npz"):
        old.unlink()
    cases = [*_cases(composites(), BLURS, ""), *_cases(_large(), LARGE_BLURS, "-12mp")]
    discs = _cases(almost_opaque_discs(), BLURS[:1], "")
    _give([*cases, *discs], folder)
    subprocess.run([python_of("rembg"), "-m", "benchmarks.contenders.pymatting_colours", folder], cwd=ROOT, check=True)
    rows = [_compared(*case, folder, colour_error) for case in cases]
    interiors = [_compared(*case, folder, interior_error) for case in discs]
    around = circumstances()
    write_json(folder / "colour.json", {"circumstances": around, "cases": rows, "interiors": interiors})
    tables = [_error_table(rows), _interior_table(interiors), _time_table(rows)]
    write_markdown(folder / "colour.md", [in_words(around), *tables])
    print((folder / "colour.md").read_text(encoding="utf-8"))


Case = tuple[str, Composite, NDArray[np.uint8]]


def _large() -> list[Composite]:
    return [composite for composite in composites(LARGE_SIZE) if composite.name == LARGE_NAME]


def _cases(pictures: Any, blurs: Sequence[float], suffix: str) -> list[Case]:
    return [
        (f"{composite.name}{suffix}.{sigma}", composite, alpha_8_bits(composite, sigma))
        for composite in pictures
        for sigma in blurs
    ]


def alpha_8_bits(composite: Composite, sigma: float) -> NDArray[np.uint8]:
    """Return the alpha that an estimate is given: the true one, or that blurred by a Gaussian of `sigma` px."""
    alpha = blurred(composite.alpha, sigma) if sigma else composite.alpha
    return np.asarray(np.rint(alpha * 255), np.uint8)


def _give(cases: Sequence[Case], folder: Path) -> None:
    for name, composite, alpha in cases:
        np.savez(folder / f"{name}.input.npz", picture=composite.picture, alpha=alpha)


def _compared(
    name: str,
    composite: Composite,
    alpha: NDArray[np.uint8],
    folder: Path,
    error: Callable[[NDArray[np.uint8], Composite], float],
) -> dict[str, Any]:
    theirs = np.load(folder / f"{name}.pymatting.npz")
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ours = estimate_foreground(composite.picture, alpha)
        seconds.append(time.perf_counter() - began)
    # Where alpha is whole there is nothing to estimate, for either.
    whole = (alpha == 255)[..., np.newaxis]
    estimates = (composite.picture, ours, np.where(whole, composite.picture, theirs["foreground"]))
    return {
        "case": name,
        "error": {method: error(e, composite) for method, e in zip(METHODS, estimates, strict=True)},
        "seconds": {"ours": float(np.median(seconds)), "pymatting": float(theirs["seconds"])},
    }


def colour_error(estimate: NDArray[np.uint8], composite: Composite) -> float:
    """Return the mean |F^ - F| in levels over the soft pixels, weighted by alpha."""
    soft = (composite.alpha > 0.02) & (composite.alpha < 0.98)
    difference = np.abs(estimate[soft].astype(np.float32) - composite.foreground[soft]).mean(axis=1)
    return float(np.average(difference, weights=composite.alpha[soft]))


def interior_error(estimate: NDArray[np.uint8], composite: Composite) -> float:
    """Return the mean |F^ - F| in levels over the almost opaque pixels: alpha 240 to 254."""
    levels = np.rint(composite.alpha * 255)
    almost_opaque = (levels >= 240) & (levels < 255)
    return float(np.abs(estimate[almost_opaque].astype(np.float32) - composite.foreground[almost_opaque]).mean())


def _error_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the mean error by kind of picture and by blur, and the ratio to PyMatting's."""
    lines = []
    for sigma in BLURS:
        for kind in ("all", "strands", "fur", "glass", "noise", "photo"):
            of_kind = [row for row in rows if _is(row["case"], kind, sigma)]
            lines.append(_line(f"{kind}, {_in_words(sigma)}", of_kind))
    large = [row for row in rows if "-12mp" in row["case"]]
    lines += [_line(f"12 MP, {_in_words(float(row['case'].rsplit('-12mp.', 1)[1]))}", [row]) for row in large]
    return table(["mean error in levels", *METHODS, "ours / pymatting"], lines)


def _interior_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the mean error inside a textured disc by the level of its alpha."""
    lines = [_line(f"alpha {row['case'].split('.')[0].removeprefix('disc-')}", [row]) for row in rows]
    return table(["textured disc, mean error in levels", *METHODS, "ours / pymatting"], lines)


def _is(case: str, kind: str, sigma: float) -> bool:
    picture, _, blur = case.partition(".")
    return "-12mp" not in case and float(blur) == sigma and (kind == "all" or kind in picture.split("-"))


def _in_words(sigma: float) -> str:
    return f"alpha blurred by {sigma:g} px" if sigma else "exact alpha"


def _line(title: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    means = [float(np.mean([row["error"][method] for row in rows])) for method in METHODS]
    return [title, *(f"{mean:.2f}" for mean in means), f"{means[1] / means[2]:.2f}"]


def _time_table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for title, large in (("0.36 MP, mean", False), ("12 MP, mean", True)):
        chosen = [row["seconds"] for row in rows if ("-12mp" in row["case"]) == large]
        ours, theirs = (float(np.mean([seconds[name] for seconds in chosen])) for name in ("ours", "pymatting"))
        lines.append([title, f"{ours:.3f}", f"{theirs:.3f}", f"{ours / theirs:.2f}"])
    return table(["seconds", "ours", "pymatting", "ratio"], lines)


if __name__ == "__main__":
    main()
