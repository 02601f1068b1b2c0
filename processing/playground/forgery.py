"""Whether an upload was sent from a page of ours: Django's CSRF check, made before the body is read."""

from copy import copy
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.errors import ServiceError


class PageTooOld(ServiceError):
    """The page's token is missing or wrong."""

    code, status, is_our_fault = "permission_denied", 403, False

    def __init__(self) -> None:
        super().__init__(_("This page was open too long. Reload it and try again."))


def refuse_forged(request: Request) -> None:
    """Raise PageTooOld unless the X-CSRFToken header holds the page's token; never read the body."""
    # Django looks for the token in the body of a POST only.
    unread = copy(request)
    unread._request = copy(request._request)
    unread._request.method = "PUT"
    _check(unread)


def refuse_foreign_origin(request: Request) -> None:
    """Raise PageTooOld unless Origin, or else Referer, names this site; for forms, which send no header of ours.

    A browser sets both itself, and a page of another site cannot change them. The token inside the form is checked by
    `refuse_forged_form` once the body may be read.
    """
    if _origin_of(request._request) not in _own_origins(request._request):
        raise PageTooOld


def refuse_forged_form(request: Request) -> None:
    """Raise PageTooOld unless the form holds the page's token; read the body."""
    _check(request)


def _check(request: Request) -> None:
    try:
        SessionAuthentication().enforce_csrf(request)
    except PermissionDenied:
        raise PageTooOld from None


def _origin_of(request: HttpRequest) -> str:
    shown = request.headers.get("Origin")
    if shown is not None:
        return shown
    try:
        referer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    return f"{referer.scheme}://{referer.netloc}"


def _own_origins(request: HttpRequest) -> tuple[str, ...]:
    return (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)
