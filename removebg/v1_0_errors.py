"""Every error in remove.bg's words: `{"errors": [{"title", "code", "detail"}]}`, all of it text.

Its statuses differ from ours, too: 403 for whatever is wrong with a key, 429 where we are busy, since clients of this
dialect save the body of a 5xx as if it were the picture.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from rest_framework import exceptions as drf

from accounts.errors import AuthenticationError, MissingApiKey, PermissionRefused
from billing.errors import FreeBudgetUsed, InsufficientCredits
from processing.api.removal_view import UnsupportedContentEncoding
from processing.api.throttling import RateLimitExceeded
from processing.api.v1_0_refusals import Refusal
from processing.matting import errors as matting
from processing.services import PictureNotFetched
from processing.slots import ServerBusy, TooManyAtOnce
from removebg.problems import Problem

BUSY_RETRY_AFTER_S = 5
TITLES = {
    "size": "Invalid value for parameter 'size'",
    "channels": "Invalid value for parameter 'channels'",
}
"""Where remove.bg words it otherwise than for its other parameters."""

_BY_CLASS: tuple[tuple[type[Exception], str, str], ...] = (
    (MissingApiKey, "auth_failed", "Missing API Key"),
    (AuthenticationError, "auth_failed", "API Key invalid"),
    (PermissionRefused, "auth_failed", "API Key not allowed"),
    (InsufficientCredits, "insufficient_credits", "Insufficient credits"),
    (RateLimitExceeded, "rate_limit_exceeded", "Rate limit exceeded"),
    (FreeBudgetUsed, "rate_limit_exceeded", "Rate limit exceeded"),
    (TooManyAtOnce, "rate_limit_exceeded", "Rate limit exceeded"),
    (ServerBusy, "server_busy", "Server busy"),
    (UnsupportedContentEncoding, UnsupportedContentEncoding.code, "Unsupported content encoding"),
    (matting.TooSlow, "server_busy", "Server busy"),
    (matting.UnknownFileType, "invalid_file_type", "Invalid file type"),
    (matting.NoDimensions, "invalid_dimensions", "Failed to read image dimensions"),
    (matting.UnreadableImage, "failed_to_read_image", "There was an error reading the image."),
    (matting.ResultTooLarge, "resolution_too_high", "Result resolution too high"),
    (matting.ImageTooLarge, "resolution_too_high", "Image resolution too high"),
    (matting.RegionOutside, "roi_exceeds_bounds", "ROI exceeds image bounds"),
    (matting.RegionEmpty, "roi_region_empty", "ROI region is empty"),
    (matting.NoSubject, "unknown_foreground", "Could not identify foreground in image."),
)
"""The first that an error is an instance of says its code and title; our own words become the detail."""


def reworded(problem: Problem, error: Exception) -> tuple[Problem, dict[str, Any]]:
    """Return the problem with the status that this dialect has for it, and the body."""
    status, retry_after_s = problem.status, problem.retry_after_s
    if status == 401:
        status = 403
    elif problem.code == "server_busy":
        status = 429
    if status == 429 and retry_after_s is None:
        retry_after_s = BUSY_RETRY_AFTER_S
    return replace(problem, status=status, retry_after_s=retry_after_s), {"errors": _errors_of(problem, error)}


def body_of(problem: Problem) -> dict[str, Any]:
    """Return the body of a problem that has no exception of ours behind it."""
    return {"errors": [{"title": problem.message, "code": problem.code}]}


def _errors_of(problem: Problem, error: Exception) -> list[dict[str, str]]:
    if isinstance(error, drf.ValidationError) and isinstance(error.detail, dict):
        return [_parameter(name, faults) for name, faults in error.detail.items()]
    if isinstance(error, Refusal):
        return [_row(error.public_text, error.removebg_code, error.detail)]
    if isinstance(error, PictureNotFetched):
        return [_not_fetched(error)]
    whose = "Background image: " if isinstance(error, matting.MattingError) and error.is_about_backdrop else ""
    if isinstance(error, matting.FileTooLarge) or _is_cut_upload(problem, error):
        limit_mb = settings.V1_0_MAX_IMAGE_BYTES / 1_000_000
        return [_row(f"{whose}File too large", "file_too_large", f"{whose}File exceeds limit of {limit_mb:g}MB")]
    for kind, code, title in _BY_CLASS:
        if isinstance(error, kind):
            return [_row(whose + title, code, whose + problem.message)]
    return [_row(problem.message, problem.code)]


def _is_cut_upload(problem: Problem, error: Exception) -> bool:
    """Tell the body that was over the cap from the picture that is."""
    return problem.code == "image_too_large" and not isinstance(error, matting.MattingError)


def _not_fetched(error: PictureNotFetched) -> dict[str, str]:
    is_backdrop = error.field == "bg_image_url"
    what, code = ("background image", "failed_bg_download") if is_backdrop else ("image", "failed_image_download")
    return _row(f"Failed to download {what} from given {error.field}", code, error.public_text)


def _parameter(name: str, faults: Any) -> dict[str, str]:
    words = next(iter(faults.values())) if isinstance(faults, Mapping) else faults
    first = words[0] if isinstance(words, list) and words else words
    return _row(TITLES.get(name, f"Invalid {name} parameter given"), f"invalid_{name}", f"{name} {first}")


def _row(title: str, code: str, detail: str | None = None) -> dict[str, str]:
    row = {"title": title, "code": code}
    return row if detail is None else {**row, "detail": detail}
