"""The one end of a fetch, whatever it is busy with."""

import time
from dataclasses import dataclass

from processing.fetching.errors import Refused


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment that every step of a fetch shares: looking up, connecting, TLS, each read."""

    moment: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Return the deadline so many seconds from now."""
        return cls(time.monotonic() + seconds)

    def within(self, seconds: float) -> "Deadline":
        """Return this deadline, or an earlier one so many seconds from now."""
        return Deadline(min(self.moment, time.monotonic() + seconds))

    def left_s(self) -> float:
        """Return the seconds that are left; raise Refused when there are none."""
        left = self.moment - time.monotonic()
        if left <= 0:
            raise Refused("the deadline passed")
        return left
