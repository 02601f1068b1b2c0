"""remove.bg's words for shadows, one for all subjects or one for each type of them."""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from processing.api.form_fields import is_empty
from processing.matting.options import Shadow, ShadowStyle

STYLE_OF_KIND: dict[str, ShadowStyle] = {"car": "car", "person": "3D", "transportation": "3D"}
"""What `auto` means; every other kind of subject gets a drop shadow."""

OTHER = "other"
KINDS = frozenset({"car", "product", "person", "animal", "graphic", "transportation"})
"""What a caller may say the subject is; nobody else says it, so without that it is `other`."""

STYLES: dict[str, ShadowStyle | None] = {"none": None, "car": "car", "3d": "3D", "drop": "drop"}
OPACITY, OPACITY_OF_CARS = 50, 90
_FOR_ALL = ""
_PERCENT = re.compile(r"\d{1,3}(?:\.\d{1,6})?", re.ASCII)


def per_kind(name: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is said under a name by kind of subject: `name` for all, `name[car]` for one, or JSON of the same."""
    said: dict[str, Any] = {}
    whole = data.get(name)
    if isinstance(whole, Mapping):
        said |= {str(kind).strip().lower(): value for kind, value in whole.items()}
    else:
        said[_FOR_ALL] = whole
    for key in data:
        if key.startswith(f"{name}[") and key.endswith("]"):
            said[key[len(name) + 1 : -1].strip().lower()] = data[key]
    return {kind: value for kind, value in said.items() if not is_empty(value)} or None


class _ByKindField(serializers.Field[Any, Any, Any, Any]):
    """What `per_kind` gathered, each word read by `read_word`."""

    def read_word(self, word: str) -> Any:
        """Return what one word means; raise KeyError or ValueError."""
        raise ValueError(word)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the meanings by kind."""
        try:
            return {kind: self.read_word(str(word).strip().lower()) for kind, word in data.items()}
        except (KeyError, ValueError):
            self.fail("invalid")

    def to_representation(self, value: Any) -> Any:
        """Return the value as it is."""
        return value


class ShadowTypeField(_ByKindField):
    """A style, None for no shadow, or "auto"."""

    default_error_messages = {"invalid": "must be one of: auto, car, 3D, drop, none."}

    def read_word(self, word: str) -> Any:
        """Return the style that is meant."""
        return word if word == "auto" else STYLES[word]


class ShadowOpacityField(_ByKindField):
    """0..1, or None for the usual one."""

    default_error_messages = {"invalid": "must be auto, or a number from 0 to 100."}

    def read_word(self, word: str) -> float | None:
        """Return the share that is meant."""
        if word == "auto":
            return None
        if not _PERCENT.fullmatch(word) or float(word) > 100:
            raise ValueError(word)
        return float(word) / 100


def shadow_of(asked: Mapping[str, Any]) -> Shadow | None:
    """Return the shadow of this subject, whose kind is what the caller says it is: nothing here tells kinds apart."""
    said = asked.get("type", "").lower()
    kind = said if said in KINDS else OTHER
    style = _style_of(said, kind, asked)
    if style is None:
        return None
    opacities = asked.get("shadow_opacity", {})
    opacity = opacities.get(kind, opacities.get(_FOR_ALL))
    if opacity is None:
        opacity = (OPACITY_OF_CARS if style == "car" else OPACITY) / 100
    return Shadow(style, opacity) if opacity else None


def _style_of(said: str, kind: str, asked: Mapping[str, Any]) -> ShadowStyle | None:
    if "shadow_type" not in asked:
        # The old word was for cars alone, which remove.bg found out by itself.
        return "car" if asked["add_shadow"] and said in ("", "auto", "car") else None
    styles = asked["shadow_type"]
    style: ShadowStyle | str | None = styles.get(kind, styles.get(_FOR_ALL))
    if style == "auto":
        return STYLE_OF_KIND.get(kind, "drop")
    return style  # type: ignore[return-value]  # one of STYLES' values by now
