"""Servers on loopback that answer with raw bytes, as badly as a test wants."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import trustme

# An authority of this test run's own; nobody else trusts it.
_AUTHORITY = trustme.CA()
_CERTIFICATE = _AUTHORITY.issue_cert("pictures.test")

Answer = Callable[[socket.socket, bytes], None]


def trusting_us_alone() -> ssl.SSLContext:
    """Return what verifies that a server is one of these, called pictures.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _AUTHORITY.configure_trust(context)
    return context


@dataclass
class Server:
    """Where it listens, what it was asked, and how many bytes of answers it could get rid of."""

    host: str
    port: int
    requests: list[bytes] = field(default_factory=list)
    is_closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/photo.png", *, host: str | None = None, scheme: str = "http") -> str:
        return f"{scheme}://{host or self.host}:{self.port}{path}"


@contextmanager
def serving(
    answer: Answer, *, host: str = "127.0.0.1", port: int = 0, tls: bool = False, reads_request: bool = True
) -> Iterator[Server]:
    """Accept connections until the block ends; `answer` gets each socket and the request that it read."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, dualstack_ipv6=host == "::") as listener:
        listener.settimeout(0.02)
        server = Server(host, listener.getsockname()[1])
        talks: list[threading.Thread] = []

        def talk(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.settimeout(5)
                if tls:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    _CERTIFICATE.configure_cert(context)
                    connection = context.wrap_socket(connection, server_side=True)
                request = read_request(connection) if reads_request else b""
                server.requests.append(request)
                answer(connection, request)
                connection.close()

        def accept() -> None:
            while not server.is_closing.is_set():
                with suppress(TimeoutError):
                    talks.append(threading.Thread(target=talk, args=(listener.accept()[0],)))
                    talks[-1].start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield server
        finally:
            server.is_closing.set()
            for thread in (acceptor, *talks):
                thread.join()


def read_request(connection: socket.socket) -> bytes:
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        data = connection.recv(65536)
        if not data:
            break
        request += data
    return request


def path_of(request: bytes) -> str:
    return request.split(b" ")[1].decode()


def raw(*parts: bytes) -> Answer:
    """Answer with exactly these bytes and hang up."""

    def answer(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"".join(parts))

    return answer


def head(status: str, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode("utf-8")


def whole(body: bytes, *headers: str) -> Answer:
    return raw(head("200 OK", f"Content-Length: {len(body)}", *headers), body)


def chunked(body: bytes, *, chunk_bytes: int) -> bytes:
    pieces = [body[start : start + chunk_bytes] for start in range(0, len(body), chunk_bytes)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def redirect(location: str, status: str = "302 Found") -> bytes:
    return head(status, f"Location: {location}", "Content-Length: 0")
