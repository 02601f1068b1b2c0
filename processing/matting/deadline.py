"""By when a caller must have an answer: what comes later is not worth the work."""

import math
import time
from dataclasses import dataclass
from typing import Self

from processing.matting.errors import TooSlow


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock, in seconds."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Return the moment that many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left_s(self) -> float:
        """Seconds until then, 0 once it is past."""
        return max(0.0, self.at - time.monotonic())

    @property
    def is_set(self) -> bool:
        """Whether there is such a moment at all."""
        return self.at != math.inf

    def check(self) -> None:
        """Raise TooSlow once it is past."""
        if self.is_set and not self.left_s:
            raise TooSlow


NEVER = Deadline(math.inf)
"""Whoever waits as long as it takes."""
