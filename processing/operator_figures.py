"""What an operator asks first: what came in, what credits did, what failed. By day, in UTC, over all organizations."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts.models import Organization
from billing import paid_after_closing
from billing.free_credit_models import FreeCreditDay, FreeCreditRequest, RequestState, WaitReason
from billing.models import CreditAccount, EntryKind, LedgerEntry
from billing.order_models import Dispute, DisputeStage, EventState, Order, OrderState, Payment, StripeEvent
from billing.refund_models import Refund, RefundRequest, RefundState
from billing.subscription_models import PlanInvoice, Subscription
from processing.models import DailyUsage, RemovalRecord
from processing.utc_day import UtcDay

SOLD, GIVEN, USED = "sold", "given", "used"
_DOING = {
    EntryKind.PURCHASE: SOLD,
    EntryKind.PLAN: SOLD,
    EntryKind.GRANT: GIVEN,
    EntryKind.USE: USED,
}


@dataclass(slots=True)
class Takings:
    """What was paid in one currency, by the day on which it was paid, and what of that went back since."""

    currency: str
    paid: dict[date, int]
    returned: dict[date, int]
    orders: int = 0
    invoices: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """The credits that customers have and may still use, those of them set aside, and what is owed to us."""

    balance: int
    held: int
    debt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for somebody to look."""

    failed_events: int
    orders_with_problems: int
    subscriptions_with_problems: int
    invoices_with_problems: int
    refunds_without_answer: int
    open_disputes: int
    inquiries: int
    suspended: int
    resting: int
    orders_paid_after_closing: int
    invoices_paid_after_closing: int
    free_credit_requests: int
    free_credits_refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All of it, over some days up to today."""

    days: list[date]
    takings: list[Takings]
    credits: Mapping[str, dict[date, int]]
    failed_requests: dict[date, int]
    failed_events: dict[date, int]
    outstanding: Outstanding
    waiting: Waiting
    is_live: bool = field(default=False)


def figures_of(today: date, *, length: int) -> Figures:
    """Return the figures of so many days. Each is one question to the database, however many rows there are."""
    days = [today - timedelta(days=n) for n in reversed(range(length))]
    start = datetime.combine(days[0], time.min, tzinfo=UTC)
    return Figures(
        days=days,
        takings=_takings(start, days),
        credits=_credits(start, days),
        failed_requests=_failed_requests(start, days),
        failed_events=_by_day(StripeEvent.objects.filter(state=EventState.FAILED, created__gte=start), days),
        outstanding=_outstanding(),
        waiting=_waiting(),
        is_live=settings.STRIPE_IS_LIVE,
    )


def _takings(start: datetime, days: list[date]) -> list[Takings]:
    """Return what was paid in each currency; sums of two currencies mean nothing, and are never made."""
    end = _end_of(days)  # Stripe's clock may be ahead of ours
    by_currency: dict[str, Takings] = {}
    for row in _sums_paid(Order.objects.all(), start, end):
        takings = _add(by_currency, row, days)
        takings.orders += row["number"]
    for row in _sums_paid(PlanInvoice.objects.filter(amount__gt=0), start, end):
        takings = _add(by_currency, row, days)
        takings.invoices += row["number"]
    returned = (_sums_returned(sales.objects.all(), start, end) for sales in (Order, PlanInvoice))
    for sent in chain.from_iterable(returned):
        by_currency[sent["currency"]].returned[_day(sent["day"])] += sent["sum"]
    return sorted(by_currency.values(), key=lambda takings: takings.currency)


def _add(by_currency: dict[str, Takings], row: Mapping[str, Any], days: list[date]) -> Takings:
    """Add what was paid for sales of one kind in a currency on a day."""
    nothing = Takings(row["currency"], dict.fromkeys(days, 0), dict.fromkeys(days, 0))
    takings = by_currency.setdefault(row["currency"], nothing)
    takings.paid[_day(row["day"])] += row["sum"]
    return takings


def _paid(sales: QuerySet[Any], start: datetime, end: datetime) -> QuerySet[Any]:
    return sales.filter(paid_at__gte=start, paid_at__lt=end, livemode=settings.STRIPE_IS_LIVE).order_by()


def _sums_paid(sales: QuerySet[Any], start: datetime, end: datetime) -> Iterable[dict[str, Any]]:
    by_day = _paid(sales, start, end).annotate(day=UtcDay("paid_at")).values("day", "currency")
    sums: Iterable[dict[str, Any]] = by_day.annotate(sum=Sum("amount"), number=Count("pk"))
    return sums


def _sums_returned(sales: QuerySet[Any], start: datetime, end: datetime) -> Iterable[dict[str, Any]]:
    payment = Payment.objects.filter(payment_intent_id=OuterRef("payment_intent_id"))
    refunds = Refund.objects.filter(payment__payment_intent_id=OuterRef("payment_intent_id")).order_by()
    stands = refunds.filter(has_failed=False).values("payment").annotate(sum=Sum("amount")).values("sum")
    failed = refunds.filter(has_failed=True).values("payment").annotate(sum=Sum("amount")).values("sum")
    told = Coalesce(Subquery(payment.values("amount_refunded")), Value(0)) - _or_zero(failed)
    # Apart from the others, of which there are many more: what was only paid has nothing to be looked up.
    moved = _paid(sales, start, end).exclude(state=OrderState.PAID)
    moved = moved.annotate(back=Greatest(_or_zero(stands), told), day=UtcDay("paid_at"))
    sums: Iterable[dict[str, Any]] = moved.values("day", "currency").annotate(sum=Sum("back"))
    return sums


def _credits(start: datetime, days: list[date]) -> dict[str, dict[date, int]]:
    """Return how many credits were sold, given and used each day."""
    # Not by kind: SQLite would then look at all uses of all times, by the index that keeps references apart.
    entries = LedgerEntry.objects.filter(created__gte=start, created__lt=_end_of(days)).order_by()
    sums = entries.annotate(day=UtcDay("created")).values("day", "kind").annotate(moved=Sum("amount"))
    found = {doing: dict.fromkeys(days, 0) for doing in (SOLD, GIVEN, USED)}
    for row in sums:
        if doing := _DOING.get(EntryKind(row["kind"])):
            found[doing][_day(row["day"])] += abs(row["moved"])
    return found


def _failed_requests(start: datetime, days: list[date]) -> dict[date, int]:
    """Return how many requests each day failed by our fault; those of today are not in the daily usage yet."""
    found: dict[date, int] = defaultdict(int)
    counted = DailyUsage.objects.filter(day__gte=start.date(), status__gte=500).order_by()
    for row in counted.values("day").annotate(number=Sum("requests")):
        found[row["day"]] += row["number"]
    fresh = RemovalRecord.objects.filter(is_counted=False, status__gte=500, created__gte=start)
    for day, number in _by_day(fresh, days).items():
        found[day] += number
    return {day: found[day] for day in days}


def _outstanding() -> Outstanding:
    sums = CreditAccount.objects.aggregate(
        balance=Sum("balance", default=0), held=Sum("held", default=0), debt=Sum("debt", default=0)
    )
    return Outstanding(**sums)


def _waiting() -> Waiting:
    disputes = Dispute.objects.aggregate(
        open_disputes=Count("pk", filter=Q(stage=DisputeStage.OPEN)),
        inquiries=Count("pk", filter=Q(stage=DisputeStage.INQUIRY)),
    )
    organizations = Organization.objects.filter(closed_at=None).aggregate(
        suspended=Count("pk", filter=Q(suspended_at__isnull=False)),
        resting=Count("pk", filter=Q(keys_frozen_at__isnull=False)),
    )
    return Waiting(
        failed_events=StripeEvent.objects.filter(state=EventState.FAILED).count(),
        orders_with_problems=Order.objects.exclude(problem="").count(),
        subscriptions_with_problems=Subscription.objects.exclude(problem="").count(),
        invoices_with_problems=PlanInvoice.objects.exclude(problem="").count(),
        refunds_without_answer=RefundRequest.objects.filter(state=RefundState.ASKED).count(),
        orders_paid_after_closing=paid_after_closing.orders().count(),
        invoices_paid_after_closing=paid_after_closing.invoices().count(),
        free_credit_requests=FreeCreditRequest.objects.filter(
            state=RequestState.WAITING, reason__in=(WaitReason.APPROVAL, WaitReason.BUDGET)
        ).count(),
        free_credits_refused=FreeCreditDay.objects.filter(
            day=timezone.now().astimezone(UTC).date(), refused__gt=0
        ).aggregate(sum=Sum("refused", default=0))["sum"],
        **disputes,
        **organizations,
    )


def _by_day(rows: QuerySet[Any], days: list[date]) -> dict[date, int]:
    found = dict.fromkeys(days, 0)
    for row in rows.order_by().annotate(day=UtcDay("created")).values("day").annotate(number=Count("pk")):
        found[_day(row["day"])] = row["number"]
    return found


def _end_of(days: list[date]) -> datetime:
    return datetime.combine(days[-1] + timedelta(days=1), time.min, tzinfo=UTC)


def _or_zero(sums: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(sums), Value(0))


def _day(day: date | str) -> date:
    return day if isinstance(day, date) else date.fromisoformat(day)
