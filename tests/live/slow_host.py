"""A web server on loopback that lets callers wait for its pictures."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class SlowHost:
    """Answers each GET with 404 after `answers_after_s` seconds."""

    def __init__(self, *, answers_after_s: float) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answers_after_s))
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> "SlowHost":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(answers_after_s: float) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(answers_after_s)
            self.send_error(404)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
