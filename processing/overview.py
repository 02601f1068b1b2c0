"""What an organization's first page shows: what is left, what happened lately, and what comes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from django.utils import timezone

from accounts.models import Organization
from billing.levels import Level, level_of
from billing.models import CreditAccount
from billing.selectors import Credits, account_of, credits_of, topped_up_to
from processing.models import DailyUsage, Origin, RemovalRecord
from processing.usage import Day, Question, credits_since, days_of, latest, total_of

RECENT_REQUESTS = 5
DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """What a new organization has done of the three things that come first."""

    has_tried: bool
    has_key: bool
    has_called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One organization at a glance; `steps` is None once the first request by the API was delivered."""

    account: CreditAccount
    credits: Credits
    full: int
    level: Level
    credits_this_month: int
    days: Sequence[Day]
    week: Day
    recent: Sequence[RemovalRecord]
    steps: FirstSteps | None


def overview_of(organization: Organization) -> Overview:
    """Return what the organization's first page shows."""
    account = account_of(organization)
    credits = credits_of(account.pk)
    full = max(topped_up_to(account.pk), credits.available)
    today = timezone.now().astimezone(UTC).date()
    asked = Question(organization_id=organization.pk, first=today - timedelta(days=DAYS - 1), last=today)
    days = days_of(asked)
    return Overview(
        account=account,
        credits=credits,
        full=full,
        level=level_of(credits.available, full),
        credits_this_month=credits_since(organization.pk, today.replace(day=1)),
        days=days,
        week=total_of(days),
        recent=latest(_ever(organization, today), before=None, count=RECENT_REQUESTS),
        steps=first_steps_of(organization),
    )


def first_steps_of(organization: Organization) -> FirstSteps | None:
    """Return which steps were done; None when the last one was, as then nobody needs to be led any more."""
    if _has_delivered(organization, Origin.API):
        return None
    return FirstSteps(
        has_tried=has_tried(organization),
        has_key=organization.api_keys.filter(revoked_at=None).exists(),
        has_called=False,
    )


def has_tried(organization: Organization) -> bool:
    """Tell whether anybody there ever cut out a photo on the pages."""
    return _has_delivered(organization, Origin.PLAYGROUND)


def _has_delivered(organization: Organization, origin: Origin) -> bool:
    """Tell whether an image was ever delivered there, also when its record is gone by now."""
    asked = {"organization": organization, "origin": origin, "status": 200}
    return RemovalRecord.objects.filter(**asked).exists() or DailyUsage.objects.filter(**asked).exists()


def _ever(organization: Organization, today: date) -> Question:
    return Question(organization_id=organization.pk, first=date(2000, 1, 1), last=today)
