"""A WSGI layer that sends no body in answer to HEAD (RFC 9110, section 9.3.2), as Django leaves to the server."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Environ = dict[str, Any]
WsgiApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def bodies_of_head_dropped(application: WsgiApplication) -> WsgiApplication:
    """Return the WSGI application without the bodies of its answers to HEAD; their headers stay as for GET."""

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = application(environ, start_response)
        return _emptied(response) if environ["REQUEST_METHOD"] == "HEAD" else response

    return answer


def _emptied(response: Iterable[bytes]) -> Iterator[bytes]:
    """Yield nothing for each piece, so that the answer is made and closed as any other."""
    try:
        for _piece in response:
            yield b""
    finally:
        if hasattr(response, "close"):
            response.close()
