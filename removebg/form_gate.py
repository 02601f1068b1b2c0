"""What stands between a socket and the site's forms, Stripe's events among them: bodies are small, and soon there.

Pictures have a gate of their own (`processing.api.upload_gate`).
"""

import io
from collections.abc import Callable, Iterable, Iterator

from processing.api.places import Places
from processing.api.upload_gate import (
    Environ,
    StartResponse,
    UploadCut,
    UploadStream,
    WsgiApplication,
    drop_what_has_come,
    receiving_ends,
)

BUSY = b"Too many forms are on their way at once; try again in a moment.\n"
RETRY_AFTER_S = 5


class CutBody:
    """A body that did not arrive whole: who reads it is told so."""

    def read(self, size: int = -1) -> bytes:
        """Raise UploadCut."""
        raise UploadCut("the body did not arrive whole, or not in time")

    readline = read


class FormGate:
    """WSGI middleware that reads a form's body whole before the site sees the request.

    `places_of` names the places of a form's kind, None for a path that takes pictures. A place is held while the body
    comes, for at most `deadline_s`; a form without a place is answered 503 at once. Log-in, other forms and Stripe's
    events have places of their own, and one address has few of each, so slow senders stop only themselves. What is
    announced as larger than `max_bytes` goes to `larger` unread, as pictures do.
    """

    def __init__(
        self,
        application: WsgiApplication,
        *,
        larger: WsgiApplication,
        places_of: Callable[[str], Places | None],
        address_of: Callable[[Environ], str],
        deadline_s: float,
        max_bytes: int,
    ) -> None:
        self._application = application
        self._larger = larger
        self._places_of = places_of
        self._address_of = address_of
        self._deadline_s = deadline_s
        self._max_bytes = max_bytes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, with its body in hand where it is a form."""
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        length = environ.get("CONTENT_LENGTH") or "0"
        is_small = is_chunked or (length.isascii() and length.isdigit() and 0 < int(length) <= self._max_bytes)
        places = self._places_of(environ.get("PATH_INFO", "")) if is_small else None
        if places is None:
            return self._larger(environ, start_response)
        return self._answer_form(environ, start_response, places, length=None if is_chunked else int(length))

    def _answer_form(
        self, environ: Environ, start_response: StartResponse, places: Places, *, length: int | None
    ) -> Iterator[bytes]:
        connection = environ.get("gunicorn.socket")
        address = self._address_of(environ)
        if not places.take(address):
            drop_what_has_come(connection)
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Retry-After", str(RETRY_AFTER_S))]
            start_response("503 Service Unavailable", [*headers, ("Content-Length", str(len(BUSY)))])
            yield BUSY
            return
        body = UploadStream(environ["wsgi.input"], length=length, max_chunked_bytes=self._max_bytes + 2)
        try:
            with receiving_ends(connection, after_s=self._deadline_s):
                data = body.read(self._max_bytes + 1)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(data), str(len(data))
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        except OSError:
            environ["wsgi.input"] = CutBody()
        finally:
            places.give_back(address)
        response = self._application(environ, start_response)
        try:
            yield from response
        finally:
            if hasattr(response, "close"):
                response.close()
            if not body.is_finished:
                drop_what_has_come(connection)
