"""Measures a delivered picture against what a row says of it, and lists every disagreement in words."""

import io
import zipfile
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.conformance.rows import PLACE, Box, Colour, Facts

COLOUR_TOLERANCE = 12
HALF, FAINT = 127, 8
ZIP_MAGIC = b"PK\x03\x04"


def size_of(data: bytes) -> tuple[int, int]:
    """Return width and height of a delivered picture, or of the colours in a zip."""
    with Image.open(io.BytesIO(_from_zip(data, "color.jpg") if data.startswith(ZIP_MAGIC) else data)) as image:
        return image.size


def disagreements(facts: Facts, data: bytes) -> list[str]:
    """List what is not as the row says; empty when all is."""
    if data.startswith(ZIP_MAGIC):
        return list(_of_zip(facts, data))
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except OSError as error:
        return [f"no picture came: {error}"]
    return list(_of_picture(facts, image))


def _of_zip(facts: Facts, data: bytes) -> Iterator[str]:
    if facts.format not in (None, "ZIP"):
        yield f"format is ZIP, not {facts.format}"
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = sorted(archive.namelist())
    if names != sorted(facts.members):
        yield f"members are {names}, not {sorted(facts.members)}"
        return
    colour, alpha = (Image.open(io.BytesIO(_from_zip(data, name))) for name in ("color.jpg", "alpha.png"))
    if (colour.format, colour.mode, alpha.format, alpha.mode) != ("JPEG", "RGB", "PNG", "L"):
        yield f"members are {colour.format} {colour.mode} and {alpha.format} {alpha.mode}, not JPEG RGB and PNG L"
    if colour.size != alpha.size:
        yield f"color.jpg is {colour.size}, alpha.png {alpha.size}"
    yield from _of_size(facts, colour.size)
    yield from _of_bounds(facts, np.asarray(alpha.convert("L")))
    yield from _of_colours(facts, colour)


def _from_zip(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def _of_picture(facts: Facts, image: Image.Image) -> Iterator[str]:
    if facts.format not in (None, image.format):
        yield f"format is {image.format}, not {facts.format}"
    if facts.mode not in (None, image.mode):
        yield f"mode is {image.mode}, not {facts.mode}"
    yield from _of_size(facts, image.size)
    yield from _of_bounds(facts, _alpha(image))
    yield from _of_colours(facts, image)
    if facts.shadow is not None:
        yield from _of_shadow(facts, image)


def _of_size(facts: Facts, size: tuple[int, int]) -> Iterator[str]:
    if facts.size and _furthest(size, facts.size) > facts.size_within:
        yield f"size is {size}, not {facts.size}"
    if facts.at_most_pixels and size[0] * size[1] > facts.at_most_pixels:
        yield f"{size[0]} x {size[1]} are more than {facts.at_most_pixels} pixels"


def _of_bounds(facts: Facts, alpha: NDArray[np.uint8]) -> Iterator[str]:
    if facts.subject and ((seen := bounds(alpha, HALF)) is None or _furthest(seen, facts.subject) > facts.within):
        yield f"the subject is at {seen}, not {facts.subject}"
    if facts.inside:
        left, top, width, height = facts.inside
        outside = np.ones(alpha.shape, bool)
        outside[top : top + height, left : left + width] = False
        if (alpha[outside] > FAINT).any():
            yield f"something is left outside {facts.inside}: {bounds(alpha, FAINT)}"
        if bounds(alpha, HALF) is None:
            yield f"nothing is left inside {facts.inside}"
    if facts.empty and (seen := bounds(alpha, FAINT)) is not None:
        yield f"the picture is not empty: something at {seen}"
    if facts.opaque and alpha.min() < 255:
        yield f"the picture is not opaque: alpha goes down to {alpha.min()}"


def _of_colours(facts: Facts, image: Image.Image) -> Iterator[str]:
    for point, expected in facts.colours.items():
        if point[0] >= image.width or point[1] >= image.height:
            yield f"there is no point {point}"
        elif not _same_colour(seen := _colour_at(image, point, expected), expected):
            yield f"colour at {point} is {seen}, not {expected}"


def _of_shadow(facts: Facts, image: Image.Image) -> Iterator[str]:
    """A shadow is what lies outside the ellipse that the model sees: soft, dark, and not the subject's own edge."""
    pixels = np.asarray(image.convert("RGBA"))
    outside = _outside_ellipse(PLACE, pixels.shape[:2], grown_by_px=4)
    alpha = pixels[..., 3] * outside
    share = float((alpha > FAINT).sum() / outside.sum())
    if facts.shadow != (share > 0.005):
        yield f"{share:.1%} of what is outside the subject is shaded"
    if facts.shadow and (alpha > FAINT).any() and pixels[..., :3][alpha > FAINT].mean() > 60:
        yield "what lies outside the subject is not dark"
    if facts.shadow_at_most is not None and alpha.max() / 255 > facts.shadow_at_most + 0.02:
        yield f"the shadow is up to {alpha.max() / 255:.2f} opaque, not {facts.shadow_at_most}"


def _outside_ellipse(place: Box, shape: tuple[int, int], grown_by_px: float) -> NDArray[np.bool_]:
    left, top, width, height = place
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    across = (x - left - width / 2) / (width / 2 + grown_by_px)
    down = (y - top - height / 2) / (height / 2 + grown_by_px)
    return np.asarray(across**2 + down**2 > 1)


def bounds(alpha: NDArray[np.uint8], above: int) -> Box | None:
    """Return left, top, width and height of everything above this value, or None."""
    rows, columns = (np.flatnonzero((alpha > above).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1


def _alpha(image: Image.Image) -> NDArray[np.uint8]:
    """Return the alpha of a cutout, the greys of a matte, and for other pictures alpha that is opaque all over."""
    if image.mode == "L":
        return np.asarray(image)
    return np.asarray(image.convert("RGBA").getchannel("A"))


def _colour_at(image: Image.Image, point: tuple[int, int], like: Colour) -> Colour:
    """Return the pixel in the form in which the row states it."""
    mode = "L" if isinstance(like, int) else ("RGB" if len(like) == 3 else "RGBA")
    seen: Colour = image.convert(mode).getpixel(point)
    return seen


def _same_colour(seen: Colour, expected: Colour) -> bool:
    a, b = ((colour,) if isinstance(colour, int) else colour for colour in (seen, expected))
    if len(b) == 4 and b[3] == 0:  # What nobody sees has no colour.
        a, b = a[3:], b[3:]
    return _furthest(a, b) <= COLOUR_TOLERANCE


def _furthest(seen: tuple[int, ...], expected: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(seen, expected, strict=True))
