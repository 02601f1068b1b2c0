"""The one end of a fetch, whatever it is busy with."""

import time
from dataclasses import dataclass

from processing.fetching.errors import Refused
from processing.matting.deadline import Deadline


@dataclass(frozen=True, slots=True)
class FetchDeadline(Deadline):
    """A moment that every step of a fetch shares: looking up, connecting, TLS, each read."""

    def within(self, seconds: float) -> "FetchDeadline":
        """Return this deadline, or an earlier one so many seconds from now."""
        return FetchDeadline(min(self.at, time.monotonic() + seconds))

    def time_left_s(self) -> float:
        """Return the seconds that are left; raise Refused when there are none."""
        if not self.left_s:
            raise Refused("the deadline passed")
        return self.left_s
