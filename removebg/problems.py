"""Any exception, anywhere, to what a caller is told of it; the dialects word it.

Programs are told in English, people in the language of the page, which is the one that is active.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.http.request import UnreadablePostError
from django.utils.translation import gettext, gettext_lazy
from psycopg_pool import PoolTimeout
from rest_framework import exceptions as drf

from accounts.errors import ServiceError
from processing.api.upload_gate import UploadNotAdmitted, UploadTooLarge
from processing.matting.errors import MattingError
from processing.matting.header import MIB
from processing.slots import ServerBusy

CODES = {
    400: "validation_error",
    401: "authentication_error",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    429: "rate_limit_exceeded",
    500: "internal_server_error",
    503: "service_unavailable",
}
OUR_FAULT = gettext_lazy("Something went wrong on our side. Nothing was charged; please try again.")
UNAVAILABLE = gettext_lazy("The service is not available for a moment. Nothing was charged; please try again shortly.")
TOO_MANY_PARTS = gettext_lazy(
    "The body has too many fields or files. Send one photo and the fields of the documentation."
)
UNREADABLE_BODY = gettext_lazy(
    "The request body could not be read. Send the fields and the photo as multipart/form-data."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a caller is told."""

    status: int
    code: str
    message: str
    details: Any = None
    retry_after_s: int | None = None


def problem_of(error: Exception) -> Problem:  # noqa: PLR0911, PLR0912 - one row for each kind of error
    """Return what to tell the caller about any exception; unknown ones are our fault."""
    match error:
        case ServiceError():
            return _told(error, details=error.details)
        case MattingError():
            return _told(error, details=None)  # the core's details are for the log
        case drf.ValidationError():
            return Problem(status=400, code=CODES[400], message=_first_fault(error.detail), details=error.detail)
        case drf.MethodNotAllowed():
            return Problem(status=405, code=CODES[405], message=str(error.detail))
        case Http404() | drf.NotFound():
            return Problem(status=404, code=CODES[404], message=gettext("There is nothing at this address."))
        case PermissionDenied() | drf.PermissionDenied():
            return Problem(status=403, code=CODES[403], message=gettext("You may not do this."))
        case UnreadablePostError() if isinstance(error.__cause__, UploadTooLarge):
            return Problem(status=400, code="image_too_large", message=_too_large_text())
        case UnreadablePostError() if isinstance(error.__cause__, UploadNotAdmitted):
            return problem_of(ServerBusy(retry_after_s=2))
        case UnreadablePostError():
            text = gettext("The upload broke off, or did not arrive within %(seconds)g seconds.")
            return Problem(status=400, code=CODES[400], message=text % {"seconds": settings.UPLOAD_DEADLINE_S})
        case RequestDataTooBig():
            text = gettext("The form fields beside the file are larger than %(limit)d bytes together.")
            return Problem(status=400, code=CODES[400], message=text % {"limit": settings.MAX_FORM_BYTES})
        case TooManyFieldsSent() | TooManyFilesSent():
            return Problem(status=400, code=CODES[400], message=str(TOO_MANY_PARTS))
        case SuspiciousOperation() | drf.ParseError() | drf.UnsupportedMediaType():
            return Problem(status=400, code=CODES[400], message=str(UNREADABLE_BODY))
        case OperationalError() | InterfaceError() | PoolTimeout():
            return Problem(status=503, code=CODES[503], message=str(UNAVAILABLE), retry_after_s=5)
        case _:
            return Problem(status=500, code=CODES[500], message=str(OUR_FAULT))


def _told(error: ServiceError | MattingError, *, details: Any) -> Problem:
    return Problem(
        status=error.status,
        code=error.code,
        message=gettext(error.words) % error.values if error.values else gettext(error.words),
        details=details,
        retry_after_s=error.retry_after_s,
    )


def _first_fault(detail: Any) -> str:
    """Return one sentence for people: the first field and what is wrong with it."""
    if isinstance(detail, dict) and detail:
        field, faults = next(iter(detail.items()))
        fault = faults[0] if isinstance(faults, list) and faults else faults
        return f"{field}: {fault}"
    return gettext("A field has a value that is not accepted.")


def _too_large_text() -> str:
    text = gettext("The upload is larger than %(limit)g MB, the most one image may have.")
    return text % {"limit": settings.MAX_IMAGE_BYTES / MIB}
