"""Counted places: how many may be taken at once, in all and by one owner."""

import threading
from collections import Counter

from processing.metrics import places_refused


class Places:
    """Count what is taken; thread-safe, never waits.

    An owner is a text: an address, a person, an organization. One owner alone may take `per_owner` places, and fewer
    the fewer are free, so that several owners together leave some for the next: the share is a dynamic threshold
    (Choudhury and Hahne, 1998). `per_owner=None` sets no limit for one owner.
    """

    def __init__(self, name: str, places: int, *, per_owner: int | None = None) -> None:
        self.name = name
        self._places = places
        self._per_owner = places if per_owner is None else min(per_owner, places)
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._total = 0

    def take(self, owner: str = "") -> bool:
        """Take one place for the owner; return False where all are taken, or the owner's share is."""
        with self._lock:
            is_free = self._has_place_for(owner)
            if is_free:
                self._total += 1
                self._taken[owner] += 1
        if not is_free:
            places_refused.labels(self.name).inc()
        return is_free

    def give_back(self, owner: str = "") -> None:
        """Return one place of the owner."""
        with self._lock:
            self._total -= 1
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]

    def _has_place_for(self, owner: str) -> bool:
        free = self._places - self._total
        return free > 0 and self._taken[owner] * (self._places - self._per_owner) < free * self._per_owner
