"""Pictures made from a known foreground F, matte alpha and background B, so that an estimate can be held to the truth.

C. Rhemann et al.: A Perceptually Motivated Online Benchmark for Image Matting, CVPR 2009, composes its truth the same
way. Everything follows from the seed; the photos are those of the installed sample packages.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.photos import photo_bytes

FloatPlanes: TypeAlias = NDArray[np.float32]

SIZE = (512, 704)
SHAPES = ("strands", "fur", "glass")
FOREGROUNDS = ("noise", "photo")
BACKGROUNDS = ("plain", "busy")
# Levels of alpha, of 255.
ALMOST_OPAQUE = (254, 250, 245, 240)
_PHOTOS = {"strands": "coffee", "fur": "chelsea", "glass": "flower"}
_PLAIN = {"strands": (20, 200, 40), "fur": (30, 60, 230), "glass": (225, 30, 120)}
# Lines are drawn this many times larger and shrunk, which gives them true coverage for alpha.
_OVERSAMPLING = 4


@dataclass(frozen=True, slots=True)
class Composite:
    """`foreground` and `background` are (height, width, 3), 0..255; `alpha` is (height, width), 0..1."""

    name: str
    foreground: FloatPlanes
    background: FloatPlanes
    alpha: FloatPlanes
    picture: NDArray[np.uint8]


def composites(size: tuple[int, int] = SIZE, seed: int = 7) -> Iterator[Composite]:
    """Yield each shape of alpha with each kind of foreground over each kind of background."""
    for number, shape in enumerate(SHAPES):
        alpha = _ALPHAS[shape](size, np.random.default_rng((seed, number)))
        for kind in FOREGROUNDS:
            for behind in BACKGROUNDS:
                random = np.random.default_rng((seed, number, FOREGROUNDS.index(kind), BACKGROUNDS.index(behind)))
                foreground = _noise(size, random) if kind == "noise" else _photo(_PHOTOS[shape], size)
                background = _background(behind, shape, size, random)
                a = alpha[..., np.newaxis]
                picture = np.rint(a * foreground + (1 - a) * background).astype(np.uint8)
                yield Composite(f"{shape}-{kind}-{behind}", foreground, background, alpha, picture)


def almost_opaque_discs(size: tuple[int, int] = SIZE, seed: int = 7) -> Iterator[Composite]:
    """Yield a woven disc whose middle is almost opaque, by level of alpha, over a busy background."""
    random = np.random.default_rng((seed, len(SHAPES)))
    background = _background("busy", "fur", size, random)
    y, x = np.mgrid[: size[0], : size[1]]
    is_light = ((x // 3 + y // 3) % 2)[..., np.newaxis]
    woven = np.where(is_light, (200, 60, 40), (60, 70, 150)) + random.normal(0, 12, (*size, 3))
    foreground = np.asarray(woven.clip(0, 255), np.float32)
    for level in ALMOST_OPAQUE:
        alpha = np.where(_body(size, 0.2) == 1, np.float32(level / 255), _body(size, 0.36))
        a = alpha[..., np.newaxis]
        picture = np.rint(a * foreground + (1 - a) * background).astype(np.uint8)
        yield Composite(f"disc-{level}", foreground, background, alpha, picture)


def blurred(alpha: FloatPlanes, sigma: float) -> FloatPlanes:
    """Return the alpha as a network gives it: right on the whole, too soft in detail."""
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma), np.float32)


def _strands(size: tuple[int, int], random: np.random.Generator) -> FloatPlanes:
    """Return a head with long, thin, curved hairs that leave it on all sides."""
    height, width = size
    head = _body(size, 0.26)
    hairs = np.zeros((height * _OVERSAMPLING, width * _OVERSAMPLING), np.uint8)
    for _ in range(220):
        angle = random.uniform(0, 2 * np.pi)
        steps = np.linspace(0.2, random.uniform(0.32, 0.5), 30)
        bend = random.normal(0, 2.5) * (steps - 0.2) + random.normal(0, 0.08)
        _draw(hairs, steps, angle + bend, size, thickness=int(random.integers(3, 21)))
    return _over(_shrunk(hairs, size), head)


def _fur(size: tuple[int, int], random: np.random.Generator) -> FloatPlanes:
    """Return a body whose whole edge is short, dense hair."""
    height, width = size
    hairs = np.zeros((height * _OVERSAMPLING, width * _OVERSAMPLING), np.uint8)
    for _ in range(1400):
        angle = random.uniform(0, 2 * np.pi)
        steps = np.linspace(0.27, random.uniform(0.31, 0.39), 8)
        bend = random.normal(0, 2.0) * (steps - 0.27)
        _draw(hairs, steps, angle + bend, size, thickness=int(random.integers(4, 15)))
    return _over(_shrunk(hairs, size), _body(size, 0.28))


def _glass(size: tuple[int, int], random: np.random.Generator) -> FloatPlanes:
    """Return a bowl that is solid on one side, lets more and more through towards the other, and has a solid rim."""
    height, width = size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot((y - height / 2) / height, (x - width / 2) / height)
    inside = np.clip((0.4 - distance) * height / 3 + 0.5, 0, 1)
    across = np.clip((x - width / 2) / height / 0.8 + 0.5, 0, 1)
    ripples = 0.1 * np.sin(y / height * 25 + 3 * across) * np.sin(across * np.pi)
    streaks = cv2.resize(
        random.uniform(0, 0.2, (9, 13)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    rim = np.clip(1.5 - np.abs(distance - 0.385) * 60, 0, 1)
    body = 1.15 - 1.2 * across + ripples + streaks * np.sin(across * np.pi)
    return np.asarray(inside * np.clip(np.maximum(body, rim), 0, 1), np.float32)


_ALPHAS = {"strands": _strands, "fur": _fur, "glass": _glass}


def _body(size: tuple[int, int], radius: float) -> FloatPlanes:
    height, width = size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot((y - height / 2) / height, (x - width / 2) / height)
    return np.asarray(np.clip((radius - distance) * height / 2 + 0.5, 0, 1), np.float32)


def _draw(
    canvas: NDArray[np.uint8],
    radii: NDArray[np.float64],
    angles: NDArray[np.float64],
    size: tuple[int, int],
    *,
    thickness: int,
) -> None:
    """Draw one line; radii are in parts of the picture's height, from its middle."""
    height, width = size
    x = (width / 2 + radii * height * np.cos(angles)) * _OVERSAMPLING
    y = (height / 2 + radii * height * np.sin(angles)) * _OVERSAMPLING
    points = np.rint(np.stack((x, y), axis=-1)).astype(np.int32)
    # Thickness follows the picture's size, as it would if the same subject were photographed larger.
    cv2.polylines(canvas, [points], isClosed=False, color=255, thickness=max(1, round(thickness * height / SIZE[0])))


