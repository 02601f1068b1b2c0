"""gunicorn's threaded worker, whose threads are given nothing but requests whose head is there.

gunicorn reads a head in one of its threads and waits for it there without an end, so as many unfinished heads as there
are threads would stop the server, its health checks included. Here such a connection waits outside, and is closed when
its head is not there by the deadline.
"""

import socket
import time
from typing import Any

from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

from removebg import settings

PARKED = object()
"""What `handle` returns for a connection whose head is still on its way."""

LOOKED_AT_BYTES = 64 * 1024
"""A head that is longer is the parser's to refuse."""

_PATIENCE_S, _STEP_S = 0.2, 0.01


class WholeHeadsWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker (gthread) that parks connections until the head of their request has come."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parked: list[TConn] = []

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
        """Park what was left to be parked; all else is gunicorn's."""
        if not fs.cancelled() and fs.exception() is None and fs.result() is PARKED:
            if getattr(conn, "head_ends_at", None) is None:
                conn.head_ends_at = time.monotonic() + settings.HEAD_DEADLINE_S
            self._parked.append(conn)
            return
        conn.head_ends_at = None
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Once a second: take up the parked whose head has come, close those whose time, or ours, is over."""
        super().murder_pending()
        now = time.monotonic()
        parked, self._parked = self._parked, []
        for conn in parked:
            if has_whole_head(conn):
                self.enqueue_req(conn)
            elif self.alive and now < conn.head_ends_at:
                self._parked.append(conn)
            else:
                self.nr_conns -= 1
                conn.close()


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
