"""Photos as a camera makes them, from a sample photo: its size, its sensor's noise, its JPEG.

Enlarged pictures are smooth and flatter every codec, so noise is put back: shot noise, which grows with the root of the
light, and read noise, both in linear light and slightly smeared, as demosaicing does (Foi et al., "Practical
Poissonian-Gaussian noise modeling", IEEE TIP 2008). The same bytes on every run.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.places import BENCH
from tests.photos import photo_path

SAMPLE = "astronaut"
# A person with hair before a busy background, in a camera's 4:3.
PART = (0, 0, 512, 384)
SIZES = {1: (1152, 864), 12: (4000, 3000), 50: (8160, 6120)}
JPEG_QUALITY = 95
CHROMA_420 = 2
SHOT_NOISE = 0.0008  # variance at full light
READ_NOISE = 0.00002  # variance in the dark
SMEAR_PX = 0.6
SEED = 20_08
ROWS_AT_ONCE = 512


def camera_photo(megapixels: int) -> Path:
    """Return a JPEG (quality 95, 4:2:0) of 1, 12 or 50 megapixels, made when it is not there."""
    path = BENCH / "photos" / f"camera-{megapixels}mp.jpg"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        picture = Image.fromarray(_noisy(_enlarged(SIZES[megapixels])))
        picture.save(part, "JPEG", quality=JPEG_QUALITY, subsampling=CHROMA_420)
        part.replace(path)
    return path


def _enlarged(size: tuple[int, int]) -> NDArray[np.uint8]:
    with Image.open(photo_path(SAMPLE)) as sample:
        return np.asarray(sample.convert("RGB").crop(PART).resize(size, Image.Resampling.LANCZOS))


def _noisy(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture (height, width, 3), 8-bit sRGB, with a sensor's noise; in strips, to need little memory."""
    random = np.random.default_rng(SEED)
    result = np.empty_like(picture)
    for top in range(0, len(picture), ROWS_AT_ONCE):
        light = _linear(picture[top : top + ROWS_AT_ONCE].astype(np.float32) / 255)
        spread = np.sqrt(SHOT_NOISE * light + READ_NOISE)
        noise = cv2.GaussianBlur(random.standard_normal(light.shape, np.float32), (0, 0), SMEAR_PX)
        # The smear takes energy from the noise; this gives it back.
        noise /= noise.std()
        encoded = _srgb(np.clip(light + spread * noise, 0, 1))
        result[top : top + ROWS_AT_ONCE] = np.rint(encoded * 255)
    return result


def _linear(srgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo sRGB's curve (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Apply sRGB's curve."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)
