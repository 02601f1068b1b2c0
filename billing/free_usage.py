"""The daily budgets of free work: of an organization, of a person, and of previews for the whole server.

A budget is taken by one guarded UPDATE, so that it holds under concurrent calls.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import Organization, User
from billing.errors import FreeBudgetUsed, LateBudgetUsed, PreviewBudgetUsed, RefusedBudgetUsed
from billing.free_usage_models import DailyFreeUsage, FreeKind
from billing.models import EntryKind, LedgerEntry
from billing.transactions import in_short_transaction

KEPT_DAYS = 31
"""For how many days the counts are kept."""

Subject = dict[str, Any]
SERVER: Subject = {"organization": None, "person": None}


@dataclass(frozen=True, slots=True)
class FreeCaller:
    """Whose budgets a free call counts against. A key that staff issued counts for its organization only."""

    organization: Organization
    person: User | None = None

    def budgets(self) -> Iterator[tuple[Subject, int]]:
        """Yield each subject with its limit of calls a day, always the organization first (one order of locks)."""
        yield {"organization": self.organization, "person": None}, settings.FREE_CALLS_PER_DAY
        if self.person is not None and not self.person.is_staff:
            yield {"organization": None, "person": self.person}, settings.FREE_CALLS_PER_PERSON_PER_DAY


@dataclass(frozen=True, slots=True)
class Reservation:
    """One free call that was counted."""

    kind: FreeKind
    caller: FreeCaller
    day: date


def reserve(kind: FreeKind, caller: FreeCaller) -> Reservation:
    """Count one free call before its work; raise FreeBudgetUsed where a budget of today is used."""
    today = today_utc()

    def movement() -> None:
        for subject, limit in caller.budgets():
            if not _count(today, subject, kind, limit):
                raise FreeBudgetUsed(limit=limit, retry_after_s=seconds_until_tomorrow())

    in_short_transaction(movement)
    return Reservation(kind, caller, today)


def give_back(reservation: Reservation) -> None:
    """Take a call off its budgets, because its work was never begun."""
    name = reservation.kind.value

    def movement() -> None:
        for subject, _limit in reservation.caller.budgets():
            rows = _rows(reservation.day, subject).filter(**{f"{name}__gt": 0})
            rows.update(**{name: F(name) - 1})

    in_short_transaction(movement)


def count_unpaid(kind: FreeKind, caller: FreeCaller) -> None:
    """Count one call that began as a charged one and ended without a delivery: late or refused."""
    today = today_utc()

    def movement() -> None:
        for subject, _limit in caller.budgets():
            _count(today, subject, kind, None)

    in_short_transaction(movement)


def require_late_budget(caller: FreeCaller) -> None:
    """Raise LateBudgetUsed where calls given up at their deadline have used a whole budget of today."""
    for subject, limit in caller.budgets():
        if _rows(today_utc(), subject).filter(late__gte=limit).exists():
            raise LateBudgetUsed(limit=limit, retry_after_s=seconds_until_tomorrow())


def require_refused_budget(caller: FreeCaller) -> None:
    """Raise RefusedBudgetUsed where refused images have used a budget of today and one for each delivered image."""
    for subject, limit in caller.budgets():
        refused = _rows(today_utc(), subject).filter(refused__gte=limit).values_list("refused", flat=True).first()
        if refused is not None and refused >= limit + _delivered_today(caller.organization):
            raise RefusedBudgetUsed(limit=limit, retry_after_s=seconds_until_tomorrow())


def reserve_preview() -> None:
    """Count one preview without an account; raise PreviewBudgetUsed where the server's budget of today is used."""
    today, limit = today_utc(), settings.TRIAL_PREVIEWS_PER_DAY
    if not in_short_transaction(lambda: _count(today, SERVER, FreeKind.PREVIEW, limit)):
        raise PreviewBudgetUsed(retry_after_s=seconds_until_tomorrow())


def require_preview_budget() -> None:
    """Raise PreviewBudgetUsed where the server's previews of today are used, without counting."""
    if _rows(today_utc(), SERVER).filter(previews__gte=settings.TRIAL_PREVIEWS_PER_DAY).exists():
        raise PreviewBudgetUsed(retry_after_s=seconds_until_tomorrow())


def usage_today(subject: Organization | User) -> DailyFreeUsage:
    """Return today's counts of an organization or a person, zeros where there are none yet."""
    name = "organization" if isinstance(subject, Organization) else "person"
    row: DailyFreeUsage | None = _rows(today_utc(), {**SERVER, name: subject}).first()
    return row or DailyFreeUsage(day=today_utc())


def delete_old(now: datetime) -> int:
    """Delete counts older than KEPT_DAYS; return how many."""
    first_kept = now.astimezone(UTC).date() - timedelta(days=KEPT_DAYS)
    return DailyFreeUsage.objects.filter(day__lt=first_kept).delete()[0]


def today_utc() -> date:
    """Return today's date in UTC."""
    return timezone.now().astimezone(UTC).date()


def seconds_until_tomorrow() -> int:
    """Return whole seconds until midnight UTC, at least 1."""
    midnight = datetime.combine(today_utc() + timedelta(days=1), time(), UTC)
    return max(1, math.ceil((midnight - timezone.now()).total_seconds()))


def _delivered_today(organization: Organization) -> int:
    midnight = datetime.combine(today_utc(), time(), UTC)
    entries = LedgerEntry.objects.filter(created__gte=midnight, kind=EntryKind.USE)
    return entries.filter(account__organization=organization).count()


def _count(day: date, subject: Subject, kind: FreeKind, limit: int | None) -> bool:
    """Add one call where the limit (None: no limit) leaves room; tell whether it did."""
    if _add(day, subject, kind, limit):
        return True
    DailyFreeUsage.objects.get_or_create(day=day, **subject)
    return _add(day, subject, kind, limit)


def _add(day: date, subject: Subject, kind: FreeKind, limit: int | None) -> bool:
    rows = _rows(day, subject)
    if limit is not None and kind == FreeKind.PREVIEW:
        rows = rows.filter(previews__lt=limit)
    elif limit is not None:
        rows = rows.filter(replays__lt=limit - F("tests") - F("late"))
    return rows.update(**{kind.value: F(kind.value) + 1}) == 1


def _rows(day: date, subject: Subject) -> "QuerySet[DailyFreeUsage]":
    return DailyFreeUsage.objects.filter(day=day, **subject)
