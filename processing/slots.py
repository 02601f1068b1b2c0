"""How many images are worked on at once, and how many may wait. Per process: each process has its own cores."""

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.translation import gettext_noop as _

from accounts.errors import ServiceError
from processing.fair_queue import Call, FairQueue

IDLE_SLOT_AGAIN_S = 2
STEPS_ASIDE_S = 5.0
"""The longest that free work waits, before one of its steps, for paid work to finish."""


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
    """Admission to the model: `places` images are in work at once, `waiting_places` calls wait for `wait_s` seconds.

    Paid calls go first. Free ones (test keys, replays) wait in a queue of their own, half as long, and previews of
    anonymous visitors do not wait: both start only when no paid call waits, leave one slot free where there are two or
    more, and step aside for paid work between their own steps (`step_aside`). Each queue is shared fairly between
    organizations (FairQueue).
    """

    def __init__(self, *, places: int, waiting_places: int, wait_s: float) -> None:
        self._places = places
        self._wait_s = wait_s
        self._working = 0
        self._paid_working = 0
        self._paid = FairQueue(waiting_places)
        self._free = FairQueue(math.ceil(waiting_places / 2))
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many calls wait for a slot now."""
        with self._changed:
            return len(self._paid) + len(self._free)

    @property
    def working(self) -> int:
        """How many slots are taken now."""
        with self._changed:
            return self._working

    @contextmanager
    def acquire(
        self, organization_id: int | None = None, *, is_free: bool = False, at_most_s: float = math.inf
    ) -> Iterator[None]:
        """Hold one slot for the block; raise ServerBusy at once when the queue is full, or after the wait.

        A call that waits gives its place up, and is refused, when the queue is full and another organization has fewer
        calls waiting. The wait lasts no longer than `at_most_s` seconds.
        """
        call, queue = Call(organization_id), self._free if is_free else self._paid
        with self._changed:
            self._enter(call, queue)
            try:
                self._changed.wait_for(lambda: call.state != "waiting", timeout=min(self._wait_s, at_most_s))
            finally:
                queue.discard(call)  # where its time ran out; one that was started is not there any more
            if call.state != "working":
                raise ServerBusy(retry_after_s=self._retry_after_s)
        try:
            yield
        finally:
            self._release(is_free=is_free)

    @contextmanager
    def take_idle(self) -> Iterator[None]:
        """Hold a slot that nobody waits for; raise ServerBusy instead of waiting."""
        with self._changed:
            if self._paid or self._free or not self._has_idle_slot:
                raise ServerBusy(retry_after_s=IDLE_SLOT_AGAIN_S)
            self._working += 1
        try:
            yield
        finally:
            self._release(is_free=True)

    def step_aside(self) -> None:
        """Wait while paid work goes on and no paid call waits for a slot, at most STEPS_ASIDE_S seconds.

        Free work has a slot of its own, but not a processor of its own.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._paid or not self._paid_working, timeout=STEPS_ASIDE_S)

    def _enter(self, call: Call, queue: FairQueue) -> None:
        """Queue the call, start what can start, and refuse the one call that has no place then."""
        queue.add(call)
        self._start_next()
        self._changed.notify_all()
        excess = queue.find_excess(call) if call.state == "waiting" else None
        if excess is not None:
            excess.state = "refused"
            queue.discard(excess)

    def _start_next(self) -> None:
        """Give free slots to calls that wait, the next in turn first. Whoever calls holds the lock."""
        while self._paid and self._working < self._places:
            self._start(self._paid)
        while self._free and self._has_idle_slot:
            self._start(self._free)

    def _start(self, queue: FairQueue) -> None:
        queue.take_next().state = "working"
        self._working += 1
        self._paid_working += queue is self._paid
        self._changed.notify_all()

    def _release(self, *, is_free: bool) -> None:
        with self._changed:
            self._working -= 1
            self._paid_working -= not is_free
            self._start_next()
            self._changed.notify_all()

    @property
    def _has_idle_slot(self) -> bool:
        """Whether free work may take a slot: no paid call waits, and one slot stays free where there are several."""
        return not self._paid and self._working < min(self._places, max(1, self._places - 1))

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
