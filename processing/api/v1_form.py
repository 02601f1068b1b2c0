"""The v1 form: its fields, their words, and their translation into the options of our own."""

import re
from typing import Any, cast

from django.conf import settings
from rest_framework import serializers

from processing.api.form_fields import (
    AnyField,
    OpaqueColourField,
    PhraseField,
    WordField,
    switch_of,
    without_empty,
)
from processing.api.lengths import NotALength, parse_share_or_fraction, parse_sides
from processing.matting.options import FULL_SIZE, NOTHING, Crop, CutoutOptions, Length, ResultSize

WHITE = (255, 255, 255, 255)
SIZES: dict[str, ResultSize] = {
    "full": FULL_SIZE,
    "preview": ResultSize(max_side_px=256),
    "small": ResultSize(max_side_px=512),
    "medium": ResultSize(max_side_px=1024),
    "large": ResultSize(max_side_px=2048),
    "hd": ResultSize(max_pixels=4_000_000),
}
"""What each size means in the vocabulary of pixels, which is the default."""

SIZES_IN_MEGAPIXELS = SIZES | {
    "preview": ResultSize(max_pixels=250_000),
    "medium": ResultSize(max_pixels=1_500_000),
}
"""What each means to organizations that chose the vocabulary of megapixels."""

SIZE_ALIASES = {"auto": "full", "4k": "full", "50MP": "full", "regular": "preview"}
MOST_PADDING = 1.0
LARGEST_SIDE_PX = 6000
_RATIO = re.compile(r"([1-9]\d{0,4}):([1-9]\d{0,4})", re.ASCII)


class ModelField(WordField):
    """One of the models that the operator allows, as the settings are when a form is made."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(tuple(settings.ALLOWED_MODELS), **kwargs)


class CropField(serializers.Field[Any, Any, Any, Any]):
    """A switch, or the proportions of the cropped result: False, True or (width, height)."""

    default_error_messages = {"invalid": "must be true, false or proportions such as 1:1 or 16:9."}

    def to_internal_value(self, data: Any) -> bool | tuple[int, int]:
        """Return what was meant."""
        meant = switch_of(data)
        if meant is not None:
            return meant
        found = _RATIO.fullmatch(str(data).strip())
        return (int(found[1]), int(found[2])) if found else self.fail("invalid")

    def to_representation(self, value: Any) -> Any:
        """Return the word for a default."""
        return value


class PaddingField(PhraseField):
    """Room around the cropped subject on each side: (across, down) as shares of its width and height."""

    told = "must be a share such as 10% or 0.1, at most 100%, or two as horizontal,vertical."

    def parse(self, text: str) -> tuple[float, float]:
        """Return the two shares."""
        shares = [parse_share_or_fraction(word) for word in text.split(",")]
        if len(shares) > 2 or max(shares) > MOST_PADDING:
            raise NotALength(text)
        return shares[0], shares[-1]


class CropMarginField(PhraseField):
    """remove.bg's name for padding, as CSS writes margins: (top, right, bottom, left); pixels count as 0."""

    told = "must be one to four margins such as 10%, at most 100%, separated by blanks."

    def parse(self, text: str) -> tuple[Length, ...]:
        """Return the four shares."""
        sides = parse_sides(text)
        if any(side.unit == "share" and side.value > MOST_PADDING for side in sides):
            raise NotALength(text)
        return tuple(side if side.unit == "share" else NOTHING for side in sides)


# As JavaScript writes a whole number, or one that it computed.
_DIGITS = re.compile(r"[0-9]{1,9}(\.0{1,9})?", re.ASCII)


