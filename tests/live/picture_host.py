"""A web server on loopback for the pictures that callers name by their address."""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class PictureHost:
    """Serves `pictures` by path; those under `/once/` a single time, as if they were deleted then."""

    def __init__(self, pictures: Mapping[str, bytes]) -> None:
        self.pictures = dict(pictures)
        self._given: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def __enter__(self) -> "PictureHost":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _find(self, path: str) -> bytes | None:
        if path in self._given:
            return None
        if path.startswith("/once/"):
            self._given.add(path)
        return self.pictures.get(path.removeprefix("/once").removeprefix("/"))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        find = self._find

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                data = find(self.path)
                self.send_response(404 if data is None else 200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                self.wfile.write(data or b"")

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        return Handler
