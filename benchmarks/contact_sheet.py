"""Pictures to look at: photo, plain, standard, best and reference side by side over a saturated colour."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.matting_metrics import edge_band
from benchmarks.photo_sets import Sample

# Bleeding of the old background, and holes, show against a colour that photos hardly have.
BEHIND = (255, 0, 170)
THUMBNAIL_PX = 240
CROP_PX = 64
CROP_SCALE = 4  # a photo's pixel is shown 4 x 4: 400 %
LABEL_PX = 16
GAP_PX = 4

CutoutOf = Callable[[Sample, str], Path]


def write_thumbnails(path: Path, samples: Sequence[Sample], tiers: Sequence[str], cutout_of: CutoutOf) -> None:
    """Write a row of thumbnails for each sample."""
    rows = [[_thumbnail(picture) for picture in _pictures(sample, tiers, cutout_of)] for sample in samples]
    _write(path, ["photo", *tiers, "reference"], [sample.name for sample in samples], rows, cell_px=THUMBNAIL_PX)


def write_worst_edges(path: Path, samples: Sequence[Sample], tiers: Sequence[str], cutout_of: CutoutOf) -> None:
    """Write a row of 400 % crops for each sample, where the standard matte errs most along the reference's edge."""
    _write_crops(path, samples, tiers, cutout_of, by=_error_at_edge)


def write_most_changed(path: Path, samples: Sequence[Sample], tiers: Sequence[str], cutout_of: CutoutOf) -> None:
    """Write a row of 400 % crops for each sample, where the standard matte differs most from the plain one."""
    _write_crops(path, samples, tiers, cutout_of, by=_change)


def _write_crops(
    path: Path,
    samples: Sequence[Sample],
    tiers: Sequence[str],
    cutout_of: CutoutOf,
    *,
    by: Callable[[Sample, CutoutOf], NDArray[np.float32]],
) -> None:
    rows = []
    for sample in samples:
        box = _worst_window(by(sample, cutout_of))
        rows.append([_enlarged(picture.crop(box)) for picture in _pictures(sample, tiers, cutout_of)])
    names = [f"{sample.set_name}/{sample.name}" for sample in samples]
    _write(path, ["photo", *tiers, "reference"], names, rows, cell_px=CROP_PX * CROP_SCALE)


def _pictures(sample: Sample, tiers: Sequence[str], cutout_of: CutoutOf) -> list[Image.Image]:
    with Image.open(sample.photo) as file:
        photo = file.convert("RGB")
    # No true foreground is known: the reference shows the photo's own colours, and with them its old background.
    reference = photo.copy()
    reference.putalpha(_as_mask(sample.reference_matte()))
    cutouts = [Image.open(cutout_of(sample, tier)).convert("RGBA") for tier in tiers]
    return [photo, *(_over_colour(cutout) for cutout in [*cutouts, reference])]


def _as_mask(matte: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.rint(matte * 255).astype(np.uint8))


def _over_colour(cutout: Image.Image) -> Image.Image:
    behind = Image.new("RGBA", cutout.size, (*BEHIND, 255))
    return Image.alpha_composite(behind, cutout).convert("RGB")


def _thumbnail(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    return small


def _enlarged(crop: Image.Image) -> Image.Image:
    return crop.resize((crop.width * CROP_SCALE, crop.height * CROP_SCALE), Image.Resampling.NEAREST)


def _error_at_edge(sample: Sample, cutout_of: CutoutOf) -> NDArray[np.float32]:
    reference = sample.reference_matte()
    error = np.abs(_alpha(cutout_of(sample, "standard")) - reference)
    return np.where(edge_band(reference), error, 0).astype(np.float32)


def _change(sample: Sample, cutout_of: CutoutOf) -> NDArray[np.float32]:
    return np.abs(_alpha(cutout_of(sample, "standard")) - _alpha(cutout_of(sample, "fast"))).astype(np.float32)


def _alpha(cutout: Path) -> NDArray[np.float64]:
    with Image.open(cutout) as image:
        return np.asarray(image.getchannel("A"), np.float64) / 255


def _worst_window(error: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the window of CROP_PX a side, inside the picture, that holds most error."""
    height, width = error.shape
    side_x, side_y = min(CROP_PX, width), min(CROP_PX, height)
    # Anchored at its upper left corner; what would hang out of the picture is cut off.
    sums = cv2.boxFilter(error, cv2.CV_32F, (side_x, side_y), anchor=(0, 0), normalize=False)
    sums = sums[: height - side_y + 1, : width - side_x + 1]
    top, left = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return int(left), int(top), int(left) + side_x, int(top) + side_y


def _write(
    path: Path, titles: Sequence[str], names: Sequence[str], rows: Sequence[Sequence[Image.Image]], *, cell_px: int
) -> None:
    row_px = cell_px + LABEL_PX + GAP_PX
    sheet = Image.new("RGB", (len(titles) * (cell_px + GAP_PX), LABEL_PX + len(rows) * row_px), (255, 255, 255))
    pen = ImageDraw.Draw(sheet)
    for column, title in enumerate(titles):
        pen.text((column * (cell_px + GAP_PX) + 2, 2), title, fill=(0, 0, 0))
    for index, (name, row) in enumerate(zip(names, rows, strict=True)):
        top = LABEL_PX + index * row_px
        pen.text((2, top + 2), name, fill=(0, 0, 0))
        for column, picture in enumerate(row):
            sheet.paste(picture, (column * (cell_px + GAP_PX), top + LABEL_PX))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
