"""Damaged files: the pixels of the decoders where a little is lost, a refusal that says so where much is."""

import io
import struct
import zlib
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from processing.matting import jpeg_damage, jpeg_pixels
from processing.matting.decode import decode
from processing.matting.errors import UnreadableImage
from processing.matting.options import DecodeLimits
from tests.processing.matting.decode_cases import as_file, upright_photo
from tests.processing.matting.raw_files import interlaced_png, png_chunk, png_of_rows, ycck_jpeg

EOI = b"\xff\xd9"


@cache
def _jpeg(mode: str = "RGB", *, restarts: bool = False, progressive: bool = False) -> bytes:
    restart = {"restart_marker_blocks": 4} if restarts else {}
    return as_file(upright_photo().convert(mode), "JPEG", quality=90, progressive=progressive, **restart)


def _first_scan(data: bytes) -> tuple[int, int]:
    """Return where the coded data of the first scan begin and end."""
    header = data.index(b"\xff\xda")
    start = header + 2 + int.from_bytes(data[header + 2 : header + 4], "big")
    following = data.find(b"\xff\xc4", start)
    return start, len(data) - 2 if following < 0 else following


def _with_marker(data: bytes, marker: int, share: float) -> bytes:
    """Put a marker into the first scan, that far through it, away from other markers."""
    start, end = _first_scan(data)
    at = next(at for at in range(start + int((end - start) * share), end) if 0xFF not in data[at - 1 : at + 3])
    return data[:at] + bytes((0xFF, marker)) + data[at + 2 :]


def _pixels_of_pillow(data: bytes) -> NDArray[np.uint8] | None:
    try:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    except (OSError, SyntaxError, UnidentifiedImageError):
        return None


def _changed_share(pixels: NDArray[np.uint8], intact: NDArray[np.uint8]) -> float:
    return float((np.abs(pixels.astype(np.int16) - intact).max(axis=2) > 8).mean())


@pytest.mark.parametrize("share", [0.1, 0.4, 0.9])
@pytest.mark.parametrize("restarts", [True, False])
@pytest.mark.parametrize("progressive", [True, False])
def test_false_marker_in_a_scan_gives_the_pixels_of_pillow(
    share: float, restarts: bool, progressive: bool, limits: DecodeLimits
) -> None:
    whole = _jpeg(restarts=restarts, progressive=progressive)
    intact = decode(whole, limits).rgb
    endings = {"same": 0, "refused": 0, "damaged": 0}
    for marker in range(0x01, 0x100, 3):
        data = _with_marker(whole, marker, share)
        expected = _pixels_of_pillow(data)
        try:
            read = decode(data, limits).rgb
        except UnreadableImage as refused:
            if expected is not None:
                assert _changed_share(expected, intact) > jpeg_damage.MAX_MISSING_SHARE, hex(marker)
                assert "damaged" in refused.public_text
            endings["refused" if expected is None else "damaged"] += 1
        else:
            assert expected is not None, hex(marker)
            assert np.abs(read.astype(np.int16) - expected).max() <= 1, hex(marker)
            endings["same"] += 1
    if restarts:
        assert endings["same"] >= 60, endings


@pytest.mark.parametrize("progressive", [True, False])
def test_damaged_byte_between_restarts_costs_little_of_the_picture(progressive: bool, limits: DecodeLimits) -> None:
    whole = _jpeg(restarts=True, progressive=progressive)
    intact = decode(whole, limits).rgb

    for marker in range(0x02, 0xC0):
        read = decode(_with_marker(whole, marker, 0.4), limits).rgb
        assert _changed_share(read, intact) < 0.1, hex(marker)


def _cut(data: bytes, share: float) -> bytes:
    start, end = _first_scan(data)
    return data[: start + int((end - start) * share)] + EOI


def _with_hole(data: bytes, share: float) -> bytes:
    start, end = _first_scan(data)
    middle, half = (start + end) // 2, int((end - start) * share / 2)
    return data[: middle - half] + data[middle + half :]


