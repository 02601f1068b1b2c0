"""One hue to the accent of every page: as colourful as it can be while all that is written in it can be read."""

from dataclasses import dataclass
from functools import cache

from removebg.brand.oklch import Rgb, contrast, from_hex, is_shown, to_hex, to_linear_rgb

READABLE = 4.55
"""WCAG AA asks for 4.5; the rest is for rounding to a screen's steps."""

_STEP = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Accent:
    """The accent's four tokens in one colour scheme, as #rrggbb."""

    accent: str
    hover: str
    surface: str
    on_accent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scheme:
    """Where the search for one scheme's accent starts, and which grounds it is written on."""

    lightness: float
    hover_by: float
    chroma: float
    surface: tuple[float, float]
    on_accent: tuple[float, float]
    darkens: bool
    ground: tuple[float, float]
    """Of the neutral (lightness, chroma) that it is hardest to read on: --n2."""


_LIGHT = _Scheme(
    lightness=0.48,
    hover_by=-0.06,
    chroma=0.2,
    surface=(0.96, 0.02),
    on_accent=(1.0, 0.0),
    darkens=True,
    ground=(0.96, 0.006),
)
_DARK = _Scheme(
    lightness=0.76,
    hover_by=0.06,
    chroma=0.12,
    surface=(0.26, 0.05),
    on_accent=(0.18, 0.03),
    darkens=False,
    ground=(0.23, 0.014),
)
_NEUTRAL_HUE = 265.0


@cache
def accents_of(hue: float) -> tuple[Accent, Accent]:
    """Return the accent for the light and for the dark scheme."""
    return _accent(hue, _LIGHT), _accent(hue, _DARK)


def stylesheet_of(hue: float) -> str:
    """Return the rules that put the accent in place of the stylesheet's own."""
    light, dark = accents_of(hue)
    rules = [
        f"--{token}: light-dark({one}, {other});"
        for token, one, other in (
            ("accent", light.accent, dark.accent),
            ("accent-hover", light.hover, dark.hover),
            ("accent-surface", light.surface, dark.surface),
            ("on-accent", light.on_accent, dark.on_accent),
        )
    ]
    return ":root { " + " ".join(rules) + " }\n"


def _accent(hue: float, scheme: _Scheme) -> Accent:
    surface = _shown(*scheme.surface, hue)
    on_accent = _shown(*scheme.on_accent, hue)
    against = [surface, on_accent, _shown(*scheme.ground, _NEUTRAL_HUE)]
    lightness = scheme.lightness
    while not all(contrast(_shown(lightness, scheme.chroma, hue), other) >= READABLE for other in against):
        lightness += -_STEP if scheme.darkens else _STEP
    return Accent(
        accent=to_hex(_shown(lightness, scheme.chroma, hue)),
        hover=to_hex(_shown(lightness + scheme.hover_by, scheme.chroma, hue)),
        surface=to_hex(surface),
        on_accent=to_hex(on_accent),
    )


def _shown(lightness: float, chroma: float, hue: float) -> Rgb:
    """Return the most colourful shade of this lightness that a screen shows, rounded as it will be."""
    colour = to_linear_rgb(lightness, chroma, hue)
    while not is_shown(colour) and chroma > 0:
        chroma = max(0.0, chroma - _STEP)
        colour = to_linear_rgb(lightness, chroma, hue)
    return from_hex(to_hex(colour))
