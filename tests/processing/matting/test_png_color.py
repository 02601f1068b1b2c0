"""What the color chunks of a PNG mean, by formulas; tests/browser/test_png_color.py compares with Chromium."""

import numpy as np
import pytest
from numpy.typing import NDArray

from processing.matting.decode import decode, read_header
from processing.matting.options import DecodeLimits
from tests.processing.matting.decode_cases import as_file, upright_photo
from tests.processing.matting.png_color_cases import (
    COLOR_CASES,
    CUBE,
    DISPLAY_P3,
    RAMP,
    SRGB,
    ColorCase,
    cicp,
    gama,
    iccp,
)
from tests.processing.matting.raw_files import png_chunk, rgb_profile

# CSS Color 4, section 18: linear Display P3 to linear sRGB.
P3_TO_SRGB = np.array([[1.2249402, -0.2249402, 0.0], [-0.0420570, 1.0420570, 0.0], [-0.0196376, -0.0786361, 1.0982736]])


def _linear(values: NDArray[np.uint8]) -> NDArray[np.float64]:
    unit = values / 255
    return np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)


def _encoded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(linear, 0, 1)
    return 255 * np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)


def _rgb(limits: DecodeLimits, *chunks: tuple[bytes, bytes]) -> NDArray[np.uint8]:
    return decode(ColorCase("", chunks).rgb_file(), limits).rgb


def _gray(limits: DecodeLimits, *chunks: tuple[bytes, bytes]) -> NDArray[np.uint8]:
    return decode(ColorCase("", chunks).gray_file(), limits).rgb


def test_cicp_of_display_p3_is_converted(limits: DecodeLimits) -> None:
    expected = _encoded(_linear(CUBE) @ P3_TO_SRGB.T)

    assert np.abs(_rgb(limits, cicp(12, 13)) - expected).max() <= 2
    assert np.abs(CUBE - expected).max() > 90


def test_chrm_and_gama_are_converted(limits: DecodeLimits) -> None:
    expected = _encoded((CUBE / 255) ** 2.2 @ P3_TO_SRGB.T)

    assert np.abs(_rgb(limits, DISPLAY_P3, gama(1 / 2.2)) - expected).max() <= 2


@pytest.mark.parametrize("file", ["rgb", "gray"])
def test_gama_alone_is_a_power_over_the_primaries_of_srgb(file: str, limits: DecodeLimits) -> None:
    read, stored = (_rgb(limits, gama(1.0)), CUBE) if file == "rgb" else (_gray(limits, gama(1.0)), RAMP[..., None])

    assert np.abs(read - _encoded(stored / 255)).max() <= 2


@pytest.mark.parametrize(
    ("chunks", "same_as"),
    [
        ((cicp(12, 13), iccp(rgb_profile()), SRGB, DISPLAY_P3, gama(1.0)), (cicp(12, 13),)),
        ((iccp(rgb_profile()), SRGB, DISPLAY_P3, gama(0.3)), (iccp(rgb_profile()),)),
        ((SRGB, DISPLAY_P3, gama(1.0)), ()),
        ((gama(0.3), DISPLAY_P3), (DISPLAY_P3, gama(0.3))),
        ((DISPLAY_P3,), ()),
        ((cicp(12, 13, matrix=1), gama(1.0)), (gama(1.0),)),
        ((cicp(12, 13, full_range=0), gama(1.0)), (gama(1.0),)),
        ((cicp(200, 13), gama(1.0)), (gama(1.0),)),
        ((iccp(rgb_profile()[:200]), gama(1.0)), (gama(1.0),)),
        (((b"sRGB", b"\x09"), gama(1.0)), (gama(1.0),)),
        (((b"sRGB", b""), gama(1.0)), (gama(1.0),)),
        (((b"cHRM", DISPLAY_P3[1][:16]), gama(1.0)), (gama(1.0),)),
    ],
)
def test_one_chunk_goes_before_another(chunks, same_as, limits: DecodeLimits) -> None:
    assert np.array_equal(_rgb(limits, *chunks), _rgb(limits, *same_as))


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_is_shown_in_order_from_black_to_white(transfer: int, limits: DecodeLimits) -> None:
    levels = _gray(limits, cicp(9, transfer))[..., 0].ravel().astype(int)

    assert (np.diff(levels) >= 0).all()
    assert (levels[0], levels[-1]) == (0, 255)


def test_reference_white_of_pq_leaves_room_for_what_is_brighter(limits: DecodeLimits) -> None:
    levels = _gray(limits, cicp(9, 16))[..., 0].ravel()

    assert abs(int(levels[148]) - 188) <= 3, "203 cd/m2 are half of the light that white has"


def test_color_chunks_of_the_wrong_size_and_place_are_ignored(limits: DecodeLimits) -> None:
    plain = as_file(upright_photo(), "PNG")
    late = plain[:-12] + png_chunk(*gama(1.0)) + plain[-12:]
    files = [late] + [
        plain[:33] + png_chunk(kind, payload) + plain[33:]
        for kind in (b"cICP", b"gAMA", b"iCCP", b"sRGB")
        for payload in (b"", b"\x00", b"\x00" * 3, b"\xff" * 5, b"\xff" * 40)
        if kind != b"gAMA" or len(payload) != 4
    ]
    files += [plain[:33] + png_chunk(*gama(1.0)) + png_chunk(b"cHRM", b"\xff" * 32) + plain[33:]]

    for data in files:
        assert np.array_equal(decode(data, limits).rgb, np.asarray(upright_photo()))


@pytest.mark.parametrize("case", COLOR_CASES, ids=str)
def test_header_is_read_whatever_the_chunks_say(case: ColorCase, limits: DecodeLimits) -> None:
    assert read_header(case.rgb_file(), limits).width == 27


def test_palette_is_converted_too(limits: DecodeLimits) -> None:
    palette = upright_photo().quantize(64)
    plain = as_file(palette, "PNG")
    expected = _encoded(_linear(np.asarray(palette.convert("RGB"))) @ P3_TO_SRGB.T)

    read = decode(plain[:33] + png_chunk(*cicp(12, 13)) + plain[33:], limits).rgb
    assert np.abs(read - expected).max() <= 2
