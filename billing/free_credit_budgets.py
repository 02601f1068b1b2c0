"""Daily budgets of free credits: for an address, its network, a mail domain and everyone together.

Each budget is a row that one conditional UPDATE fills, so that grants at the same moment never exceed it. Days are
those of UTC. Addresses and domains are stored as keyed hashes and deleted after KEPT_DAYS.
"""

import ipaddress
import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from accounts.addresses import rate_limit_address
from accounts.security_log import keyed_hash
from billing.free_credit_models import BudgetKind, FreeCreditDay
from billing.mail_domains import owned_domain_of
from billing.metrics import free_credits_refused

logger = logging.getLogger(__name__)

KEPT_DAYS = 7
NETWORK_BITS = {4: 24, 6: 48}

Subjects = Mapping[str, str]
"""The keyed hash of what each kind of budget counts; the kinds are those of BudgetKind."""


class BudgetUsedUp(Exception):
    """A budget of the day has no room for another grant."""

    def __init__(self, kind: BudgetKind, subject: str) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.subject = subject


def subjects_of(email: str, request: HttpRequest | None) -> dict[str, str]:
    """Return what the budgets count for a person; without a request there is no address to count."""
    found: dict[str, str] = {}
    if request is not None:
        address = ipaddress.ip_address(rate_limit_address(request))
        network = ipaddress.ip_network((address, NETWORK_BITS[address.version]), strict=False)
        found[BudgetKind.ADDRESS.value] = keyed_hash(f"free credits:{address}")
        found[BudgetKind.NETWORK.value] = keyed_hash(f"free credits:{network}")
    if (domain := owned_domain_of(email)) is not None:
        found[BudgetKind.DOMAIN.value] = keyed_hash(f"free credits:{domain}")
    return found


def take(subjects: Subjects, amount: int) -> None:
    """Count a grant of `amount` credits in each budget of today; raise BudgetUsedUp where one has no room.

    Call it inside a transaction that ends without effect when it raises. The rows are locked in the order of
    BudgetKind, so that two grants never wait for each other.
    """
    today = _today()
    for kind in BudgetKind:
        if kind != BudgetKind.EVERYONE and kind.value not in subjects:
            continue
        subject = subjects.get(kind.value, "")
        row = FreeCreditDay.objects.filter(day=today, kind=kind, subject=subject)
        FreeCreditDay.objects.bulk_create([FreeCreditDay(day=today, kind=kind, subject=subject)], ignore_conflicts=True)
        if kind == BudgetKind.EVERYONE:
            room = row.filter(credits__lte=settings.FREE_CREDITS_PER_DAY - amount)
        else:
            room = row.filter(grants__lt=_most_grants(kind))
        if not room.update(grants=F("grants") + 1, credits=F("credits") + amount):
            raise BudgetUsedUp(kind, subject)


def report(refusal: BudgetUsedUp) -> None:
    """Count a refusal for the operator; the first one of a budget and day is logged."""
    free_credits_refused.labels(refusal.kind.value).inc()
    key = {"day": _today(), "kind": refusal.kind, "subject": refusal.subject}
    FreeCreditDay.objects.bulk_create([FreeCreditDay(**key)], ignore_conflicts=True)
    FreeCreditDay.objects.filter(**key).update(refused=F("refused") + 1)
    if FreeCreditDay.objects.filter(**key, refused=1).exists():
        logger.warning("free_credits_budget_reached", extra={"budget": refusal.kind.value, "subject": refusal.subject})


def forget_old_days(now: datetime) -> int:
    """Delete the rows of days that ended KEPT_DAYS ago; return how many."""
    deleted, _by_model = FreeCreditDay.objects.filter(day__lt=_day_of(now) - timedelta(days=KEPT_DAYS)).delete()
    return deleted


def _most_grants(kind: BudgetKind) -> int:
    most: int = {
        BudgetKind.ADDRESS: settings.FREE_CREDITS_GRANTS_PER_ADDRESS,
        BudgetKind.NETWORK: settings.FREE_CREDITS_GRANTS_PER_NETWORK,
        BudgetKind.DOMAIN: settings.FREE_CREDITS_GRANTS_PER_DOMAIN,
    }[kind]
    return most


def _today() -> date:
    return _day_of(timezone.now())


def _day_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
