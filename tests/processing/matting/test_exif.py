import struct

import pytest

from processing.matting.exif import read_orientation
from tests.processing.matting.raw_files import exif_block


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_read_in_both_byte_orders(orientation: int, order: str) -> None:
    assert read_orientation(exif_block(orientation, order=order)) == orientation
    assert read_orientation(b"Exif\x00\x00" + exif_block(orientation, order=order)) == orientation


def _entry(tag: int = 0x0112, kind: int = 3, count: int = 1, value: int = 6) -> bytes:
    return struct.pack("<HHIHxx", tag, kind, count, value)


def _block(*entries: bytes) -> bytes:
    return b"II*\x00" + struct.pack("<IH", 8, len(entries)) + b"".join(entries)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (_block(_entry(0x0100), _entry()), 6),
        (_block(_entry(value=0), _entry()), 6),
        (_block(_entry(), _entry(value=3)), 6),
        (b"Exif\x00\xff" + _block(_entry()), 6),
        (_block(_entry(kind=4)), 1),
        (_block(_entry(kind=1)), 1),
        (_block(_entry(count=2)), 1),
        (_block(_entry(count=0)), 1),
        (_block(_entry())[:-2], 1),
    ],
)
def test_entries_count_as_in_chromium(block: bytes, expected: int) -> None:
    """tests/browser/playground/test_upright.py compares with Chromium itself."""
    assert read_orientation(block) == expected


@pytest.mark.parametrize(
    "block",
    [
        None,
        b"",
        b"II*\x00",
        exif_block(0),
        exif_block(9),
        exif_block(6)[:12],
        b"II*\x00\xff\xff\xff\xff",
        b"??*\x00" + exif_block(6)[4:],
        exif_block(6).replace(b"\x12\x01", b"\x13\x01"),
    ],
)
def test_broken_or_missing_orientation_means_as_stored(block: bytes | None) -> None:
    assert read_orientation(block) == 1
