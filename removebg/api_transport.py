"""What holds for every request and answer of the API, whichever dialect: HTTPS only, and never cached."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.errors import ServiceError
from removebg.dialects import dialect_of
from removebg.errors import answer_of


class HttpsRequired(ServiceError):
    """An API call came over plain HTTP; a redirect would let clients go on sending their key unencrypted."""

    code, status, is_our_fault = "https_required", 403, False
    public_text = (
        "The API answers over HTTPS only. If this request carried an API key, the key was sent unencrypted: revoke it "
        "and create a new one."
    )


class ApiTransportMiddleware:
    """Refuses API calls over plain HTTP where HTTPS is required, and marks every API answer `no-store`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; pages pass untouched."""
        if dialect_of(request.path_info) is None:
            return self._get_response(request)
        is_refused = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        response = answer_of(request, HttpsRequired()) if is_refused else self._get_response(request)
        response["Cache-Control"] = "no-store"
        return response
