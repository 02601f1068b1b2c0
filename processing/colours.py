"""Colours as callers write them."""

import re

from tinycss2.color4 import parse_color

_BARE_HEX = re.compile(r"(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\Z")
_LONGEST = 80


class NotAColour(ValueError):
    """The text names no colour."""


def parse_colour(text: str) -> tuple[int, int, int, int]:
    """Return the 8-bit sRGB colour and alpha that CSS Color 4 text (or hex digits without #) names.

    Raises NotAColour for anything else.
    """
    if len(text) > _LONGEST:
        raise NotAColour("too long")
    text = text.strip()
    colour = parse_color("#" + text if _BARE_HEX.match(text) else text)
    if colour is None or isinstance(colour, str):
        raise NotAColour("not a colour")
    try:
        srgb = colour.to("srgb")
    except NotImplementedError:  # lab(), oklch() and the like, which tinycss2 parses but does not convert
        raise NotAColour("not a colour we can convert") from None
    red, green, blue = (_in_8_bits(channel or 0.0) for channel in srgb.coordinates)
    return red, green, blue, _in_8_bits(srgb.alpha or 0.0)


def parse_opaque_colour(text: str) -> tuple[int, int, int]:
    """Return the same without alpha; raise NotAColour where it is not fully opaque, too.

    Nothing lies beneath a background.
    """
    red, green, blue, alpha = parse_colour(text)
    if alpha != 255:
        raise NotAColour("not opaque")
    return red, green, blue


def _in_8_bits(channel: float) -> int:
    return round(255 * min(1.0, max(0.0, channel)))
