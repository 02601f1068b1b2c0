"""The v1.0 form: remove.bg's fields, their words, and their translation into the options of our own."""

from collections.abc import Mapping
from typing import Any, cast

from rest_framework import serializers

from processing.api.form_fields import (
    AnyField,
    AnyTextField,
    ColourField,
    PhraseField,
    SwitchField,
    WordField,
    without_empty,
)
from processing.api.lengths import NotALength, parse_length, parse_share, parse_sides
from processing.api.v1_0_shadows import ShadowOpacityField, ShadowTypeField, per_kind, shadow_of
from processing.matting.options import Crop, CutoutOptions, Length, Region, ResultSize

PREVIEW = ResultSize(max_pixels=250_000)
FULL = ResultSize(max_pixels=25_000_000, max_png_pixels=10_000_000)
SIZES: dict[str, ResultSize] = {
    "preview": PREVIEW,
    "full": FULL,
    "auto": FULL,
    "50MP": ResultSize(max_pixels=50_000_000, max_png_pixels=10_000_000),
    "small": PREVIEW,
    "regular": PREVIEW,
    "medium": ResultSize(max_pixels=1_500_000),
    "hd": ResultSize(max_pixels=4_000_000),
    "4k": FULL,
}
"""Every size that remove.bg ever documented, with its cap."""

MOST_MARGIN = {"px": 500.0, "share": 0.5}
LEAST_SCALE = 0.1
CENTRE = (0.5, 0.5)


class RegionField(PhraseField):
    """Two corners, `x1 y1 x2 y2`, each in pixels or per cent of the image's width or height."""

    told = "must be four lengths x1 y1 x2 y2 such as 0% 0% 100% 100% or 10px 10px 90px 90px."

    def parse(self, text: str) -> Region:
        """Return the region; whether it lies within the image is seen later."""
        left, top, right, bottom = (parse_length(word) for word in text.split())
        return Region(left, top, right, bottom)


class CropMarginField(PhraseField):
    """One, two or four margins: (top, right, bottom, left), none wider than MOST_MARGIN."""

    told = "must be one, two or four margins such as 30px or 10%."

    def parse(self, text: str) -> tuple[Length, ...]:
        """Return the four margins."""
        if len(text.split()) == 3:
            raise NotALength(text)
        return tuple(Length(min(side.value, MOST_MARGIN[side.unit]), side.unit) for side in parse_sides(text))


class ScaleField(PhraseField):
    """How large the subject is in the result: None as it is, or 0.1..1."""

    told = "must be original, or a value from 10% to 100%."

    def parse(self, text: str) -> float | None:
        """Return the share."""
        if text.strip().lower() == "original":
            return None
        share = parse_share(text)
        if not LEAST_SCALE <= share <= 1:
            raise NotALength(text)
        return share


class PositionField(PhraseField):
    """Where the subject stands: None as it is, or (across, down), 0..1 each."""

    told = "must be original, center, or one or two values from 0% to 100%."

    def parse(self, text: str) -> tuple[float, float] | None:
        """Return the two shares."""
        match text.lower().split():
            case ["original"]:
                return None
            case ["center"]:
                return CENTRE
        shares = [parse_share(word) for word in text.split()]
        if len(shares) not in (1, 2) or max(shares) > 1:
            raise NotALength(text)
        return shares[0], shares[-1]


class RemovebgForm(serializers.Serializer[Any]):
    """The fields of POST /v1.0/removebg beside pictures; unknown ones are ignored, empty ones mean the default."""

    size = WordField(
        tuple(SIZES),
        default="preview",
        help_text="Megapixels of the result at most: preview (also small, regular) .25, medium 1.5, hd 4, full (also "
        "auto, 4k) 25, 50MP 50; a PNG 10 at most. Never enlarged. Every size costs one credit.",
    )
    type: AnyField = AnyTextField(
        required=False, help_text="Accepted; decides the shadow where shadows are asked for by type."
    )
    type_level: AnyField = AnyTextField(required=False, help_text="Accepted; none leaves the header X-Type out.")
    format = WordField(
        ("auto", "png", "jpg", "webp", "zip"),
        default="auto",
        help_text="auto: png where the result has transparent pixels, else jpg. zip: color.jpg and alpha.png.",
    )
    roi: AnyField = RegionField(
        required=False, help_text="x1 y1 x2 y2, each in px or %: only what lies within can be the subject."
    )
    crop: AnyField = SwitchField(default=False, help_text="Cut the result to the subject's bounds.")
    crop_margin: AnyField = CropMarginField(
        required=False,
        help_text="With crop: one, two or four margins in px (at most 500) or % of the subject (at most 50%).",
    )
    scale: AnyField = ScaleField(
        required=False, help_text="10% to 100%: the subject's share of the result; or original."
    )
    position: AnyField = PositionField(
        required=False, help_text="original, center, or 0% to 100%, once or for across and down; center with scale."
    )
    channels = WordField(("rgba", "alpha"), default="rgba", help_text="alpha is the matte alone, in grey.")
    add_shadow: AnyField = SwitchField(
        default=False, help_text="An older word for shadow_type=car; not together with it."
    )
    shadow_type: AnyField = ShadowTypeField(
        required=False, help_text="none, auto, car, 3D or drop; also for one type, as shadow_type[car]=car."
    )
    shadow_opacity: AnyField = ShadowOpacityField(
        required=False, help_text="0 to 100, or auto (car 90, others 50); also as shadow_opacity[car]=90."
    )
    semitransparency: AnyField = SwitchField(
        default=True, help_text="Accepted; windows are cut out as everything else is."
    )
    bg_color: serializers.CharField = ColourField(
        required=False, help_text="3, 4, 6 or 8 hex digits with or without #, or a CSS colour; may be see-through."
    )

    def to_internal_value(self, data: Any) -> Any:
        """Gather what is said for single types of subject, and drop empty values."""
        gathered = {name: per_kind(name, data) for name in ("shadow_type", "shadow_opacity")}
        return super().to_internal_value(without_empty(self.fields, {**_plain(data), **gathered}))

    @property
    def leaves_type_out(self) -> bool:
        """Whether the answer is to have no X-Type."""
        return bool(cast("dict[str, Any]", self.validated_data).get("type_level", "").lower() == "none")

    @property
    def has_background_colour(self) -> bool:
        """Whether a colour was named."""
        return "bg_color" in cast("dict[str, Any]", self.validated_data)

    @property
    def has_two_shadows(self) -> bool:
        """Whether both the old and the new word for a shadow were used."""
        asked = cast("dict[str, Any]", self.validated_data)
        return bool(asked["add_shadow"] and "shadow_type" in asked)

    def to_options(self) -> CutoutOptions:
        """Return what was asked, in the matting core's words."""
        asked = cast("dict[str, Any]", self.validated_data)
        scale, position = asked.get("scale"), asked.get("position")
        if scale is not None and "position" not in asked:
            position = CENTRE
        return CutoutOptions(
            image_format=asked["format"],
            channels=asked["channels"],
            background=asked.get("bg_color"),
            region=asked.get("roi"),
            crop=_crop_of(asked),
            scale=scale,
            position=position,
            size=SIZES[asked["size"]],
            shadow=shadow_of(asked),
            needs_subject=True,
        )


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in data}


def _crop_of(asked: dict[str, Any]) -> Crop | None:
    if not asked["crop"]:
        return None
    if "crop_margin" not in asked:
        return Crop()
    top, right, bottom, left = asked["crop_margin"]
    return Crop(top=top, right=right, bottom=bottom, left=left)
