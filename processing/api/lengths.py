"""Distances and shares as callers write them: `30px`, `10%`, `0.1`; both dialects read them here."""

import re

from processing.matting.options import NOTHING, Length

# More digits than any picture has pixels help nobody.
_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})"
_LENGTH = re.compile(_NUMBER + r"(px|%)", re.IGNORECASE | re.ASCII)
_ZERO = re.compile(r"0+(?:\.0+)?", re.ASCII)
_FRACTION = re.compile(_NUMBER, re.ASCII)


class NotALength(ValueError):
    """The text is no distance of the kind that was asked for."""


def parse_length(text: str) -> Length:
    """Return `30px` or `10%`; a zero needs no unit. Raise NotALength."""
    text = text.strip()
    if _ZERO.fullmatch(text):
        return NOTHING
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise NotALength(text)
    number = float(found[1])
    return Length(number, "px") if found[2].lower() == "px" else Length(number / 100, "share")


def parse_share(text: str) -> float:
    """Return `10%` as 0.1. Raise NotALength for anything but a percentage."""
    length = parse_length(text)
    if length.unit != "share" and length.value:
        raise NotALength(text)
    return length.value


def parse_share_or_fraction(text: str) -> float:
    """Return `10%` and `0.1` as 0.1. Raise NotALength."""
    found = _FRACTION.fullmatch(text.strip())
    return float(found[1]) if found else parse_share(text)


def parse_sides(text: str) -> tuple[Length, Length, Length, Length]:
    """Return (top, right, bottom, left) of one to four lengths, as CSS reads a margin. Raise NotALength."""
    lengths = [parse_length(word) for word in text.split()]
    match lengths:
        case [every]:
            return every, every, every, every
        case [vertical, horizontal]:
            return vertical, horizontal, vertical, horizontal
        case [top, horizontal, bottom]:
            return top, horizontal, bottom, horizontal
        case [top, right, bottom, left]:
            return top, right, bottom, left
    raise NotALength(text)
