"""Base64 (RFC 4648, either alphabet) in steps: one call for a whole picture would keep all other threads waiting."""

import binascii
from collections.abc import Iterable, Iterator
from io import BytesIO

from processing.api.large_bodies import STEP_BYTES
from processing.matting.errors import FileTooLarge
from processing.matting.header import MIB

WHITE_SPACE = b" \t\r\n\f\v"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
"""From the alphabet of section 5, safe in URLs, to that of section 4."""

_KEPT_BACK = 5
"""Digits whose decoding waits for the next piece: they may be the last, and padding may follow."""


def decode_pieces(pieces: Iterable[bytes], *, max_bytes: float) -> BytesIO:
    """Return the bytes of digits without white space; missing padding is added, and more than needed is dropped.

    Raises FileTooLarge before decoding more than `max_bytes`, ValueError for what is not base64.
    """
    decoded, rest = BytesIO(), b""
    for piece in pieces:
        rest += piece
        n_padding = len(rest[-4:]) - len(rest[-4:].rstrip(b"="))
        if decoded.tell() + (len(rest) - n_padding) * 3 // 4 > max_bytes:
            raise FileTooLarge(f"The base64 text holds more than {max_bytes / MIB:g} MB, the most one image may have.")
        n_whole = max(0, (len(rest) - _KEPT_BACK) // 4 * 4)
        if b"=" in rest[:n_whole]:
            raise ValueError("padding before the end")
        decoded.write(binascii.a2b_base64(rest[:n_whole], strict_mode=True))
        rest = rest[n_whole:]
    n_digits = len(rest) - (len(rest[-4:]) - len(rest[-4:].rstrip(b"=")))
    if len(rest) % 4 or len(rest) - n_digits > 2:
        rest = rest[:n_digits] + b"=" * (-n_digits % 4)
    decoded.write(binascii.a2b_base64(rest, strict_mode=True))
    return decoded


def split_digits(text: str, *, blanks_are_plus_signs: bool) -> Iterator[bytes]:
    """Yield the text in the standard alphabet, without white space, but for blanks in a line that are plus signs.

    Raises ValueError for text that is not ASCII, and for more white space in a row than STEP_BYTES.
    """
    rest = ""
    for start in range(0, len(text), STEP_BYTES):
        piece, rest = rest + text[start : start + STEP_BYTES], ""
        if blanks_are_plus_signs:
            # The end of a run of white space says whether its blanks are plus signs.
            end = len(piece.rstrip()) if start + STEP_BYTES < len(text) else len(piece)
            piece, rest = piece[:end], piece[end:]
            if len(rest) > STEP_BYTES:
                raise ValueError("too much white space")
            first, *others = piece.replace("\r", "\n").split("\n")
            piece = first.rstrip(" \t") + "".join([line.strip(" \t") for line in others])
            piece = piece.replace(" ", "+")
        yield piece.encode("ascii").translate(_TO_STANDARD, WHITE_SPACE)
