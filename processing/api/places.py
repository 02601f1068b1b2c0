"""Counted places: how many may be taken at once, in all and by one owner."""

import threading
from collections import Counter

from processing.metrics import places_refused


class Places:
    """Count what is taken; thread-safe, never waits.

    An owner is a text: an address or a person. `per_owner=None` sets no limit for one owner.
    """

    def __init__(self, name: str, places: int, *, per_owner: int | None = None) -> None:
        self.name = name
        self._places = places
        self._per_owner = places if per_owner is None else per_owner
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._total = 0

    def take(self, owner: str = "") -> bool:
        """Take one place for the owner; return False where all, or all of this owner, are taken."""
        with self._lock:
            is_free = self._total < self._places and self._taken[owner] < self._per_owner
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
