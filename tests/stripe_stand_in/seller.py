"""A seller for tests to be: its webhook endpoint, and the things it does first."""

import json
import threading
from dataclasses import dataclass, field
from typing import Any, Self

import stripe
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

SECRET = "whsec_of_tests"
KEY = "sk_test_12345"
WITHIN_S = 10.0


def client_for(url: str, *, retries: int = 0) -> stripe.StripeClient:
    """Return the unmodified SDK's client, pointed at a stand-in."""
    return stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=retries)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass
class Inbox:
    """A webhook endpoint that keeps what came, with its signature, and answers as told."""

    received: list[tuple[bytes, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = make_server(
            "127.0.0.1", 0, Request.application(self._take), threaded=True, request_handler=_Quiet
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._came = threading.Condition()

    def _take(self, request: Request) -> Response:
        with self._came:
            self.received.append((request.get_data(), request.headers["Stripe-Signature"]))
            self._came.notify_all()
            return Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def types(self) -> list[str]:
        return [json.loads(payload)["type"] for payload, _ in self.received]

    def find(self, event_type: str, *, about: str | None = None) -> dict[str, Any] | None:
        """Return the newest event of a type, or the newest about this object."""
        events: list[dict[str, Any]] = [json.loads(payload) for payload, _ in reversed(self.received)]
        of_type = (event for event in events if event["type"] == event_type)
        return next((event for event in of_type if about in (None, event["data"]["object"]["id"])), None)

    def wait_for(self, event_type: str, *, about: str | None = None) -> dict[str, Any]:
        """Return such an event, waiting for it a little."""
        with self._came:
            found: dict[str, Any] | None = self._came.wait_for(
                lambda: self.find(event_type, about=about), timeout=WITHIN_S
            )
        assert found, (event_type, about, self.types)
        return found

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()
