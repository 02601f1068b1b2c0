"""What is refused in remove.bg's own codes, where ours know no difference."""

from accounts.errors import ServiceError


class Refusal(ServiceError):
    """A refusal with remove.bg's code and title."""

    code, status, is_our_fault = "validation_error", 400, False

    def __init__(self, code: str, title: str, detail: str | None = None) -> None:
        self.removebg_code = code
        self.detail = detail
        super().__init__(title)


class BadPictureAddress(Refusal):
    """The text in an address field is none that can be asked."""

    def __init__(self, field: str) -> None:
        super().__init__(f"invalid_{field}", f"Invalid {field}: Please provide a valid URL.")


class InvalidBody(Refusal):
    """The body is no JSON object."""

    def __init__(self) -> None:
        super().__init__(
            "invalid_body", "Invalid request body", "The body must be a JSON object, or a form as the reference shows."
        )


def missing_source(*, has_text_for_file: bool = False) -> Refusal:
    """No picture was sent; text stands where its file belongs where the @ of curl was forgotten."""
    return Refusal(
        "missing_source",
        "No image given",
        "image_file holds text. Please send it as a file part with a file name."
        if has_text_for_file
        else "Please provide the source image in the image_url, image_file or image_file_b64 parameter.",
    )


def multiple_sources() -> Refusal:
    """More than one picture was sent."""
    return Refusal(
        "multiple_sources",
        "Multiple image sources given: Please provide either the image_url, image_file or image_file_b64 parameter.",
    )


def background_is_no_file() -> Refusal:
    """The background file was sent as text, as curl does where the @ is forgotten."""
    return Refusal(
        "invalid_bg_image_file",
        "Invalid bg_image_file: Please provide a file.",
        "The field holds text. Send the background as a file part, or its address as bg_image_url.",
    )


def multiple_bg_sources() -> Refusal:
    """More than one background was sent."""
    return Refusal(
        "multiple_bg_sources",
        "Multiple background sources given: Please provide either the bg_color, the bg_image_url or the bg_image_file "
        "parameter.",
    )


def multiple_shadow_params() -> Refusal:
    """A shadow was asked for in the old words and in the new ones."""
    return Refusal(
        "multiple_shadow_params",
        "Multiple shadow parameters given: Please provide either the add_shadow or the shadow_type parameter.",
    )
