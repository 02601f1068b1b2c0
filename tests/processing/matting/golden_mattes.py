"""What the mattes of a few photos look like in numbers, and the command that writes them down anew.

    python -m tests.processing.matting.golden_mattes

writes golden_mattes.json. Run it after a change that is meant to change mattes, look at the difference and at the
pictures, and commit both together. The numbers belong to one file of weights, which stands beside them.
"""

import io
import json
import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import cv2
import numpy as np
from django.conf import settings
from numpy.typing import NDArray
from PIL import Image

from benchmarks.remembered_session import RememberingSession
from processing.matting.model_catalog import get_model
from processing.matting.options import CutoutOptions, DecodeLimits, Quality
from processing.matting.pipeline import cut_out
from processing.matting.session import MattingSession
from processing.weights import load_verified
from tests.photos import photo_bytes

GOLDEN = Path(__file__).with_name("golden_mattes.json")
QUALITIES: tuple[Quality, ...] = get_args(Quality)
# Fur, a face with a cap, and hair in a picture larger than the network's.
PHOTOS = ("chelsea", "grace_hopper", "astronaut_enlarged")
ENLARGED_SIDE_PX = 1600
GRID = 8
SOFT_FROM, SOFT_TO = 10, 245
ONE_LEVEL = 1.5 / 255
LIMITS = DecodeLimits(max_bytes=20 * 1024 * 1024, max_pixels=50_000_000, max_side_px=16_384, max_jpeg_scans=100)

# Another processor rounds differently: the worst cell then moves by tenths of a percent.
CELL_PERCENT = 1.0
MEAN_CELL_PERCENT = 0.3
RELATIVE = 0.06


@cache
def photo(name: str) -> bytes:
    """Return the file of the photo of that name."""
    if name != "astronaut_enlarged":
        return photo_bytes(name)
    with Image.open(io.BytesIO(photo_bytes("astronaut"))) as small:
        large = small.convert("RGB").resize((ENLARGED_SIDE_PX, ENLARGED_SIDE_PX), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    large.save(file, "PNG", compress_level=1)
    return file.getvalue()


def alpha_of(name: str, quality: Quality, session: MattingSession) -> NDArray[np.uint8]:
    """Return the alpha (height, width) of the delivered PNG."""
    cutout = cut_out(photo(name), CutoutOptions(quality=quality), session=session, limits=LIMITS)
    with Image.open(io.BytesIO(cutout.data)) as image:
        return np.asarray(image.getchannel("A"))


def describe(alpha: NDArray[np.uint8]) -> dict[str, Any]:
    """Return where the matte lies (percent in each cell of a grid), how much of it is soft, how steep its edges are.

    Steepness is the mean step between neighbours, weighed by the step itself: an edge that climbs within one pixel has
    1, one that takes ten has 0.1, whatever its length. Steps of one level are left out, as they come with rounding.
    """
    cells = cv2.resize(alpha.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA) / 2.55
    steps = np.concatenate([np.diff(alpha.astype(np.float64), axis=axis).ravel() for axis in (0, 1)]) / 255
    steps = steps[np.abs(steps) > ONE_LEVEL]
    return {
        "cells": [" ".join(f"{value:5.1f}" for value in row) for row in cells],
        "soft_percent": round(100 * float(((alpha > SOFT_FROM) & (alpha < SOFT_TO)).mean()), 3),
        "steepness": round(float(np.square(steps).sum() / np.abs(steps).sum()), 4),
    }


def differences(seen: dict[str, Any], golden: dict[str, Any]) -> list[str]:
    """Return in words what of the one matte is not as in the other; nothing when they are alike."""
    moved = np.abs(_numbers(seen["cells"]) - _numbers(golden["cells"]))
    found = []
    if moved.max() > CELL_PERCENT:
        found.append(f"a cell moved by {moved.max():.1f} percent")
    if moved.mean() > MEAN_CELL_PERCENT:
        found.append(f"cells moved by {moved.mean():.2f} percent on average")
    for name in ("soft_percent", "steepness"):
        if abs(seen[name] / golden[name] - 1) > RELATIVE:
            found.append(f"{name} is {seen[name]}, not {golden[name]}")
    return found


def read_golden() -> dict[str, Any]:
    """Return what was written down: the digest of the weights, and the mattes by photo and quality."""
    golden: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return golden


def _numbers(rows: list[str]) -> NDArray[np.float64]:
    return np.array([[float(value) for value in row.split()] for row in rows])


def weights_digest() -> str:
    """Return the digest of the weights that the shared session runs on."""
    return load_verified(get_model(settings.MODEL_NAME), Path(settings.MODEL_CACHE_DIR)).artifact.digest


def _write() -> None:
    from tests.real_model import real_session

    digest = weights_digest()
    with TemporaryDirectory() as folder:
        session = RememberingSession(real_session(), digest, Path(folder))
        mattes = {
            name: {quality: describe(alpha_of(name, quality, session)) for quality in QUALITIES} for name in PHOTOS
        }
    GOLDEN.write_text(json.dumps({"weights_digest": digest, "mattes": mattes}, indent=1) + "\n", encoding="utf-8")
    print(f"Written: {GOLDEN.name}. Now look at what changed: git diff {GOLDEN.name}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "removebg.settings")
    import django

    django.setup()
    _write()
