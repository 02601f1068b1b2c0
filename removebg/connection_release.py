"""A WSGI layer that gives database connections back before a request waits for its caller."""

from collections.abc import Iterable, Iterator
from typing import Any

from processing.api.upload_gate import Environ, StartResponse, WsgiApplication
from processing.database_connections import release_connections


class ReleasingBody:
    """A request body; before each read, which may wait for the sender, database connections are released."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all for -1."""
        release_connections()
        return bytes(self._body.read(size))

    def readline(self, size: int = -1) -> bytes:
        """Return one line of up to `size` bytes."""
        release_connections()
        return bytes(self._body.readline(size))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")


class ConnectionRelease:
    """WSGI middleware directly around Django: no connection is held while a body arrives or an answer is sent.

    A streaming answer keeps its connection: it may still read from the database.
    """

    def __init__(self, application: WsgiApplication) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        environ["wsgi.input"] = ReleasingBody(environ["wsgi.input"])
        response = self._application(environ, start_response)
        if not getattr(response, "streaming", True):
            release_connections()
        return response
