"""What can go wrong in the core: each error knows its code, its status, its words for the caller, whose fault it is.

The shape is that of `accounts.errors.ServiceError`; the core imports nothing of ours, so it is written out here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


def _(text: str) -> str:
    """Mark words that pages translate where they show them; the core itself speaks English."""
    return text


translatable = _


class MattingError(Exception):
    """A picture could not be turned into a cutout; `public_text` says to the caller what to do."""

    code = "internal_server_error"
    status = 500
    is_our_fault = True
    public_text = _("The image could not be processed. Please try again.")
    retry_after_s: int | None = None
    is_about_backdrop = False

    def __init__(
        self, public_text: str | None = None, *, values: Mapping[str, Any] | None = None, details: str | None = None
    ) -> None:
        """`values` go into the text, which pages translate before: `%(name)s`."""
        self.words = self.public_text if public_text is None else public_text
        self.values = values or {}
        self.public_text = self.words % self.values if self.values else self.words
        self.details = details
        super().__init__(self.public_text)


@contextmanager
def about_the_backdrop() -> Iterator[None]:
    """Mark what is raised in the block as a fault of the background picture, not of the photo."""
    try:
        yield
    except MattingError as error:
        error.is_about_backdrop = True
        raise


class Preempted(MattingError):
    """A run of the network ended early because a run that goes first wanted the network; run it again."""


class UnreadableImage(MattingError):
    """The file is no picture that we can read: another format, damaged, cut off, or made to waste time."""

    code, status, is_our_fault = "validation_error", 400, False
    public_text = _("The file could not be read as an image. Try saving it again as PNG or JPEG.")


class UnknownFileType(UnreadableImage):
    """The file is of another kind, or of none that we know."""


class NoDimensions(UnreadableImage):
    """The file's header gives the picture no width or no height."""


class ImageTooLarge(MattingError):
    """The file or its picture is over a limit, or the result would be over one of its format."""

    code, status, is_our_fault = "image_too_large", 400, False
    public_text = _("The image is too large. Make it smaller and send it again.")


class FileTooLarge(ImageTooLarge):
    """The file has too many bytes."""


class ResultTooLarge(ImageTooLarge):
    """What was asked for would be larger than any picture that is delivered."""


class RegionOutside(MattingError):
    """The region of interest reaches beyond the photo."""

    code, status, is_our_fault = "validation_error", 400, False
    public_text = _("The region of interest reaches beyond the image.")


class RegionEmpty(MattingError):
    """The region of interest holds no pixel."""

    code, status, is_our_fault = "validation_error", 400, False
    public_text = _("The region of interest is empty: its second corner must lie below and to the right of its first.")


class NoSubject(MattingError):
    """Nothing in the photo stands out as its subject."""

    code, status, is_our_fault = "validation_error", 400, False
    public_text = _(
        "No subject was found in the image. Try a photo in which it stands out more, or a part of this one."
    )


class TooSlow(MattingError):
    """The work would be done too late for the caller, who stops listening."""

    code, status, is_our_fault = "server_busy", 503, False
    public_text = _("The server could not finish the image in time. Nothing was charged; please try again shortly.")
    retry_after_s = 5


class ModelUnusable(MattingError):
    """The weights are no network that we can run; nothing in the caller's picture caused it."""

    code, status, is_our_fault = "service_unavailable", 503, True
    public_text = _("The service cannot process images at the moment. Nothing was charged; please try again later.")
    retry_after_s = 60
