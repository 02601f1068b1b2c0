"""The Content-Type of every request: its charset is refused unless it is a plain one, its media type is lower case."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse

from processing.api.charsets import UnsupportedCharset, check_header
from removebg.errors import answer_of

REFUSED_KEY = "removebg.charset_refused"
"""Set in the WSGI environ if a header named an unsupported charset; the header itself is emptied."""

_CHECKED = ("CONTENT_TYPE", "HTTP_ACCEPT")

Environ = dict[str, Any]
WsgiApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class ContentTypeMiddleware:
    """Refuses unsupported charsets before anything reads the body, and normalizes the media type."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 400 for an unsupported charset."""
        if request.META.get(REFUSED_KEY):
            return answer_of(request, UnsupportedCharset())
        content_type = request.META.get("CONTENT_TYPE", "")
        try:
            check_header(content_type)
        except UnsupportedCharset as error:
            return answer_of(request, error)
        media_type, semicolon, parameters = content_type.partition(";")
        request.META["CONTENT_TYPE"] = media_type.strip().lower() + semicolon + parameters
        return self._get_response(request)


def charsets_checked(application: WsgiApplication) -> WsgiApplication:
    """Return the WSGI application behind a check of its headers.

    Django looks codecs up while it creates the request, where no middleware runs yet: an unknown name would stay in
    Python's cache of codecs forever, or raise where nothing answers it.
    """

    def checked(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        for name in _CHECKED:
            try:
                check_header(environ.get(name, ""))
            except UnsupportedCharset:
                environ[name] = ""
                environ[REFUSED_KEY] = True
        return application(environ, start_response)

    return checked
