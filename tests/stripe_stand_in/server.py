"""The stand-in's door: one HTTP server on loopback for the API, the hosted pages and the controls."""

import json
import socket
import threading
from dataclasses import asdict, is_dataclass
from typing import Any

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.stripe_stand_in import hosted_pages
from tests.stripe_stand_in.api import Api, Call, NoAnswer
from tests.stripe_stand_in.control import Control
from tests.stripe_stand_in.errors import Refusal


class _Quiet(WSGIRequestHandler):
    """Keeps its requests to itself."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class Server:
    """Listens in threads of this process until it is stopped."""

    def __init__(self, port: int) -> None:
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", port, self._application, threaded=True, request_handler=_Quiet
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.api: Api | None = None
        self.control: Control | None = None
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="stripe-stand-in", daemon=True
        )

    def start(self, api: Api, control: Control) -> None:
        self.api, self.control = api, control
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()

    def _application(self, environ: dict[str, Any], start_response: Any) -> Any:
        try:
            answer = self._answer(Request(environ))
        except NoAnswer:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            answer = Response()
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/_control/"):
            return self._pull_string(request)
        if request.path.startswith(("/v1/", "/v2/")):
            return self._serve_api(request)
        assert self.api is not None
        try:
            page, named = hosted_pages.MAP.bind("stripe").match(request.path)
            return hosted_pages.show(self.api.storage, request, page, dict(named))
        except HTTPException as missing:
            return Response(missing.description, status=missing.code or 500)
        except Refusal as refusal:
            return Response(str(refusal), status=refusal.status)

    def _serve_api(self, request: Request) -> Response:
        assert self.api is not None
        in_body = request.method == "POST"
        encoded = request.get_data(as_text=True) if in_body else request.query_string.decode()
        call = Call(request.method, request.path, encoded, dict(request.headers))
        (status, body), headers = self.api.answer(call)
        return Response(json.dumps(body), status=status, headers=headers, mimetype="application/json")

    def _pull_string(self, request: Request) -> Response:
        name = request.path.removeprefix("/_control/")
        pull = None if name.startswith("_") else getattr(self.control, name, None)
        if request.method != "POST" or not callable(pull):
            return Response("No such control.", status=404)
        arguments: dict[str, Any] = json.loads(request.get_data() or b"{}")
        try:
            result = pull(*arguments.pop("args", []), **arguments)
        except Refusal as refusal:
            return Response(json.dumps(refusal.body), status=refusal.status, mimetype="application/json")
        return Response(json.dumps(result, default=_plain), mimetype="application/json")


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
