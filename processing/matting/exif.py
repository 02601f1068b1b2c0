"""Reads the one EXIF field that changes the picture (CIPA DC-008, tag 0x0112)."""

import struct

PREFIX = b"Exif\x00"
_PREFIX_BYTES = 6  # browsers do not look at the last one
_ORIENTATION_TAG, _SHORT = 0x0112, 3
_BYTE_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
UPRIGHT = 1


def read_orientation(exif: bytes | None) -> int:
    """Return the orientation 1..8 that an EXIF block names; 1 (as stored) without a valid one.

    Only what Chromium honors in a JPEG counts: one SHORT from 1 to 8, in an entry that is whole.
    """
    if exif is None:
        return UPRIGHT
    try:
        return _orientation_in(exif[_PREFIX_BYTES:] if exif.startswith(PREFIX) else exif)
    except struct.error:
        return UPRIGHT


def _orientation_in(tiff: bytes) -> int:
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return UPRIGHT
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    (entries,) = struct.unpack_from(order + "H", tiff, directory)
    for index in range(entries):
        tag, kind, count, value = struct.unpack_from(order + "HHIHxx", tiff, directory + 2 + 12 * index)
        if (tag, kind, count) == (_ORIENTATION_TAG, _SHORT, 1) and 1 <= value <= 8:
            return int(value)
    return UPRIGHT