@pytest.mark.parametrize("damage", [_cut, _with_hole])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("restarts", [True, False])
def test_jpeg_that_is_gray_in_large_part_is_refused_as_damaged(damage, mode: str, restarts: bool, limits) -> None:
    data = damage(_jpeg(mode, restarts=restarts), 0.5)

    with pytest.raises(UnreadableImage) as refused:
        decode(data, limits)
    assert "The image file is damaged." in refused.value.public_text
    assert _pixels_of_pillow(data) is not None, "no decoder says so by itself"


def test_other_kinds_of_jpeg_that_are_gray_in_large_part_are_refused(limits: DecodeLimits) -> None:
    for whole in (ycck_jpeg(upright_photo().convert("CMYK")), _jpeg(progressive=True)):
        with pytest.raises(UnreadableImage) as refused:
            decode(_cut(whole, 0.4), limits)
        assert "The image file is damaged." in refused.value.public_text


def _with_restart_interval(data: bytes, blocks: int) -> bytes:
    at = data.index(b"\xff\xda")
    return data[:at] + b"\xff\xdd" + struct.pack(">HH", 4, blocks) + data[at:]


@pytest.mark.parametrize("blocks", [1, 4, 99])
def test_jpeg_that_is_gray_because_its_restarts_are_missing_is_refused(blocks: int, limits: DecodeLimits) -> None:
    data = _with_restart_interval(_jpeg(), blocks)

    with pytest.raises(UnreadableImage) as refused:
        decode(data, limits)
    assert "The image file is damaged." in refused.value.public_text


@pytest.mark.parametrize("restarts", [True, False])
@pytest.mark.parametrize(("first", "last"), [(0.2, 0.7), (0.5, 1)])
def test_jpeg_with_zeros_in_place_of_its_data_is_refused(first, last, restarts: bool, limits: DecodeLimits) -> None:
    whole = _jpeg(restarts=restarts)
    start, end = _first_scan(whole)
    lost = slice(start + int((end - start) * first), start + int((end - start) * last))

    with pytest.raises(UnreadableImage) as refused:
        decode(whole[: lost.start] + bytes(lost.stop - lost.start) + whole[lost.stop :], limits)
    assert "The image file is damaged." in refused.value.public_text


def test_zeros_that_lose_no_block_are_read(limits: DecodeLimits) -> None:
    plain = as_file(Image.new("RGB", (1500, 1000), (90, 120, 60)), "JPEG", optimize=True)
    padded = _jpeg()[:-2] + bytes(len(_jpeg())) + EOI

    assert b"\x00" * 2000 in plain
    assert decode(plain, limits).width == 1500
    assert decode(plain[:-2] + bytes(3000) + EOI, limits).width == 1500
    assert np.array_equal(decode(padded, limits).rgb, _pixels_of_pillow(padded))


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_jpeg_of_which_little_is_lost_is_read(mode: str, limits: DecodeLimits) -> None:
    data = _cut(_jpeg(mode), 0.97)

    assert np.array_equal(decode(data, limits).rgb, _pixels_of_pillow(data))


def test_whole_picture_of_the_color_of_the_fill_is_read(limits: DecodeLimits) -> None:
    gray = as_file(Image.new("RGB", (240, 300), (128, 128, 128)), "JPEG")

    assert np.array_equal(decode(gray, limits).rgb, np.full((300, 240, 3), 128))
    assert (decode(gray[:-2] + b"\x00" * 9 + EOI, limits).rgb == 128).all(), "surplus bytes lose nothing"


def test_jpeg_is_read_as_pillow_does_without_the_binding(limits: DecodeLimits, monkeypatch) -> None:
    monkeypatch.setattr(jpeg_pixels, "simplejpeg", None)
    data = _cut(_jpeg(), 0.5)

    assert np.array_equal(decode(data, limits).rgb, _pixels_of_pillow(data)), "nothing else reports the damage"


