"""How many pictures are fetched from their addresses at once, in all and for one organization. Per process."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from processing.slots import ServerBusy

SHARE_OF_ONE = 4
"""One organization may have a quarter of the fetches."""

RETRY_AFTER_S = 2


class FetchLimit:
    """Counts fetches: at most `at_once` together, and a quarter of them, but at least one, for one organization.

    Nobody waits here: a waiting call would hold one of the places that uploads need.
    """

    def __init__(self, *, at_once: int) -> None:
        self._at_once = at_once
        self._at_once_of_one = max(1, at_once // SHARE_OF_ONE)
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()

    @contextmanager
    def enter(self, organization_id: int) -> Iterator[None]:
        """Count one fetch for the block; raise ServerBusy when as many are under way as may be."""
        with self._lock:
            if self._counts.total() >= self._at_once or self._counts[organization_id] >= self._at_once_of_one:
                raise ServerBusy(retry_after_s=RETRY_AFTER_S)
            self._counts[organization_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._counts[organization_id] -= 1
                if not self._counts[organization_id]:
                    del self._counts[organization_id]


fetches = FetchLimit(at_once=settings.FETCHES_AT_ONCE)
