"""What stands between a socket and Django: deadlines, caps and a polite end for uploads (WSGI, PEP 3333)."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApplication = Callable[[Environ, StartResponse], Iterable[bytes]]

REFUSED_KEY = "removebg.upload_refused"
"""Set in the WSGI environ when too many uploads are under way; the API then answers that it is busy."""

STALLED_S = 2.0
"""A refused caller who sends nothing for so long is waited for no more."""

_STEP_BYTES = 64 * 1024


class UploadCut(OSError):
    """The body ended early: the caller left, or the deadline for sending it passed."""


class UploadTooLarge(OSError):
    """A chunked body, which announces no length, went over the cap."""


class UploadStream:
    """A request body that knows how much is still to come.

    Chunked bodies carry no length, and Django reads only what Content-Length promises: they are given the cap as their
    length, and reaching it raises UploadTooLarge.
    """

    def __init__(self, raw: Any, *, length: int | None, max_chunked_bytes: int) -> None:
        self._raw = raw
        self._length = length
        self._left = max_chunked_bytes if length is None else length
        self.is_finished = self._left == 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes (all for -1); raise UploadCut when a promised byte does not come."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        return self._account(self._take(self._raw.read, wanted), wanted) if wanted else b""

    def readline(self, size: int = -1) -> bytes:
        """Return one line of up to `size` bytes."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        line = self._take(self._raw.readline, wanted) if wanted else b""
        return self._account(line, len(line) or wanted)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def drain(self, *, max_bytes: int, deadline_s: float) -> None:
        """Read and forget what is still to come, within the cap and the deadline."""
        ends = time.monotonic() + deadline_s
        while not self.is_finished and max_bytes > 0 and time.monotonic() < ends:
            step = min(_STEP_BYTES, max_bytes)
            data = self._take(self._raw.read, step if self._length is None else min(step, self._left))
            if not data:
                self.is_finished = True
            max_bytes -= len(data)
            if self._length is not None:
                self._left -= len(data)
                self.is_finished = self._left <= 0

    def _take(self, read: Callable[[int], bytes], size: int) -> bytes:
        """Read from the server, whose own errors about malformed chunks are faults of the caller."""
        try:
            return read(size)
        except OSError:
            raise
        except Exception as error:
            self.is_finished = True
            raise UploadCut(f"the body is malformed: {error}") from error

    def _account(self, data: bytes, wanted: int) -> bytes:
        self._left -= len(data)
        if self._length is None:
            if self._left <= 0:
                raise UploadTooLarge("the body is larger than any accepted one")
            self.is_finished = len(data) < wanted
            return data
        if len(data) < wanted:
            self.is_finished = True
            raise UploadCut(f"the body ended {self._left} bytes early")
        self.is_finished = self._left == 0
        return data


class UploadGate:
    """WSGI middleware around the whole site; requests without a body pass untouched.

    At most `places` requests with a body are inside at once; one more is marked refused, so that the API says busy in
    its own words while threads for health checks stay free. A body must arrive within `deadline_s`: the receiving half
    of the socket is then shut, which ends any read. What a refused caller is still sending is read and dropped after
    the answer, up to `max_drain_bytes`, `drain_deadline_s` and STALLED_S of silence; closing earlier would reset the
    connection, and most clients would then report a broken pipe instead of the status they were given. The place is
    given back before that, and only `drains` are drained at once: whoever sends slowly, with or without a key, keeps
    nobody else out. The receiving half of the others is shut at once, so that the server does not wait for them either.
    """

    def __init__(
        self,
        application: WsgiApplication,
        *,
        places: int,
        drains: int,
        deadline_s: float,
        max_chunked_bytes: int,
        max_drain_bytes: int,
        drain_deadline_s: float,
    ) -> None:
        self._application = application
        self._places = threading.BoundedSemaphore(places)
        self._drains = threading.Semaphore(drains)
        self._deadline_s = deadline_s
        self._max_chunked_bytes = max_chunked_bytes
        self._max_drain_bytes = max_drain_bytes
        self._drain_deadline_s = drain_deadline_s

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, with a watch on its body."""
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        length = _content_length(environ)
        if not is_chunked and not length:
            return self._application(environ, start_response)
        return self._answer_with_body(environ, start_response, length=None if is_chunked else length)

    def _answer_with_body(
        self, environ: Environ, start_response: StartResponse, *, length: int | None
    ) -> Iterator[bytes]:
        body = UploadStream(environ["wsgi.input"], length=length, max_chunked_bytes=self._max_chunked_bytes)
        environ["wsgi.input"] = body
        if length is None:
            environ["CONTENT_LENGTH"] = str(self._max_chunked_bytes)
        has_place = self._places.acquire(blocking=False)
        environ[REFUSED_KEY] = not has_place
        connection = environ.get("gunicorn.socket")
        try:
            with receiving_ends(connection, after_s=self._deadline_s):
                response = self._application(environ, start_response)
                try:
                    yield from response
                finally:
                    if hasattr(response, "close"):
                        response.close()
        finally:
            if has_place:
                self._places.release()
        if not body.is_finished:
            self._drain(body, connection)

    def _drain(self, body: UploadStream, connection: socket.socket | None) -> None:
        """Read the rest if one of the few drains is free; afterwards nothing more is waited for."""
        if self._drains.acquire(blocking=False):
            try:
                with suppress(OSError), receiving_ends(connection, after_s=self._drain_deadline_s):
                    if connection is not None:
                        connection.settimeout(STALLED_S)
                    body.drain(max_bytes=self._max_drain_bytes, deadline_s=self._drain_deadline_s)
            finally:
                self._drains.release()
        if connection is not None:
            with suppress(OSError):
                connection.settimeout(None)
            if not body.is_finished:
                stop_receiving(connection)


def _content_length(environ: Environ) -> int:
    try:
        return max(0, int(environ.get("CONTENT_LENGTH") or 0))
    except ValueError:
        return 0


@contextmanager
def receiving_ends(connection: socket.socket | None, *, after_s: float) -> Iterator[None]:
    """Shut the receiving half of the connection if the block has not ended in time: a blocked read then returns."""
    if connection is None:
        yield
        return
    timer = threading.Timer(after_s, stop_receiving, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def stop_receiving(connection: socket.socket) -> None:
    """Wait for nothing more from the caller; what we answer still goes out."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
