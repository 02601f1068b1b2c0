"""What stands between a socket and the site's forms, Stripe's events among them: bodies are small, and soon there.

Pictures have a gate of their own (`processing.api.upload_gate`).
"""

import io
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from processing.api.upload_gate import (
    Environ,
    StartResponse,
    UploadCut,
    UploadStream,
    WsgiApplication,
    receiving_ends,
    stop_receiving,
)

BUSY = b"Too many forms are on their way at once; try again in a moment.\n"
RETRY_AFTER_S = 5

_STEP_BYTES = 64 * 1024


class CutBody:
    """A body that did not arrive whole: who reads it is told so."""

    def read(self, size: int = -1) -> bytes:
        """Raise UploadCut."""
        raise UploadCut("the body did not arrive whole, or not in time")

    readline = read


class FormGate:
    """WSGI middleware that reads a form's body whole before the site sees the request.

    At most `places` bodies are waited for at once, each for `deadline_s`; one more is told at once to come again. So
    whoever sends slowly keeps the threads of nobody else. A place is held while the body comes and no longer: honest
    bodies come with their head. What is announced as larger than `max_bytes` is let through unread, to be refused.
    """

    def __init__(
        self,
        application: WsgiApplication,
        *,
        is_form: Callable[[str], bool],
        places: int,
        deadline_s: float,
        max_bytes: int,
    ) -> None:
        self._application = application
        self._is_form = is_form
        self._places = threading.BoundedSemaphore(places)
        self._deadline_s = deadline_s
        self._max_bytes = max_bytes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, with its body in hand where it is a form."""
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        length = environ.get("CONTENT_LENGTH") or "0"
        is_small = is_chunked or (length.isascii() and length.isdigit() and 0 < int(length) <= self._max_bytes)
        if not is_small or not self._is_form(environ.get("PATH_INFO", "")):
            return self._application(environ, start_response)
        return self._answer_form(environ, start_response, length=None if is_chunked else int(length))

    def _answer_form(self, environ: Environ, start_response: StartResponse, *, length: int | None) -> Iterator[bytes]:
        connection = environ.get("gunicorn.socket")
        if not self._places.acquire(blocking=False):
            _forget_what_has_come(connection)
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
            self._places.release()
        response = self._application(environ, start_response)
        try:
            yield from response
        finally:
            if hasattr(response, "close"):
                response.close()
            if not body.is_finished:
                _forget_what_has_come(connection)


def _forget_what_has_come(connection: socket.socket | None) -> None:
    """Take what has arrived, so that closing does not reset the connection, and wait for no more."""
    if connection is None:
        return
    with suppress(OSError):
        while connection.recv(_STEP_BYTES, socket.MSG_DONTWAIT):
            pass
    stop_receiving(connection)
