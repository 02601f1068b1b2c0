"""How many images are worked on at once, and how many may wait. Per process: each process has its own cores."""

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.translation import gettext_noop as _

from accounts.errors import ServiceError

IDLE_SLOT_AGAIN_S = 2


PLAN_IS_FULL = _(
    "Your plan allows %(allowed)d images of yours at once. Wait for one to finish, then send this one again."
)
SHARE_IS_TAKEN = _(
    "This server takes %(allowed)d images of yours at once. Wait for one to finish, then send this one again."
)


class ServerBusy(ServiceError):
    """All slots and waiting places are taken, or the wait took too long."""

    code, status, is_our_fault = "server_busy", 503, False
    public_text = _("The server is working on as many images as it can. Nothing was charged; please try again shortly.")


class TooManyAtOnce(ServiceError):
    """The organization already has as many images in work as its plan, or this server, allows."""

    code, status, is_our_fault = "rate_limit_exceeded", 429, False


class Slots:
    """Admission to the workshop: `places` at once, `waiting_places` in line for at most `wait_s` seconds."""

    def __init__(self, *, places: int, waiting_places: int, wait_s: float) -> None:
        self._free = threading.Semaphore(places)
        self._line = threading.BoundedSemaphore(places + waiting_places)
        self._wait_s = wait_s

    @contextmanager
    def acquire(self, *, at_most_s: float = math.inf) -> Iterator[None]:
        """Hold one slot for the block; raise ServerBusy at once when the line is full, or after the wait.

        The wait lasts no longer than `at_most_s` seconds.
        """
        if not self._line.acquire(blocking=False):
            raise ServerBusy(retry_after_s=self._retry_after_s)
        try:
            if not self._free.acquire(timeout=min(self._wait_s, at_most_s)):
                raise ServerBusy(retry_after_s=self._retry_after_s)
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._line.release()

    @contextmanager
    def take_idle(self) -> Iterator[None]:
        """Hold a slot that is free now for the block; raise ServerBusy rather than stand in anybody's way."""
        if not self._free.acquire(blocking=False):
            raise ServerBusy(retry_after_s=IDLE_SLOT_AGAIN_S)
        try:
            yield
        finally:
            self._free.release()

    @property
    def _retry_after_s(self) -> int:
        return max(1, round(self._wait_s / 3))


class InFlight:
    """Counts each organization's requests in this process against its plan's concurrency."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()

    @contextmanager
    def enter(self, organization_id: int, *, limit: int) -> Iterator[None]:
        """Count one request for the block; raise TooManyAtOnce when as many are in flight as may be.

        That is the plan's `limit`, and for all plans the share that one organization may have of this process.
        """
        share = settings.PLACES_PER_ORGANIZATION
        allowed, text = (limit, PLAN_IS_FULL) if limit <= share else (share, SHARE_IS_TAKEN)
        with self._lock:
            if self._counts[organization_id] >= allowed:
                raise TooManyAtOnce(text, values={"allowed": allowed}, retry_after_s=1)
            self._counts[organization_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._counts[organization_id] -= 1
                if not self._counts[organization_id]:
                    del self._counts[organization_id]


image_slots = Slots(
    places=settings.IMAGE_SLOTS, waiting_places=settings.SLOT_WAITING_PLACES, wait_s=settings.SLOT_WAIT_S
)
# Strangers' previews: one at a time, on a slot that nobody else wants now.
trial_slots = Slots(places=1, waiting_places=0, wait_s=0)
in_flight = InFlight()
