import pytest

from processing.matting.exif import read_orientation
from tests.processing.matting.raw_files import exif_block


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_read_in_both_byte_orders(orientation: int, order: str) -> None:
    assert read_orientation(exif_block(orientation, order=order)) == orientation
    assert read_orientation(b"Exif\x00\x00" + exif_block(orientation, order=order)) == orientation


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
