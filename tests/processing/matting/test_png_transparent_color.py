"""The color that tRNS makes transparent: at every depth, exactly, interlaced or not."""

import struct

import numpy as np
import pytest

from processing.matting.decode import decode
from processing.matting.errors import UnreadableImage
from processing.matting.options import DecodeLimits
from tests.processing.matting.raw_files import PALETTE, interlaced_png, png_chunk, png_of_rows

INTERLACED = pytest.mark.parametrize("interlaced", [True, False])


def _trns(*numbers: int) -> list[tuple[bytes, bytes]]:
    return [(b"tRNS", struct.pack(f">{len(numbers)}H", *numbers))]


def _gray_levels(depth: int) -> np.ndarray:
    """Return 17 x 15 samples, each level of the depth at least once."""
    return (np.arange(255) % (1 << depth)).reshape(15, 17).astype(np.uint16)


def _rgb_levels(depth: int) -> np.ndarray:
    return np.stack([np.roll(_gray_levels(depth), shift, axis=1) for shift in (0, 1, 2)], axis=-1)


@INTERLACED
@pytest.mark.parametrize("high_bits", [0x0000, 0xFFFF])
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_gray_key_is_masked_to_the_bit_depth(depth: int, high_bits: int, interlaced: bool, limits) -> None:
    samples, mask = _gray_levels(depth), (1 << depth) - 1
    for key in {0, 1, mask // 2, mask - 1, mask}:
        stored = (high_bits & ~mask) | key
        photo = decode(interlaced_png(samples, depth, _trns(stored), is_interlaced=interlaced), limits)

        expected = np.where(samples == key, 0, 255)
        alpha = np.full(samples.shape, 255) if photo.alpha is None else photo.alpha
        assert np.array_equal(alpha, expected), key


@INTERLACED
def test_gray_of_255_is_transparent_where_trns_says_ffff(interlaced: bool, limits: DecodeLimits) -> None:
    samples = np.array([[0, 254, 255]], np.uint16)

    photo = decode(interlaced_png(samples, 8, _trns(0xFFFF), is_interlaced=interlaced), limits)
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[255, 255, 0]]


@INTERLACED
@pytest.mark.parametrize("high_bits", [0x0000, 0xAB00])
def test_rgb_key_is_masked_to_8_bits(high_bits: int, interlaced: bool, limits: DecodeLimits) -> None:
    samples = _rgb_levels(8)
    key = samples[3, 5]

    numbers = [high_bits | int(value) for value in key]
    photo = decode(interlaced_png(samples, 8, _trns(*numbers), is_interlaced=interlaced), limits)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, np.where((samples == key).all(axis=2), 0, 255))


@INTERLACED
def test_16_bit_gray_key_is_compared_exactly(interlaced: bool, limits: DecodeLimits) -> None:
    samples = np.array([[0x1233, 0x1234, 0x1235, 0x12FF, 0x3412]] * 9, np.uint16)

    photo = decode(interlaced_png(samples, 16, _trns(0x1234), is_interlaced=interlaced), limits)
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[255, 0, 255, 255, 255]] * 9


@INTERLACED
def test_16_bit_rgb_key_is_compared_exactly_in_the_order_of_the_channels(interlaced: bool, limits) -> None:
    key = (0x1234, 0x5678, 0x9ABC)
    others = [(0x1234, 0x5678, 0x9ABD), (0x1235, 0x5678, 0x9ABC), (0x1234, 0x56FF, 0x9ABC), key[::-1]]
    samples = np.array([[key, *others]] * 9, np.uint16)

    photo = decode(interlaced_png(samples, 16, _trns(*key), is_interlaced=interlaced), limits)
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 255, 255, 255, 255]] * 9
    assert photo.rgb[0, 1].tolist() == [0x12, 0x56, 0x9A], "color by the upper 8 bits, as before"


def test_chunk_of_the_wrong_length_makes_nothing_transparent(limits: DecodeLimits) -> None:
    samples = np.zeros((3, 3), np.uint16)

    assert decode(interlaced_png(samples, 8, [(b"tRNS", b"\x00")]), limits).alpha is None
    assert decode(interlaced_png(_rgb_levels(8), 8, _trns(0)), limits).alpha is None


PALETTE_BYTES = b"\x01\x02\x03\x04\x05\x06"


def _palette_file(*chunks: tuple[bytes, bytes], late: list[tuple[bytes, bytes]] | None = None) -> bytes:
    whole = png_of_rows([b"\x00\x01"] * 3, width=2, depth=8, colour_type=PALETTE, chunks=chunks)
    return whole[:-12] + b"".join(png_chunk(*chunk) for chunk in late or []) + whole[-12:]


PLTE, CLEAR = (b"PLTE", PALETTE_BYTES), (b"tRNS", b"\x00")


@pytest.mark.parametrize(
    ("file", "clear"),
    [
        (_palette_file(PLTE, CLEAR), 3),
        (_palette_file(PLTE, (b"tRNS", b"\x00\x07\xff")), 3),
        (_palette_file(PLTE, CLEAR, (b"tRNS", b"\x00\x00")), 3),
        (_palette_file(CLEAR, PLTE), 0),
        (_palette_file(PLTE, late=[CLEAR]), 0),
        (_palette_file(PLTE, (b"tRNS", bytes(257))), 0),
    ],
)
def test_alpha_of_a_palette_counts_at_its_place_as_in_chromium(file: bytes, clear: int, limits: DecodeLimits) -> None:
    alpha = decode(file, limits).alpha

    assert (0 if alpha is None else int((alpha == 0).sum())) == clear


def test_palette_picture_without_a_palette_is_damaged(limits: DecodeLimits) -> None:
    with pytest.raises(UnreadableImage, match="damaged"):
        decode(_palette_file(), limits)
