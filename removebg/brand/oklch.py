"""Colours as people see them, to what a screen shows: OKLCH to sRGB (B. Ottosson, 2020), and WCAG's contrast."""

import math
from typing import TypeAlias

Rgb: TypeAlias = tuple[float, float, float]  # linear light, 0..1
"""One colour in linear sRGB."""


def to_linear_rgb(lightness: float, chroma: float, hue: float) -> Rgb:
    """Return the colour, whose parts leave 0..1 where no screen shows it."""
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def is_shown(colour: Rgb) -> bool:
    """Tell whether a screen can show the colour."""
    return all(-1e-4 <= part <= 1 + 1e-4 for part in colour)


def to_hex(colour: Rgb) -> str:
    """Return the colour as it is written in stylesheets."""
    return "#" + "".join(f"{round(255 * _encoded(part)):02x}" for part in colour)


def from_hex(text: str) -> Rgb:
    """Return the colour of #rrggbb or #rgb."""
    digits = text.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    red, green, blue = (_decoded(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return red, green, blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Return WCAG's contrast of two colours, 1..21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (min(1.0, max(0.0, part)) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _encoded(part: float) -> float:
    part = min(1.0, max(0.0, part))
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _decoded(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
