"""Whether a picture was sent from a page of ours: Django's check, for views that DRF exempts from it."""

from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.errors import ServiceError


class PageTooOld(ServiceError):
    """The form's token is missing or wrong."""

    code, status, is_our_fault = "permission_denied", 403, False

    def __init__(self) -> None:
        super().__init__(_("This page was open too long. Reload it and try again."))


def refuse_forged(request: Request) -> None:
    """Raise PageTooOld for a request that no page of ours has made; reads the body."""
    try:
        SessionAuthentication().enforce_csrf(request)
    except PermissionDenied:
        raise PageTooOld from None
