"""What stands between a socket and Django: deadlines, caps and a polite end for uploads (WSGI, PEP 3333)."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from processing.api.places import Places

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApplication = Callable[[Environ, StartResponse], Iterable[bytes]]

PLACE_KEY = "removebg.upload_place"
"""Where the WSGI environ holds the request's UploadPlace."""

STALLED_S = 2.0
"""A refused caller who sends nothing for so long is waited for no more."""

_STEP_BYTES = 64 * 1024
_MAX_DROPPED_BYTES = 8 * 1024 * 1024


class UploadCut(OSError):
    """The body ended early: the caller left, or the deadline for sending it passed."""


class UploadTooLarge(OSError):
    """A chunked body, which announces no length, went over the cap."""


class UploadNotAdmitted(OSError):
    """The body was asked for before the request had a place."""


class UploadPlace:
    """The place of one request among those of its kind.

    A view takes it after it knows who calls and before it reads the body, so that callers who are refused unread hold
    no place. Where no owner is named, the place is the address's.
    """

    def __init__(self, places: Places | None, *, address: str) -> None:
        self._places = places
        self._owner = address
        self.is_taken = False

    def take(self, owner: str | None) -> bool:
        """Take the place unless the request has it already; return whether it has one."""
        if not self.is_taken and self._places is not None:
            self._owner = owner or self._owner
            self.is_taken = self._places.take(self._owner)
        return self.is_taken

    def give_back(self) -> None:
        """Return the place if the request has one."""
        if self.is_taken and self._places is not None:
            self.is_taken = False
            self._places.give_back(self._owner)


def take_place(environ: Environ, *, owner: str | None = None) -> bool:
    """Take a place for the request's body; return False where all places are taken.

    Without a gate in front, as in a test client, every request has a place.
    """
    place: UploadPlace | None = environ.get(PLACE_KEY)
    return place is None or place.take(owner)


class UploadStream:
    """A request body that knows how much is still to come.

    Chunked bodies carry no length, and Django reads only what Content-Length promises: they are given the cap as their
    length, and reaching it raises UploadTooLarge. With a `place`, reading before it is taken raises UploadNotAdmitted.
    """

    def __init__(
        self, raw: Any, *, length: int | None, max_chunked_bytes: int, place: UploadPlace | None = None
    ) -> None:
        self._raw = raw
        self._place = place
        self._length = length
        self._left = max_chunked_bytes if length is None else length
        self.is_finished = self._left == 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes (all for -1); raise UploadCut when a promised byte does not come."""
        self._require_place()
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        return self._account(self._take(self._raw.read, wanted), wanted) if wanted else b""

    def readline(self, size: int = -1) -> bytes:
        """Return one line of up to `size` bytes."""
        self._require_place()
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

    def _require_place(self) -> None:
        if self._place is not None and not self._place.is_taken:
            raise UploadNotAdmitted("the body was asked for before the request had a place")

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

    `places_of` names the places of a path's kind of caller, None for a path that takes no pictures. The view takes the
    request's place (`take_place`) before it reads the body, and answers that it is busy where there is none; the place
    is held until the answer is made. A body must arrive within `deadline_s`: the receiving half of the socket is then
    shut, which ends any read. What a refused caller is still sending is read and dropped after the answer, up to
    `max_drain_bytes`, `drain_deadline_s` and STALLED_S of silence; closing earlier would reset the connection, and most
    clients would then report a broken pipe instead of the status they were given. The place is given back before that,
    and only `drains` are drained at once, so that slow senders keep nobody else out. The receiving half of the others
    is shut at once.
    """

    def __init__(
        self,
        application: WsgiApplication,
        *,
        places_of: Callable[[str], Places | None],
        address_of: Callable[[Environ], str],
        drains: Places,
        deadline_s: float,
        max_chunked_bytes: int,
        max_drain_bytes: int,
        drain_deadline_s: float,
    ) -> None:
        self._application = application
        self._places_of = places_of
        self._address_of = address_of
        self._drains = drains
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
        address = self._address_of(environ)
        place = UploadPlace(self._places_of(environ.get("PATH_INFO", "")), address=address)
        body = UploadStream(
            environ["wsgi.input"], length=length, max_chunked_bytes=self._max_chunked_bytes, place=place
        )
        environ["wsgi.input"], environ[PLACE_KEY] = body, place
        if length is None:
            environ["CONTENT_LENGTH"] = str(self._max_chunked_bytes)
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
            place.give_back()
        if not body.is_finished:
            self._drain(body, connection, address)

    def _drain(self, body: UploadStream, connection: socket.socket | None, address: str) -> None:
        """Read the rest if one of the few drains is free; afterwards nothing more is waited for."""
        if self._drains.take(address):
            try:
                with suppress(OSError), receiving_ends(connection, after_s=self._drain_deadline_s):
                    if connection is not None:
                        connection.settimeout(STALLED_S)
                    body.drain(max_bytes=self._max_drain_bytes, deadline_s=self._drain_deadline_s)
            finally:
                self._drains.give_back(address)
        if connection is not None:
            with suppress(OSError):
                connection.settimeout(None)
            if not body.is_finished:
                drop_what_has_come(connection)


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


def drop_what_has_come(connection: socket.socket | None) -> None:
    """Take what has arrived, so that closing does not reset the connection, and wait for no more."""
    if connection is None:
        return
    dropped = 0
    with suppress(OSError):
        while dropped < _MAX_DROPPED_BYTES and (data := connection.recv(_STEP_BYTES, socket.MSG_DONTWAIT)):
            dropped += len(data)
    stop_receiving(connection)
