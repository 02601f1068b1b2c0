"""An organization's keys as its pages show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.abilities import can_manage
from accounts.models import ApiKey, Membership, Organization
from billing.models import KeyMonth
from processing.key_forms import last_day_of

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """One key, what its line spent this month, and whether the person who looks may manage it."""

    key: ApiKey
    spent: int
    is_managed: bool
    ends_soon: bool
    is_replaced: bool
    """Whether a newer key was made by rotating it."""
    replaces: ApiKey | None
    """The key before it, where that one still works."""

    @property
    def last_day(self) -> date | None:
        """The last day on which it works."""
        return last_day_of(self.key.expires_at)

    @property
    def is_near_its_cap(self) -> bool:
        """Whether four fifths of what it may spend are spent."""
        cap = self.key.monthly_credit_cap
        return cap is not None and self.spent * 5 >= cap * 4


def keys_of(membership: Membership) -> tuple[Sequence[ListedKey], Sequence[ListedKey]]:
    """Return the organization's keys that work, and those that do not any more, the newest first."""
    now = timezone.now()
    spent = spent_by_key(membership.organization, now)
    keys = list(membership.organization.api_keys.select_related("created_by").order_by("-pk"))
    newest = newest_by_line(keys)
    replaced = {key.spends_as: key for key in reversed(keys) if newest[key.spends_as] != key and key.is_active_at(now)}
    listed = [
        ListedKey(
            key=key,
            spent=spent.get(key.spends_as, 0),
            is_managed=can_manage(membership, key),
            ends_soon=key.expires_at is not None and key.expires_at - now < SOON,
            is_replaced=newest[key.spends_as] != key,
            replaces=replaced.get(key.spends_as) if newest[key.spends_as] == key else None,
        )
        for key in keys
    ]
    working = [row for row in listed if row.key.is_active_at(now)]
    return working, [row for row in listed if not row.key.is_active_at(now)]


def newest_by_line(keys: Iterable[ApiKey]) -> dict[int, ApiKey]:
    """Return the last key that rotation made, by the id of the first key of each line."""
    newest: dict[int, ApiKey] = {}
    for key in keys:
        if key.spends_as not in newest or newest[key.spends_as].pk < key.pk:
            newest[key.spends_as] = key
    return newest


def neighbors_of(key: ApiKey) -> tuple[ApiKey | None, ApiKey | None]:
    """Return the working keys of the same line that are older and newer than this one, the newest of each."""
    is_of_line = Q(pk=key.spends_as) | Q(rotated_from=key.spends_as)
    line = ApiKey.objects.filter(is_of_line, organization=key.organization_id).exclude(pk=key.pk).order_by("-pk")
    working = [other for other in line if other.is_active_now]
    older = next((other for other in working if other.pk < key.pk), None)
    newer = next((other for other in working if other.pk > key.pk), None)
    return older, newer


def spent_by_key(organization: Organization, now: datetime) -> dict[int, int]:
    """Return the credits spent in the month of this moment, by the id of the first key of each line."""
    month = now.astimezone(UTC).date().replace(day=1)
    months = KeyMonth.objects.filter(api_key__organization=organization, month=month)
    return dict(months.values_list("api_key_id", "spent"))
