"""The stand-in's time: real, plus what a test has let pass."""

import calendar
import time
from datetime import UTC, datetime
from itertools import count

HOUR_S, DAY_S = 3600, 86400


class Clock:
    """Seconds since 1970 that can be put forward, never back."""

    def __init__(self) -> None:
        self._ahead_s = 0

    def now(self) -> int:
        return int(time.time()) + self._ahead_s

    def put_forward_to(self, moment: int) -> None:
        self._ahead_s += max(0, moment - self.now())


def next_after(moment: int, *, anchor: int, interval: str, interval_count: int) -> int:
    """Return the first billing date after a moment; the 31st becomes a short month's last day and comes back."""
    if interval in ("day", "week"):
        length = DAY_S * interval_count * (7 if interval == "week" else 1)
        return anchor + ((moment - anchor) // length + 1) * length
    months = interval_count * (12 if interval == "year" else 1)
    return next(date for date in (_months_later(anchor, months * times) for times in count(1)) if date > moment)


def _months_later(moment: int, months: int) -> int:
    start = datetime.fromtimestamp(moment, tz=UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())
