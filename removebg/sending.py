"""Connections whose answers hold no thread: what the client does not take at once waits in memory."""

import errno
import select
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Self

from processing.api.places import Places
from removebg import settings

STREAM_BYTES = 8 * 1024 * 1024
"""What is kept of an answer that is made piece by piece; its thread waits for the client beyond that."""

SLOWEST_BYTES_PER_S = 16 * 1024
"""The deadline of an answer grows by a second for so many bytes."""

LONG_ANSWERS_PER_ADDRESS = 2
UNSENT_SHARE_OF_ADDRESS = 4
"""The part, one in so many, of MAX_UNSENT_BYTES that may wait for one address."""

_STEP_BYTES = 256 * 1024
_TRIES_AGAIN_AFTER_S = 0.05


class NotRead(BrokenPipeError):
    """The client does not read, and nothing more is kept for it."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the client does not read the answer")


class UnsentBytes:
    """Count the bytes that wait to be sent, in all and for one address; thread-safe.

    One answer of any size may wait where nothing else does.
    """

    def __init__(self, most: int, *, per_address: int | None) -> None:
        self._most = most
        self._per_address = most if per_address is None else per_address
        self._lock = threading.Lock()
        self._total = 0
        self._waiting: Counter[str] = Counter()

    def change(self, address: str, before: int, after: int) -> bool:
        """Note that `after` bytes of a connection wait instead of `before`; return False where that is too many."""
        with self._lock:
            others, others_of_address = self._total - before, self._waiting[address] - before
            is_too_much = (others and others + after > self._most) or (
                others_of_address and others_of_address + after > self._per_address
            )
            if after > before and is_too_much:
                return False
            self._total = others + after
            self._waiting[address] = others_of_address + after
            if not self._waiting[address]:
                del self._waiting[address]
            return True


class PatientSocket(socket.socket):
    """A client's connection; `sendall` returns although not everything is sent, and the worker sends the rest.

    At most one thread uses it at a time: the one that makes the answer, then the worker's loop.
    """

    @classmethod
    def take_over(
        cls, plain: socket.socket, address: str, *, kept: UnsentBytes, long: Places, closed: Callable[[], None]
    ) -> Self:
        """Return the same connection; `closed` is called once, as it is closed."""
        connection = cls(fileno=plain.detach())
        connection._address, connection._kept, connection._long, connection._when_closed = address, kept, long, closed
        connection._queue, connection._noted, connection._sent, connection.unsent = deque(), 0, 0, 0
        connection._began = connection._progressed = connection._full_at = 0.0
        return connection

    _address: str
    _kept: UnsentBytes
    _long: Places
    _when_closed: Callable[[], None] | None
    _queue: deque[memoryview]
    _noted: int
    _sent: int
    _began: float
    _progressed: float
    _full_at: float
    unsent: int

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send what the client takes at once and keep the rest; raise NotRead where no more can be kept."""
        if not data:
            return
        if not self.unsent:
            self._full_at = 0.0
            self._began = self._progressed = time.monotonic()
            self._sent = 0
        rest = memoryview(data).cast("B")
        self._queue.append(rest)
        self.unsent += len(rest)
        if time.monotonic() - self._full_at > _TRIES_AGAIN_AFTER_S:
            while self.unsent and self.send_some():
                pass
        if self.unsent and not self._may_wait():
            self._send_in_this_thread()

    def send_some(self) -> bool:
        """Send one piece of what waits, if the client takes it now; return whether it took any of it."""
        try:
            taken = self.send(self._queue[0][:_STEP_BYTES], socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._full_at = time.monotonic()
            return False
        self._progressed = time.monotonic()
        self._sent += taken
        self.unsent -= taken
        self._queue[0] = self._queue[0][taken:]
        while self._queue and not self._queue[0]:
            self._queue.popleft()
        if self._noted:
            self._note(self.unsent)
        return True

    def is_overdue(self) -> bool:
        """Return whether the client took nothing for too long, or takes too long in all."""
        now = time.monotonic()
        longest = settings.SEND_DEADLINE_S + (self._sent + self.unsent) / SLOWEST_BYTES_PER_S
        return now - self._progressed > settings.SEND_STALLED_S or now - self._began > longest

    def close(self) -> None:
        """Close the connection and forget what waits."""
        self._forget()
        if self._when_closed is not None:
            self._when_closed()
            self._when_closed = None
        super().close()

    def _may_wait(self) -> bool:
        is_whole = len(self._queue) == 1
        return (is_whole or self.unsent <= STREAM_BYTES) and self._note(self.unsent)

    def _note(self, size: int) -> bool:
        if not self._kept.change(self._address, self._noted, size):
            return False
        self._noted = size
        return True

    def _send_in_this_thread(self) -> None:
        """Wait for the client, as one of the few long answers; raise NotRead where there are too many, or too late."""
        if not self._long.take(self._address):
            self._forget()
            raise NotRead
        try:
            writable = select.poll()
            writable.register(self, select.POLLOUT)
            while self.unsent:
                writable.poll(1000)
                if not self.send_some() and self.is_overdue():
                    self._forget()
                    raise NotRead
        finally:
            self._long.give_back(self._address)

    def _forget(self) -> None:
        self._queue.clear()
        self.unsent = 0
        self._note(0)
