"""What becomes of pictures that are transparent already: `python -m benchmarks.transparent --data DIR`.

Each photo is cut out; then the cutout is sent again, and the photo is sent with round corners, with a transparent
border, as a disc and at half opacity. Reported are the share of solid pixels (alpha 250 and more) that stay solid, the
mean alpha that soft pixels lose in percent, and, for the photos, the intersection over union of the result with the
opaque photo's cutout within what is visible. docs/decisions/0010 quotes the figures.
"""

import argparse
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.photo_sets import find_samples
from benchmarks.places import BENCH
from benchmarks.product import open_product
from benchmarks.remembered_session import RememberingSession
from benchmarks.reports import circumstances, in_words, table, write_json, write_markdown
from processing.matting.options import CutoutOptions
from processing.matting.pipeline import cut_out

Alpha = NDArray[np.uint8]
SOLID_FROM = 250
CORNER_OF_SIDE = 0.1
BORDER_OF_SIDE = 0.05
HALF = 128
_OVERSAMPLING = 2
KINDS = ("round corners", "border", "disc", "half opacity")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all photos; leave JSON and Markdown in .bench/transparent."""
    chosen = _parser().parse_args(arguments)
    product = open_product()
    session = RememberingSession(product.session, product.weights_digest, BENCH / "network")

    def sent(picture: Image.Image) -> Image.Image:
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1)
        cutout = cut_out(file.getvalue(), CutoutOptions(), session=session, limits=product.limits)
        return Image.open(io.BytesIO(cutout.data))

    rows = []
    for number, sample in enumerate(find_samples(chosen.data)[:: chosen.every]):
        photo = Image.open(sample.photo).convert("RGB")
        cutout = sent(photo)
        if cutout.mode != "RGBA" or not (_alpha(cutout) >= SOLID_FROM).any():
            continue
        row: dict[str, Any] = {"photo": f"{sample.set_name}/{sample.name}", **_kept(cutout, sent(cutout))}
        for kind, altered in altered_photos(photo) if number % chosen.altered_every == 0 else ():
            row[kind] = _overlap(_alpha(cutout), _alpha(altered), _alpha(sent(altered)))
        print(row, flush=True)
        rows.append(row)
    folder = BENCH / "transparent"
    folder.mkdir(parents=True, exist_ok=True)
    around = circumstances()
    write_json(folder / "transparent.json", {"circumstances": around, "photos": rows})
    write_markdown(folder / "transparent.md", [in_words(around), _summary(rows)])
    print((folder / "transparent.md").read_text(encoding="utf-8"))


def altered_photos(photo: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """Yield the opaque photo by kind, of the same size, with some of it transparent."""
    width, height = photo.size
    short = min(width, height)
    corner, border = round(CORNER_OF_SIDE * short), round(BORDER_OF_SIDE * short)
    large = (width * _OVERSAMPLING, height * _OVERSAMPLING)
    shapes = {kind: Image.new("L", large, HALF if kind == "half opacity" else 0) for kind in KINDS}
    whole = (0, 0, large[0] - 1, large[1] - 1)
    ImageDraw.Draw(shapes["round corners"]).rounded_rectangle(whole, corner * _OVERSAMPLING, fill=255)
    shapes["border"].paste(255, tuple(_OVERSAMPLING * at for at in (border, border, width - border, height - border)))
    left, top = (width - short) // 2, (height - short) // 2
    disc = tuple(_OVERSAMPLING * at for at in (left, top, left + short, top + short))
    ImageDraw.Draw(shapes["disc"]).ellipse(disc, fill=255)
    for kind, shape in shapes.items():
        altered = photo.copy()
        altered.putalpha(shape.resize(photo.size, Image.Resampling.BOX))
        yield kind, altered


def _alpha(picture: Image.Image) -> Alpha:
    return np.asarray(picture.getchannel("A"))


def _kept(cutout: Image.Image, again: Image.Image) -> dict[str, float]:
    """Return how much stays of a cutout that is sent again: solid pixels 0..1, and the alpha that edges lose in %."""
    before, after = _alpha(cutout), _alpha(again)
    solid = before >= SOLID_FROM
    soft = (before > 0) & ~solid
    lost = 100 * (1 - after[soft].mean() / before[soft].mean()) if soft.any() else 0.0
    return {"solid kept": float((after[solid] >= SOLID_FROM).mean()), "edge alpha lost": float(lost)}


def _overlap(cutout: Alpha, given: Alpha, result: Alpha) -> float:
    """Return intersection over union (soft: sums of the smaller and the greater) with what should be left."""
    wanted = np.minimum(cutout * (int(given.max()) / 255), given)
    union = np.maximum(wanted, result).sum(dtype=np.float64)
    return float(np.minimum(wanted, result).sum(dtype=np.float64) / union) if union else 1.0


def _summary(rows: Sequence[dict[str, Any]]) -> str:
    solid, lost = ([row[name] for row in rows] for name in ("solid kept", "edge alpha lost"))
    lines = [
        ["cutouts that keep 99 % of what is solid", f"{sum(value >= 0.99 for value in solid)} of {len(rows)}"],
        ["least solid share kept", f"{min(solid):.3f}"],
        ["most alpha lost along edges, %", f"{max(lost):.2f}"],
    ]
    for kind in KINDS:
        values = [row[kind] for row in rows if kind in row]
        good = sum(value >= 0.9 for value in values)
        lines.append([f"photos: {kind}, overlap", f"median {np.median(values):.3f}, {good} of {len(values)} at 0.9"])
    return table(["measure", "result"], lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transparent", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="A folder of SET/images and SET/alpha.")
    parser.add_argument("--every", type=int, default=1, help="Only each Nth photo.")
    parser.add_argument("--altered-every", type=int, default=1, help="Alter each Nth of these only.")
    return parser


if __name__ == "__main__":
    main()