def _shrunk(canvas: NDArray[np.uint8], size: tuple[int, int]) -> FloatPlanes:
    small = cv2.resize(canvas, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.multiply(small, np.float32(1 / 255))


def _over(upper: FloatPlanes, lower: FloatPlanes) -> FloatPlanes:
    return np.asarray(upper + (1 - upper) * lower, np.float32)


def _noise(size: tuple[int, int], random: np.random.Generator) -> FloatPlanes:
    """Return a cloth of several octaves in hair-like colours."""
    height, width = size
    total = np.zeros((height, width, 3), np.float32)
    for octave in range(6):
        grid = random.normal(0, 1, (3 * 2**octave, 4 * 2**octave, 3)).astype(np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(0.7**octave)
    return np.asarray(np.clip(np.float32([120, 88, 62]) + 26 * total, 0, 255), np.float32)


def _photo(name: str, size: tuple[int, int]) -> FloatPlanes:
    picture = Image.open(io.BytesIO(photo_bytes(name))).convert("RGB")
    return np.asarray(picture.resize((size[1], size[0]), Image.Resampling.BICUBIC), np.float32)


def _background(kind: str, shape: str, size: tuple[int, int], random: np.random.Generator) -> FloatPlanes:
    """Return a saturated wall with a little shading, or a saturated and busy place."""
    height, width = size
    if kind == "plain":
        shade = cv2.resize(
            random.uniform(0.8, 1.1, (3, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        return np.asarray(np.clip(np.float32(_PLAIN[shape]) * shade[..., np.newaxis], 0, 255), np.float32)
    blobs = random.uniform(0, 1, (5, 7, 3)).astype(np.float32)
    blobs = (blobs - blobs.min(axis=2, keepdims=True)) / np.ptp(blobs, axis=2, keepdims=True)
    grown = cv2.resize(blobs * 235 + 10, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = cv2.resize(random.normal(0, 12, (height // 4, width // 4)).astype(np.float32), (width, height))
    return np.asarray(np.clip(grown + grain[..., np.newaxis], 0, 255), np.float32)
