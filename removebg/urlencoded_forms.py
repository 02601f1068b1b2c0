"""The size of urlencoded forms on pages, counted in what parsing makes of them."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

from processing.api.urlencoded_body import LONG_BYTES, MOST_ESCAPES
from removebg.dialects import dialect_of
from removebg.errors import answer_of

URLENCODED = "application/x-www-form-urlencoded"


class UrlencodedFormsMiddleware:
    """Refuses urlencoded forms of pages that are large or have too many percent signs; pictures come as multipart.

    The standard library makes two objects of every percent sign. The API has a parser of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the form's body read first."""
        if request.method == "POST" and request.content_type == URLENCODED and not dialect_of(request.path_info):
            try:
                check_form(request)
            except (RequestDataTooBig, UnreadablePostError) as error:
                return answer_of(request, error)
        return self._get_response(request)


def check_form(request: HttpRequest) -> None:
    """Raise RequestDataTooBig for a form over MAX_FORM_BYTES or MOST_ESCAPES."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    n_bytes = int(length) if length.isascii() and length.isdigit() else 0
    if n_bytes > settings.MAX_FORM_BYTES:
        raise RequestDataTooBig
    if n_bytes > LONG_BYTES and request.body.count(b"%") > MOST_ESCAPES:
        raise RequestDataTooBig