class SideField(serializers.IntegerField):
    """A side of the result in pixels."""

    def __init__(self, **kwargs: Any) -> None:
        told = f"must be a whole number of pixels from 1 to {LARGEST_SIDE_PX}."
        messages: dict[str, Any] = dict.fromkeys(
            ("invalid", "min_value", "max_value", "max_string_length", "overflow"), told
        )
        super().__init__(min_value=1, max_value=LARGEST_SIDE_PX, error_messages=messages, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Return the number; Python alone would also take digits of other scripts, signs and underscores."""
        if isinstance(data, str) and not _DIGITS.fullmatch(data.strip()):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class RemovalForm(serializers.Serializer[Any]):
    """The fields of POST /v1/remove beside the image; unknown fields are ignored, empty ones mean the default."""

    format = WordField(
        ("png", "jpg", "webp"),
        aliases=("auto",),
        default="png",
        help_text="jpg has no transparency: the cutout is composited on bg_color. auto is png.",
    )
    channels = WordField(
        ("rgba", "rgb", "alpha"),
        default="rgba",
        help_text="rgb is opaque, on bg_color; alpha is the matte alone, in grey, white where the subject is.",
    )
    bg_color: serializers.CharField = OpaqueColourField(
        default=WHITE,  # type: ignore[arg-type]  # the stubs know CharField, not what we make of it
        help_text="#fff, #ffffff, rgb(255, 255, 255) or a CSS name; for opaque output only.",
    )
    size = WordField(
        tuple(SIZES),
        aliases=tuple(SIZE_ALIASES),
        default="full",
        help_text="Longest side of the result at most: preview 256, small 512, medium 1024, large 2048 pixels; hd: at "
        "most 4 megapixels. Never enlarged; applied after crop; ignored with width or height. auto, 4k and 50MP mean "
        "full, regular means preview. To organizations that chose megapixels, preview is .25 and medium 1.5 of them.",
    )
    crop: AnyField = CropField(
        default=False,
        help_text="Cut the result to the subject's bounds: true, or proportions such as 1:1 or 16:9, which leave room "
        "beside it.",
    )
    padding: AnyField = PaddingField(
        required=False,
        help_text="With crop: room on each side, as a share of the subject's width and height (10% or 0.1), or two as "
        "horizontal,vertical (10%,7.5%). At most 100%.",
    )
    crop_margin: AnyField = CropMarginField(
        required=False,
        help_text="remove.bg's name for padding: one to four margins as in CSS; percentages count, pixels do not.",
    )
    width: AnyField = SideField(required=False, help_text="Width of the result in pixels; alone, the height follows.")
    height: AnyField = SideField(required=False, help_text="Height of the result in pixels; alone, the width follows.")
    fit = WordField(
        ("contain", "cover", "scale-down"),
        default="contain",
        help_text="With width and height: contain leaves room at two sides, cover cuts two sides off around the "
        "subject, scale-down is contain that never enlarges.",
    )
    quality = WordField(
        ("fast", "standard", "best"),
        default="standard",
        help_text="fast: the network's own matte; standard: refined at the photo's own size; best: refined from two "
        "looks at the photo, about twice the time. All cost the same.",
    )
    model = ModelField(required=False, help_text="One of the models offered here; by default your organization's.")

    def to_internal_value(self, data: Any) -> Any:
        """Drop empty values, so that a script's unset variable means the default."""
        return super().to_internal_value(without_empty(self.fields, data))

    def to_options(self, sizes: dict[str, ResultSize] = SIZES) -> CutoutOptions:
        """Return what was asked, in the matting core's words; `sizes` is the caller's vocabulary."""
        asked = cast("dict[str, Any]", self.validated_data)
        is_opaque = asked["channels"] == "rgb" or asked["format"] == "jpg"
        return CutoutOptions(
            image_format="png" if asked["format"] == "auto" else asked["format"],
            channels=asked["channels"],
            background=asked["bg_color"] if is_opaque else None,
            crop=_crop_of(asked),
            size=_size_of(asked, sizes),
            quality=asked["quality"],
        )

    @property
    def asked_model(self) -> str | None:
        """The model that was named, or None."""
        return cast("dict[str, Any]", self.validated_data).get("model")


def _crop_of(asked: dict[str, Any]) -> Crop | None:
    if asked["crop"] is False:
        return None
    ratio = None if asked["crop"] is True else asked["crop"]
    if "padding" in asked:
        across, down = (Length(share, "share") for share in asked["padding"])
        return Crop(top=down, right=across, bottom=down, left=across, ratio=ratio)
    top, right, bottom, left = asked.get("crop_margin", (NOTHING,) * 4)
    return Crop(top=top, right=right, bottom=bottom, left=left, ratio=ratio)


def _size_of(asked: dict[str, Any], sizes: dict[str, ResultSize]) -> ResultSize:
    width, height = asked.get("width"), asked.get("height")
    if width is None and height is None:
        return sizes[SIZE_ALIASES.get(asked["size"], asked["size"])]
    return ResultSize(width=width, height=height, fit=asked["fit"])
