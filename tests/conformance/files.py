"""A file server on loopback, for rows that name an address."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.conformance.pictures import picture


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer /NAME with the picture, /status/N with that status.

        /redirects/N/NAME gives the picture after N redirects, /elsewhere/HOST leads to that host.
        """
        first, *rest = self.path.partition("?")[0].strip("/").split("/")
        if first == "redirects":
            left, name = int(rest[0]), rest[1]
            self._answer(302, location=f"/redirects/{left - 1}/{name}" if left > 1 else f"/{name}")
        elif first == "elsewhere":
            self._answer(302, location=f"http://{rest[0]}:{self.server.server_address[1]}/subject.png")
        elif first == "status":
            self._answer(int(rest[0]))
        else:
            self._answer(200, picture(first))

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[int]:
    """Run the server for the block and give its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
