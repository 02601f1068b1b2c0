"""What an organization used: by day, from daily usage and the records not in it yet, and the latest requests."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from processing.models import DailyUsage, RemovalRecord
from processing.utc_day import UtcDay

OUTCOMES: dict[str, Q] = {
    "delivered": Q(status__lt=400),
    "refused": Q(status__gte=400, status__lt=500),
    "failed": Q(status__gte=500),
}
"""What became of a request: an image, a refusal that its sender can mend, a fault of ours."""

SLOWEST_SHARE, TIMED_IMAGES = 0.05, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which requests: those of an organization from one day to another (both in), perhaps of one kind only."""

    organization_id: int
    first: date
    last: date
    api_key_id: int | None = None
    outcome: str = ""
    origin: str = ""

    @property
    def kind(self) -> Q:
        """The condition of everything but the days."""
        asked = Q(organization_id=self.organization_id)
        if self.api_key_id is not None:
            asked &= Q(api_key_id=self.api_key_id)
        if self.origin:
            asked &= Q(origin=self.origin)
        return asked & OUTCOMES[self.outcome] if self.outcome else asked


@dataclass(slots=True)
class Day:
    """The requests of one day by what became of them, and what they cost."""

    day: date
    delivered: int = 0
    refused: int = 0
    failed: int = 0
    credits: int = 0

    @property
    def requests(self) -> int:
        """All of them."""
        return self.delivered + self.refused + self.failed

    def add(self, *, status: int, requests: int, credits: int) -> None:
        """Count requests that ended so."""
        if status < 400:
            self.delivered += requests
        elif status < 500:
            self.refused += requests
        else:
            self.failed += requests
        self.credits += credits


def records_of(asked: Question) -> QuerySet[RemovalRecord]:
    """Return the requests that are still known one by one, in no order."""
    start, end = start_of(asked.first), start_of(asked.last + timedelta(days=1))
    return RemovalRecord.objects.filter(asked.kind, created__gte=start, created__lt=end).order_by()


def days_of(asked: Question) -> list[Day]:
    """Return every day that was asked for, the quiet ones, too."""
    length = (asked.last - asked.first).days + 1
    days = {day: Day(day) for day in (asked.first + timedelta(days=n) for n in range(length))}
    for row in (*_uncounted(asked), *_counted(asked)):
        days[row["day"]].add(status=row["status"], requests=row["number"], credits=row["credits"] or 0)
    return list(days.values())


def total_of(days: Iterable[Day]) -> Day:
    """Return the sum of the days, as of the last one."""
    total = Day(date.min)
    for day in days:
        total.day = day.day
        total.delivered += day.delivered
        total.refused += day.refused
        total.failed += day.failed
        total.credits += day.credits
    return total


def slow_ms(asked: Question) -> int | None:
    """Return the milliseconds within which 95 of 100 of the latest images came (nearest rank); None without any."""
    delivered = records_of(asked).filter(OUTCOMES["delivered"]).order_by("-created")
    times = sorted(delivered.values_list("took_ms", flat=True)[:TIMED_IMAGES])
    return times[math.ceil(len(times) * (1 - SLOWEST_SHARE)) - 1] if times else None


def credits_since(organization_id: int, first: date) -> int:
    """Return the credits of an organization's images from the beginning of that day on."""
    own = Q(organization_id=organization_id)
    uncounted = RemovalRecord.objects.filter(own, is_counted=False, created__gte=start_of(first)).order_by()
    counted = DailyUsage.objects.filter(own, day__gte=first)
    return sum(rows.aggregate(credits=Sum("credits_charged"))["credits"] or 0 for rows in (uncounted, counted))


def latest(asked: Question, *, before: tuple[datetime, int] | None, count: int) -> Sequence[RemovalRecord]:
    """Return the newest requests, or those that come after the one with this moment and id in the list."""
    records = records_of(asked).select_related("api_key").defer("timings_ms").order_by("-created", "-pk")
    if before is not None:
        moment, pk = before
        records = records.filter(created__lte=moment).filter(Q(created__lt=moment) | Q(pk__lt=pk))
    return list(records[:count])


def start_of(day: date) -> datetime:
    """Return the first moment of a day in UTC."""
    return datetime.combine(day, time(), UTC)


def _uncounted(asked: Question) -> Iterable[Mapping[str, Any]]:
    by_day = records_of(asked).filter(is_counted=False).annotate(day=UtcDay("created")).values("day", "status")
    return by_day.annotate(number=Count("*"), credits=Sum("credits_charged"))


def _counted(asked: Question) -> Iterable[Mapping[str, Any]]:
    usage = DailyUsage.objects.filter(asked.kind, day__gte=asked.first, day__lte=asked.last).order_by()
    return usage.values("day", "status").annotate(number=Sum("requests"), credits=Sum("credits_charged"))
