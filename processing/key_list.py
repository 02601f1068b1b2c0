"""An organization's keys as its pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

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
    listed = [
        ListedKey(
            key=key,
            spent=spent.get(key.spends_as, 0),
            is_managed=can_manage(membership, key),
            ends_soon=key.expires_at is not None and key.expires_at - now < SOON,
        )
        for key in membership.organization.api_keys.select_related("created_by").order_by("-pk")
    ]
    working = [row for row in listed if row.key.is_active_at(now)]
    return working, [row for row in listed if not row.key.is_active_at(now)]


def spent_by_key(organization: Organization, now: datetime) -> dict[int, int]:
    """Return the credits spent in the month of this moment, by the id of the first key of each line."""
    month = now.astimezone(UTC).date().replace(day=1)
    months = KeyMonth.objects.filter(api_key__organization=organization, month=month)
    return dict(months.values_list("api_key_id", "spent"))
