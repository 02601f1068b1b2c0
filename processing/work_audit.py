"""How much work was delivered for the credits that were charged: from the request records, apart from the books."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q, Sum

from accounts.models import Organization
from billing.models import IdempotencyClaim
from processing.models import DailyUsage, RemovalRecord
from processing.usage import OUTCOMES, start_of

SHOWN_ORGANIZATIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Images that an organization was delivered since a day, and the credits charged for them."""

    organization: str
    delivered: int
    credits: int

    @property
    def free(self) -> int:
        """Return the images that were delivered without a charge: replays and tests."""
        return self.delivered - self.credits

    @property
    def per_credit(self) -> float:
        """Return the images a credit paid for; infinite where all were free."""
        return self.delivered / self.credits if self.credits else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replays:
    """Replays of the idempotency keys that are known now."""

    keys: int
    replayed_keys: int
    total: int
    most: int


def work_since(first: date) -> Sequence[Work]:
    """Return the work of each organization from the start of this day (UTC) on, the most free images first."""
    delivered: dict[int, list[int]] = {}
    uncounted = RemovalRecord.objects.filter(OUTCOMES["delivered"], is_counted=False, created__gte=start_of(first))
    counted = DailyUsage.objects.filter(OUTCOMES["delivered"], day__gte=first)
    by_record = uncounted.order_by().values("organization_id").annotate(n=Count("*"), c=Sum("credits_charged"))
    by_day = counted.order_by().values("organization_id").annotate(n=Sum("requests"), c=Sum("credits_charged"))
    for row in (*by_record, *by_day):
        sums = delivered.setdefault(row["organization_id"], [0, 0])
        sums[0] += row["n"] or 0
        sums[1] += row["c"] or 0
    names = dict(Organization.objects.filter(pk__in=delivered).values_list("pk", "public_id"))
    work = [Work(organization=names[pk], delivered=n, credits=c) for pk, (n, c) in delivered.items()]
    return sorted(work, key=lambda one: (-one.free, one.organization))


def replays_now() -> Replays:
    """Return how often the known idempotency keys were repeated."""
    found = IdempotencyClaim.objects.aggregate(
        keys=Count("pk"),
        replayed_keys=Count("pk", filter=Q(replays__gt=0)),
        total=Sum("replays"),
        most=Max("replays"),
    )
    return Replays(**{name: value or 0 for name, value in found.items()})