@pytest.mark.parametrize("marker", [0xE0, 0xDB, 0xC0, 0xC4, 0xDA])
@pytest.mark.parametrize("length", [0, 1, 3, 90, 4000, 0xFFFF])
def test_jpeg_with_a_wrong_segment_length_is_never_called_cut_off(marker: int, length: int, limits) -> None:
    whole = _jpeg()
    at = whole.index(bytes((0xFF, marker)))
    data = whole[: at + 2] + struct.pack(">H", length) + whole[at + 4 :]

    try:
        decode(data, limits)
    except UnreadableImage as refused:
        assert "damaged" in refused.public_text
    else:
        assert marker == 0xE0, "only a segment that no pixel depends on may have any length"


@pytest.mark.parametrize("length", [1, 500, 0xFFFFFF, 0x7FFFFFFF, "1 more", "12 more"])
@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT", b"IEND"])
def test_png_with_a_wrong_chunk_length_is_called_damaged(kind: bytes, length: int | str, limits: DecodeLimits) -> None:
    whole = as_file(upright_photo(), "PNG")
    at = whole.index(kind) - 4
    if isinstance(length, str):
        length = int.from_bytes(whole[at : at + 4], "big") + int(length.split()[0])

    with pytest.raises(UnreadableImage) as refused:
        decode(whole[:at] + struct.pack(">I", length) + whole[at + 4 :], limits)
    assert "cut off" not in refused.value.public_text


@pytest.mark.parametrize("length", [40, 0xFFFFFF])
@pytest.mark.parametrize("at", [4, 16])
def test_webp_with_a_wrong_length_is_called_damaged(at: int, length: int, limits: DecodeLimits) -> None:
    whole = as_file(upright_photo(), "WEBP")

    with pytest.raises(UnreadableImage) as refused:
        decode(whole[:at] + struct.pack("<I", length) + whole[at + 4 :], limits)
    assert "damaged" in refused.value.public_text


def _png_without_rows(present: int) -> bytes:
    """Return a PNG of 300 rows whose valid compressed data hold only the first of them."""
    whole = np.asarray(upright_photo())
    rows = b"".join(b"\x00" + row.tobytes() for row in whole[:present])
    header = struct.pack(">IIBBBBB", 240, 300, 8, 2, 0, 0, 0)
    pieces = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*piece) for piece in pieces)


@pytest.mark.parametrize("present", [1, 150, 299])
def test_png_whose_rows_are_missing_is_refused_as_damaged(present: int, limits: DecodeLimits) -> None:
    with pytest.raises(UnreadableImage) as refused:
        decode(_png_without_rows(present), limits)
    assert "The image file is damaged." in refused.value.public_text


def test_png_with_all_rows_is_read(limits: DecodeLimits) -> None:
    assert np.array_equal(decode(_png_without_rows(300), limits).rgb, np.asarray(upright_photo()))


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 2), (3, 5), (5, 3), (17, 33)])
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("interlaced", [True, False])
def test_black_png_with_all_rows_is_read_and_without_the_last_byte_is_not(size, depth, interlaced, limits) -> None:
    samples = np.zeros((size[1], size[0]), np.uint16)

    assert decode(interlaced_png(samples, depth, is_interlaced=interlaced), limits).rgb.max() == 0
    with pytest.raises(UnreadableImage) as refused:
        decode(interlaced_png(samples, depth, is_interlaced=interlaced, lacking=1), limits)
    assert "damaged" in refused.value.public_text


def test_length_of_missing_rows_is_measured_in_little_memory(limits: DecodeLimits) -> None:
    black = png_of_rows([b"\x00" * 6000] * 6000, width=6000, depth=8, colour_type=0)

    assert decode(black, limits).rgb.shape == (6000, 6000, 3)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_webp_whose_data_end_early_is_refused(lossless: bool, share: float, limits: DecodeLimits) -> None:
    chunk = as_file(upright_photo(), "WEBP", lossless=lossless)[12:]
    payload = chunk[8 : 8 + int(len(chunk) * share) // 2 * 2]
    body = b"WEBP" + chunk[:4] + struct.pack("<I", len(payload)) + payload

    with pytest.raises(UnreadableImage) as refused:
        decode(b"RIFF" + struct.pack("<I", len(body)) + body, limits)
    assert "damaged" in refused.value.public_text
