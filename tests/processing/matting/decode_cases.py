"""The same photo in every way of writing it that we promise to read; each case says how far its pixels may be off."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tests.photos import photo_bytes
from tests.processing.matting.raw_files import (
    cmyk_profile,
    exif_block,
    grey_profile,
    png_16_bit,
    png_chunk,
    png_of_rows,
    rgb_profile,
    ycck_jpeg,
)

# How a picture that is stored in an orientation is made from the upright one.
_STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@cache
def upright_photo() -> Image.Image:
    """Return the photo that all cases show: a person, taller than wide, 240 x 300."""
    return Image.open(io.BytesIO(photo_bytes("astronaut"))).convert("RGB").crop((0, 0, 400, 500)).resize((240, 300))


@cache
def input_alpha() -> Image.Image:
    """Return the transparency of the cases that have one: clear on the left, opaque on the right."""
    return Image.linear_gradient("L").rotate(90).resize(upright_photo().size)


def as_file(picture: Image.Image, image_format: str, **settings: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, image_format, **settings)
    return file.getvalue()


@dataclass(frozen=True)
class DecodeCase:
    """`make` writes the file; `expected` is what it shows, `alpha` what is seen of it; `tolerance` in levels of 255."""

    name: str
    make: Callable[[], bytes]
    expected: Callable[[], Image.Image] = upright_photo
    alpha: Callable[[], Image.Image] | None = None
    tolerance: float = 1.0

    def __str__(self) -> str:
        return self.name


def _grey() -> Image.Image:
    return upright_photo().convert("L")


def _black_and_white() -> Image.Image:
    return _grey().convert("1")


def _palette() -> Image.Image:
    return upright_photo().quantize(64)


def _with_alpha() -> Image.Image:
    picture = upright_photo().copy()
    picture.putalpha(input_alpha())
    return picture


def _inks() -> Image.Image:
    return upright_photo().convert("CMYK")


def _samples_16(picture: Image.Image) -> NDArray[np.uint16]:
    return np.asarray(picture).astype(np.uint16) * 257


def _turned(orientation: int) -> Image.Image:
    return upright_photo() if orientation == 1 else upright_photo().transpose(_STORED_AS[orientation])


def _with_exif(orientation: int, image_format: str) -> bytes:
    exif = exif_block(orientation, order="<>"[orientation % 2])
    if image_format == "JPEG":
        return as_file(_turned(orientation), "JPEG", quality=95, subsampling=0, exif=b"Exif\x00\x00" + exif)
    if image_format == "WEBP":
        return as_file(_turned(orientation), "WEBP", lossless=True, exif=exif)
    return as_file(_turned(orientation), "PNG", exif=exif)


def webp_stored_as(orientation: int) -> bytes:
    """Return the photo as a lossless WebP with this EXIF orientation."""
    return _with_exif(orientation, "WEBP")


def _keyed_rgb() -> Image.Image:
    """Return the photo with its left fifth in a colour that stands nowhere else in it."""
    picture = upright_photo().copy()
    picture.paste((1, 254, 3), (0, 0, 48, 300))
    return picture


def _keyed_grey() -> Image.Image:
    picture = _grey().point(lambda value: max(value, 1))
    picture.paste(0, (0, 0, 48, 300))
    return picture


def _key_alpha() -> Image.Image:
    alpha = Image.new("L", upright_photo().size, 255)
    alpha.paste(0, (0, 0, 48, 300))
    return alpha


def _keyed_16_bit() -> bytes:
    transparent = np.array([1, 254, 3], ">u2") * 257
    return png_16_bit(_samples_16(_keyed_rgb()), [(b"tRNS", transparent.astype(">u2").tobytes())])


def _keyed_2_bit_grey() -> bytes:
    levels = np.asarray(_keyed_grey()) // 64
    levels[:, 48:] = np.maximum(levels[:, 48:], 1)
    packed = levels.reshape(300, 60, 4) @ np.array([64, 16, 4, 1], np.uint8)
    rows = [row.astype(np.uint8).tobytes() for row in packed]
    return png_of_rows(rows, width=240, depth=2, colour_type=0, chunks=[(b"tRNS", b"\x00\x00")])


def _two_bit_grey() -> Image.Image:
    levels = np.asarray(_keyed_grey()) // 64
    levels[:, 48:] = np.maximum(levels[:, 48:], 1)
    return Image.fromarray(levels * 85)


def _palette_with_clear_entry() -> bytes:
    picture = _keyed_rgb().quantize(64)
    return as_file(picture, "PNG", transparency=int(np.asarray(picture)[0, 0]))


def _linear_light(picture: Image.Image) -> Image.Image:
    """Return sRGB values as a profile of gamma 1 stores them."""
    unit = np.asarray(picture, np.float64) / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    return Image.fromarray(np.rint(linear * 255).astype(np.uint8))


def _black_ink_only() -> Image.Image:
    black = ImageOps.invert(_grey())
    clear = Image.new("L", black.size, 0)
    return Image.merge("CMYK", (clear, clear, clear, black))


def _lightness_of_black_ink() -> Image.Image:
    """Return what cmyk_profile() says those inks look like: L* = 100 (1 - K), as sRGB."""
    lightness = np.asarray(_grey(), np.float64) / 255 * 100
    f = (lightness + 16) / 116
    linear = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.rint(srgb * 255).astype(np.uint8))


def _broken_profile() -> bytes:
    return rgb_profile()[:200]


def _png_with_unfitting_profile() -> bytes:
    return as_file(_grey(), "PNG", icc_profile=rgb_profile())


def _png_with_exif_at_the_end() -> bytes:
    plain = as_file(_turned(6), "PNG")
    return plain[:-12] + png_chunk(b"eXIf", exif_block(6)) + plain[-12:]


def _mirrored() -> Image.Image:
    return ImageOps.mirror(upright_photo())


FORMATS = (
    DecodeCase(
        "jpeg", lambda: as_file(upright_photo(), "JPEG", quality=95, subsampling=0, progressive=False), tolerance=2
    ),
    DecodeCase("jpeg progressive", lambda: as_file(upright_photo(), "JPEG", quality=95, progressive=True), tolerance=4),
    DecodeCase(
        "jpeg of a phone (MPO), first picture",
        lambda: as_file(upright_photo(), "MPO", quality=95, save_all=True, append_images=[_mirrored()]),
        tolerance=4,
    ),
    DecodeCase("png", lambda: as_file(upright_photo(), "PNG"), tolerance=0),
    DecodeCase(
        "png animated, first frame",
        lambda: as_file(upright_photo(), "PNG", save_all=True, append_images=[_mirrored()], duration=100),
        tolerance=0,
    ),
    DecodeCase("webp lossless", lambda: as_file(upright_photo(), "WEBP", lossless=True), tolerance=0),
    DecodeCase("webp lossy", lambda: as_file(upright_photo(), "WEBP", quality=95), tolerance=4),
    DecodeCase(
        "webp animated, first frame",
        lambda: as_file(
            upright_photo(), "WEBP", lossless=True, save_all=True, append_images=[_mirrored()], duration=100
        ),
        tolerance=0,
    ),
)
ORIENTATIONS = (
    *(
        DecodeCase(
            f"{image_format.lower()} orientation {orientation}",
            partial(_with_exif, orientation, image_format),
            tolerance=2,
        )
        for image_format in ("JPEG", "PNG", "WEBP")
        for orientation in range(1, 9)
    ),
    DecodeCase("png orientation after the pixels", _png_with_exif_at_the_end, tolerance=0),
)
COLOURS = (
    DecodeCase(
        "png icc", lambda: as_file(_linear_light(upright_photo()), "PNG", icc_profile=rgb_profile()), tolerance=2
    ),
    DecodeCase(
        "jpeg icc",
        lambda: as_file(_linear_light(upright_photo()), "JPEG", quality=98, subsampling=0, icc_profile=rgb_profile()),
        tolerance=6,
    ),
    DecodeCase(
        "webp icc",
        lambda: as_file(_linear_light(upright_photo()), "WEBP", lossless=True, icc_profile=rgb_profile()),
        tolerance=2,
    ),
    DecodeCase(
        "png grey icc",
        lambda: as_file(_linear_light(_grey()), "PNG", icc_profile=grey_profile()),
        expected=_grey,
        tolerance=2,
    ),
    DecodeCase(
        "jpeg cmyk icc",
        lambda: as_file(_black_ink_only(), "JPEG", quality=95, icc_profile=cmyk_profile()),
        expected=_lightness_of_black_ink,
        tolerance=3,
    ),
    DecodeCase("png icc broken", lambda: as_file(upright_photo(), "PNG", icc_profile=_broken_profile()), tolerance=0),
    DecodeCase("png icc of another colour space", _png_with_unfitting_profile, expected=_grey, tolerance=0),
    DecodeCase("jpeg cmyk", lambda: as_file(_inks(), "JPEG", quality=95), tolerance=3),
    DecodeCase("jpeg ycck", lambda: ycck_jpeg(_inks()), tolerance=3),
    DecodeCase("jpeg grey", lambda: as_file(_grey(), "JPEG", quality=95), expected=_grey, tolerance=2),
    DecodeCase("png grey", lambda: as_file(_grey(), "PNG"), expected=_grey, tolerance=0),
    DecodeCase("png 1 bit", lambda: as_file(_black_and_white(), "PNG"), expected=_black_and_white, tolerance=0),
    DecodeCase("png palette", lambda: as_file(_palette(), "PNG"), expected=_palette, tolerance=0),
    DecodeCase("png 16 bit grey", lambda: png_16_bit(_samples_16(_grey())), expected=_grey, tolerance=0),
    DecodeCase("png 16 bit rgb", lambda: png_16_bit(_samples_16(upright_photo())), tolerance=0),
)
TRANSPARENCIES = (
    DecodeCase("png rgba", lambda: as_file(_with_alpha(), "PNG"), alpha=input_alpha, tolerance=0),
    DecodeCase(
        "webp rgba", lambda: as_file(_with_alpha(), "WEBP", lossless=True, exact=True), alpha=input_alpha, tolerance=0
    ),
    DecodeCase("png 16 bit rgba", lambda: png_16_bit(_samples_16(_with_alpha())), alpha=input_alpha, tolerance=0),
    DecodeCase(
        "png grey with alpha",
        lambda: as_file(_with_alpha().convert("LA"), "PNG"),
        expected=_grey,
        alpha=input_alpha,
        tolerance=0,
    ),
    DecodeCase(
        "png 16 bit grey with alpha",
        lambda: png_16_bit(_samples_16(_with_alpha().convert("LA"))),
        expected=_grey,
        alpha=input_alpha,
        tolerance=0,
    ),
    DecodeCase(
        "png rgb with a clear colour",
        lambda: as_file(_keyed_rgb(), "PNG", transparency=(1, 254, 3)),
        expected=_keyed_rgb,
        alpha=_key_alpha,
        tolerance=0,
    ),
    DecodeCase("png 16 bit rgb with a clear colour", _keyed_16_bit, expected=_keyed_rgb, alpha=_key_alpha, tolerance=0),
    DecodeCase(
        "png grey with a clear level",
        lambda: as_file(_keyed_grey(), "PNG", transparency=0),
        expected=_keyed_grey,
        alpha=_key_alpha,
        tolerance=0,
    ),
    DecodeCase(
        "png 2 bit grey with a clear level", _keyed_2_bit_grey, expected=_two_bit_grey, alpha=_key_alpha, tolerance=0
    ),
    DecodeCase(
        "png palette with a clear entry",
        _palette_with_clear_entry,
        expected=lambda: _keyed_rgb().quantize(64),
        alpha=_key_alpha,
        tolerance=0,
    ),
)
DECODE_CASES = FORMATS + ORIENTATIONS + COLOURS + TRANSPARENCIES
