"""gunicorn's threaded worker, whose threads wait for no client: neither for a request's head, nor for its answer.

gunicorn reads a head in one of its threads and waits for it there without an end, and sends an answer in the same way:
as many clients as there are threads would stop the server, its health checks included. Here a connection whose head is
incomplete waits outside the threads, and so does one whose client has not read its answer; each is closed at its
deadline. Connections that end are closed here without waiting for the client in the worker's loop.
"""

import errno
import selectors
import socket
import time
from collections import deque
from functools import partial
from typing import Any

from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

from accounts.addresses import counted_address
from processing.api.places import Places
from removebg import settings
from removebg.sending import LONG_ANSWERS_PER_ADDRESS, UNSENT_SHARE_OF_ADDRESS, PatientSocket, UnsentBytes

PARKED = object()
"""What `handle` returns for a connection whose head is still on its way."""

LOOKED_AT_BYTES = 64 * 1024
"""A head that is longer is the parser's to refuse."""

LINGER_S, LINGER_BYTES = 2.0, 64 * 1024
"""How long, and for how much more of its request, a client is waited for after the last byte of its last answer."""

_PATIENCE_S, _STEP_S = 0.05, 0.01


class WholeHeadsWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker (gthread) that gives its threads whole heads, and sends unread answers from its loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parked: list[TConn] = []
        self._sending: dict[TConn, Any] = {}
        self._lingering: deque[TConn] = deque()
        # Behind a proxy of ours, all connections are the proxy's.
        is_direct = not settings.TRUSTED_PROXIES
        self._connections = Places(
            "connections",
            self.worker_connections,
            per_owner=settings.CONNECTIONS_PER_ADDRESS if is_direct else None,
        )
        self._long_answers = Places(
            "long_answers",
            settings.LONG_ANSWERS_AT_ONCE,
            per_owner=LONG_ANSWERS_PER_ADDRESS if is_direct else None,
        )
        share = settings.MAX_UNSENT_BYTES // UNSENT_SHARE_OF_ADDRESS
        self._unsent = UnsentBytes(settings.MAX_UNSENT_BYTES, per_address=share if is_direct else None)

    def accept(self, listener: Any) -> None:
        """Accept a connection, unless its address has as many as it may have."""
        super().accept(_Listener(listener, self._take_over))

    def _take_over(self, plain: socket.socket, peer: Any) -> PatientSocket:
        address = counted_address(peer[0]) if isinstance(peer, tuple) else ""
        if not self._connections.take(address):
            plain.close()
            raise ConnectionAbortedError(errno.ECONNABORTED, "too many connections of one address")
        closed = partial(self._connections.give_back, address)
        return PatientSocket.take_over(plain, address, kept=self._unsent, long=self._long_answers, closed=closed)

    def handle(self, conn: TConn) -> Any:
        """Serve the connection's next request, or leave it to be parked; most heads come in one piece."""
        is_new = not conn.initialized and not conn.data_ready
        if is_new and not conn.wait_for_data(_PATIENCE_S):
            return _DEFER  # nothing has come yet: gunicorn's poller waits for it
        ends = time.monotonic() + _PATIENCE_S
        while not has_whole_head(conn):
            if time.monotonic() > ends:
                return PARKED
            time.sleep(_STEP_S)
        return super().handle(conn)

    def finish_request(self, conn: TConn, fs: Any) -> None:
        """Park what was left to be parked, send what is unsent, close what has ended; all else is gunicorn's."""
        if fs.cancelled() or fs.exception() is not None:
            super().finish_request(conn, fs)
        elif fs.result() is PARKED:
            self._park(conn)
        elif conn.sock.unsent:
            self._send_rest(conn, fs)
        elif fs.result():
            conn.head_ends_at = None
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    def murder_pending(self) -> None:
        """Once a second: take up the parked whose head has come, close those whose time, or ours, is over."""
        super().murder_pending()
        self._look_at_parked()
        for conn in [conn for conn in self._sending if conn.sock.is_overdue()]:
            del self._sending[conn]
            self._close(conn, is_polled=True)
        while self._lingering and self._lingering[0].timeout < time.monotonic():
            self._close(self._lingering.popleft(), is_polled=True)

    def _park(self, conn: TConn) -> None:
        if getattr(conn, "head_ends_at", None) is None:
            conn.head_ends_at = time.monotonic() + settings.HEAD_DEADLINE_S
        self._parked.append(conn)

    def _look_at_parked(self) -> None:
        now = time.monotonic()
        parked, self._parked = self._parked, []
        for conn in parked:
            if has_whole_head(conn):
                self.enqueue_req(conn)
            elif self.alive and now < conn.head_ends_at:
                self._parked.append(conn)
            else:
                self._close(conn)

    def _send_rest(self, conn: TConn, fs: Any) -> None:
        """Send the rest of an answer as the client takes it; then go on as if its thread had ended only now."""
        self._sending[conn] = fs
        self.poller.register(conn.sock, selectors.EVENT_WRITE, partial(self._on_writable, conn))

    def _on_writable(self, conn: TConn, _client: Any) -> None:
        try:
            conn.sock.send_some()
        except OSError:
            del self._sending[conn]
            self._close(conn, is_polled=True)
            return
        if not conn.sock.unsent:
            self.poller.unregister(conn.sock)
            self.finish_request(conn, self._sending.pop(conn))

    def _linger(self, conn: TConn) -> None:
        """Say that no more follows, and close when the client has (RFC 9112, section 9.6)."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_last_bytes, conn))
        except (OSError, ValueError):  # the client has left, or the connection is closed already
            self._close(conn)
            return
        conn.timeout, conn.last_bytes = time.monotonic() + LINGER_S, 0
        self._lingering.append(conn)

    def _on_last_bytes(self, conn: TConn, _client: Any) -> None:
        try:
            data = conn.sock.recv(LINGER_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.last_bytes += len(data)
        if not data or conn.last_bytes > LINGER_BYTES:
            self._lingering.remove(conn)
            self._close(conn, is_polled=True)

    def _close(self, conn: TConn, *, is_polled: bool = False) -> None:
        if is_polled:
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()


class _Listener:
    """What gunicorn accepts from, with connections of our kind."""

    def __init__(self, listener: Any, take_over: Any) -> None:
        self._listener = listener
        self._take_over = take_over

    def accept(self) -> tuple[PatientSocket, Any]:
        plain, peer = self._listener.accept()
        return self._take_over(plain, peer), peer

    def getsockname(self) -> Any:
        return self._listener.getsockname()


def has_whole_head(conn: TConn) -> bool:
    """Tell whether a read of the head would not have to wait: it is there, or too long, or the caller has left."""
    read_ahead = conn.parser.unreader.buf.getvalue() if conn.parser is not None else b""
    try:
        coming = conn.sock.recv(LOOKED_AT_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b"\r\n\r\n" in read_ahead
    except OSError:
        return True
    return not coming or len(coming) == LOOKED_AT_BYTES or b"\r\n\r\n" in read_ahead + coming
