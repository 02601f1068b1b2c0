"""The v1 form: its fields, their words, and their translation into the options of our own."""

from typing import Any, Literal, TypeAlias, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers
from rest_framework.request import Request

from accounts.errors import ServiceError
from processing.colours import NotAColour, parse_opaque_colour
from processing.matting.options import CutoutOptions

ImageFormat: TypeAlias = Literal["png", "jpg", "webp"]
Channels: TypeAlias = Literal["rgba", "rgb"]

LONGEST_SIDE_PX: dict[str, int | None] = {"full": None, "preview": 256, "small": 512, "medium": 1024, "large": 2048}
SWITCH_WORDS = {"false": False, "true": True, "0": False, "1": True}
WHITE = (255, 255, 255)
FILE_FIELDS = ("image_file", "file")


class MissingImage(ServiceError):
    """A call for a cutout without an image."""

    code, status, is_our_fault = "missing_image", 400, False
    public_text = (
        "No image was sent. Send the photo as the file part `image_file` of a multipart/form-data body, "
        'for example: curl -F "image_file=@photo.jpg".'
    )


class ColourField(serializers.CharField):
    """An opaque CSS colour, as three 8-bit numbers."""

    default_error_messages = {
        "invalid": "must be text.",
        "invalid_colour": "must be an opaque colour such as #fff, #ffffff, rgb(255, 255, 255) or a CSS colour name.",
    }

    def to_internal_value(self, data: Any) -> tuple[int, int, int]:  # type: ignore[override]
        """Return (red, green, blue), each 0..255."""
        try:
            return parse_opaque_colour(super().to_internal_value(data))
        except NotAColour:
            self.fail("invalid_colour")


class WordField(serializers.ChoiceField):
    """One of a few words; the refusal lists them all."""

    def __init__(self, words: tuple[str, ...], **kwargs: Any) -> None:
        message = f"must be one of: {', '.join(words)}."
        super().__init__(choices=words, error_messages={"invalid_choice": message}, **kwargs)


class ModelField(WordField):
    """One of the models that the operator allows, as the settings are when a form is made."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(tuple(settings.ALLOWED_MODELS), **kwargs)


class SwitchField(serializers.BooleanField):
    """true or false, or 1 or 0, in capitals or not; DRF alone would also take `t`, `yes` and `on`."""

    default_error_messages = {"invalid": "must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """Return what was meant."""
        meant = SWITCH_WORDS.get(str(data).lower())
        return self.fail("invalid") if meant is None else meant


class RemovalForm(serializers.Serializer[Any]):
    """The fields of POST /v1/remove beside the image; unknown fields are ignored, empty ones mean the default."""

    format = WordField(
        ("png", "jpg", "webp"),
        default="png",
        help_text="jpg has no transparency: the cutout is composited on bg_color.",
    )
    channels = WordField(("rgba", "rgb"), default="rgba", help_text="rgb is opaque, on bg_color.")
    bg_color: serializers.CharField = ColourField(
        default=WHITE,  # type: ignore[arg-type]  # the stubs know CharField, not what we make of it
        help_text="#fff, #ffffff, rgb(255, 255, 255) or a CSS name; for opaque output only.",
    )
    size = WordField(
        tuple(LONGEST_SIDE_PX),
        default="full",
        help_text="Longest side of the result at most: preview 256, small 512, medium 1024, large 2048 pixels. "
        "Never enlarged; applied after crop.",
    )
    crop: serializers.Field[Any, Any, Any, Any] = SwitchField(
        default=False, help_text="Cut the result to the subject's bounds."
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
        given = {name: data[name] for name in self.fields if name in data and data[name] != ""}
        return super().to_internal_value(given)

    def to_options(self) -> CutoutOptions:
        """Return what was asked, in the matting core's words."""
        asked = cast("dict[str, Any]", self.validated_data)
        return CutoutOptions(
            image_format=asked["format"],
            channels=asked["channels"],
            background=asked["bg_color"],
            max_side_px=LONGEST_SIDE_PX[asked["size"]],
            crop=asked["crop"],
            quality=asked["quality"],
        )

    @property
    def asked_model(self) -> str | None:
        """The model that was named, or None."""
        return cast("dict[str, Any]", self.validated_data).get("model")


def image_bytes_of(request: Request) -> bytes:
    """Return the uploaded file's bytes, `image_file` before `file`; raise MissingImage when there is none."""
    for name in FILE_FIELDS:
        upload = request.FILES.get(name)
        if isinstance(upload, UploadedFile):
            return bytes(upload.read())
    for name in FILE_FIELDS:
        if name in request.data:
            raise MissingImage(details={name: ["must be a file part with a file name, not text."]})
    raise MissingImage
