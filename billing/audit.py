"""Do the books agree with themselves? Each rule reads the tables and names every row that breaks it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    Window,
)
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils import timezone

from billing import append_only, order_audit, plan_audit
from billing.disagreements import Disagreement
from billing.models import (
    MAX_REPLAYS,
    ClaimState,
    CreditAccount,
    CreditHold,
    CreditLot,
    EntryKind,
    HoldState,
    IdempotencyClaim,
    KeyMonth,
    LedgerEntry,
)
from billing.order_models import Order
from billing.subscription_models import PlanInvoice, Subscription


def find_disagreements() -> list[Disagreement]:
    """Return everything that is wrong with the ledger at one moment; empty when it is sound."""
    now = timezone.now()
    with _one_moment():
        return [disagreement for rule in RULES for disagreement in rule(now)]


def count_rows() -> dict[str, int]:
    """Return how many rows of each kind there are to check."""
    models = (
        CreditAccount,
        LedgerEntry,
        CreditHold,
        IdempotencyClaim,
        KeyMonth,
        CreditLot,
        Order,
        Subscription,
        PlanInvoice,
    )
    return {str(model._meta.verbose_name_plural): model._default_manager.count() for model in models}


def balance_is_sum_of_entries(now: datetime) -> Iterator[Disagreement]:
    """Invariant 1: an account has what its entries add up to."""
    sums = LedgerEntry.objects.filter(account=OuterRef("pk")).order_by().values("account").annotate(total=Sum("amount"))
    accounts = CreditAccount.objects.annotate(total=_or_zero(sums.values("total"))).exclude(balance=F("total"))
    for account in accounts:
        facts = f"balance {account.balance}, entries add up to {account.total}"
        yield Disagreement("balance_is_sum_of_entries", f"account {account.pk}", facts)


def debt_is_sum_of_entries(now: datetime) -> Iterator[Disagreement]:
    """An account owes what its entries add up to."""
    sums = LedgerEntry.objects.filter(account=OuterRef("pk")).order_by().values("account").annotate(total=Sum("debt"))
    accounts = CreditAccount.objects.annotate(total=_or_zero(sums.values("total"))).exclude(debt=F("total"))
    for account in accounts:
        facts = f"debt {account.debt}, entries add up to {account.total}"
        yield Disagreement("debt_is_sum_of_entries", f"account {account.pk}", facts)


def balance_after_follows(now: datetime) -> Iterator[Disagreement]:
    """Invariant 8: no entry is missing, added or altered between two others: each one continues the sum before it."""
    so_far = Window(Sum("amount"), partition_by=F("account"), order_by=F("id").asc())
    entries = LedgerEntry.objects.annotate(so_far=so_far)
    for row in entries.exclude(balance_after=F("so_far")).values("pk", "balance_after", "so_far"):
        facts = f"balance_after {row['balance_after']}, entries so far add up to {row['so_far']}"
        yield Disagreement("balance_after_follows", f"entry {row['pk']}", facts)


def held_is_sum_of_open_holds(now: datetime) -> Iterator[Disagreement]:
    """Invariant 2: what is held is what open holds hold, and no more than there is."""
    open_holds = CreditHold.objects.filter(account=OuterRef("pk"), state=HoldState.HELD).order_by().values("account")
    total = _or_zero(open_holds.annotate(total=Sum("amount")).values("total"))
    wrong = ~Q(held=F("total")) | Q(held__lt=0) | Q(held__gt=F("balance"))
    for account in CreditAccount.objects.annotate(total=total).filter(wrong):
        facts = f"held {account.held} of balance {account.balance}, open holds add up to {account.total}"
        yield Disagreement("held_is_sum_of_open_holds", f"account {account.pk}", facts)


def captured_hold_has_its_use(now: datetime) -> Iterator[Disagreement]:
    """Invariant 3: a captured hold was paid with one entry of its amount, from its own account."""
    use = LedgerEntry.objects.filter(
        kind=EntryKind.USE,
        reference=_reference_of(OuterRef("pk")),
        account=OuterRef("account"),
        amount=-OuterRef("amount"),
    )
    for credit_hold in CreditHold.objects.filter(~Exists(use), state=HoldState.CAPTURED):
        yield Disagreement("captured_hold_has_its_use", f"hold {credit_hold.pk}", "captured, but no such use entry")


def use_has_its_captured_hold(now: datetime) -> Iterator[Disagreement]:
    """Invariant 3, the other way: nothing was used that no captured hold asked for."""
    captured = CreditHold.objects.filter(state=HoldState.CAPTURED).values_list(_reference_of(F("pk")))
    for entry in LedgerEntry.objects.filter(kind=EntryKind.USE).exclude(reference__in=captured):
        yield Disagreement("use_has_its_captured_hold", f"entry {entry.pk}", f"{entry.reference} was not captured")


def key_is_paid_once(now: datetime) -> Iterator[Disagreement]:
    """Invariant 6: a delivered key was paid for by one hold of its account, a running one by none."""
    captured = Count("holds", filter=Q(holds__state=HoldState.CAPTURED, holds__account=F("account")))
    wrong = Q(state=ClaimState.DELIVERED) & ~Q(captured=1) | Q(state=ClaimState.RUNNING) & ~Q(captured=0)
    for claim in IdempotencyClaim.objects.annotate(captured=captured).filter(wrong):
        facts = f"{claim.state}, paid for by {claim.captured} holds"
        yield Disagreement("key_is_paid_once", f"claim {claim.pk}", facts)


def replays_are_bounded(now: datetime) -> Iterator[Disagreement]:
    """No key was repeated without a charge more often than a key may be."""
    for claim in IdempotencyClaim.objects.filter(replays__gt=MAX_REPLAYS):
        facts = f"repeated {claim.replays} times, at most {MAX_REPLAYS} are free"
        yield Disagreement("replays_are_bounded", f"claim {claim.pk}", facts)


def event_is_written_once(now: datetime) -> Iterator[Disagreement]:
    """Invariant 7: one event, one entry."""
    events = LedgerEntry.objects.order_by().values("kind", "reference").annotate(times=Count("pk"))
    for event in events.filter(times__gt=1):
        row = f"{event['kind']} {event['reference']}"
        yield Disagreement("event_is_written_once", row, f"written {event['times']} times")


def entries_are_guarded(now: datetime) -> Iterator[Disagreement]:
    """Invariant 8: the database itself refuses to change or delete entries."""
    for name in append_only.find_missing_triggers(connection):
        yield Disagreement("entries_are_guarded", f"trigger {name}", "missing or switched off")


def holds_are_swept(now: datetime) -> Iterator[Disagreement]:
    """Invariant 9: no hold outlives its lease by another lease; else nobody sweeps."""
    long_ago = now - timedelta(seconds=settings.HOLD_LEASE_S)
    for credit_hold in CreditHold.objects.filter(state=HoldState.HELD, lease_expires_at__lte=long_ago):
        facts = f"held by {credit_hold.owner}, lease ended {credit_hold.lease_expires_at:%Y-%m-%d %H:%M:%S}"
        yield Disagreement("holds_are_swept", f"hold {credit_hold.pk}", facts)


def month_is_sum_of_holds(now: datetime) -> Iterator[Disagreement]:
    """A key's month holds what its open holds hold, and has spent what its captured ones took."""
    of_month = CreditHold.objects.filter(key_month=OuterRef("pk")).order_by().values("key_month")
    months = KeyMonth.objects.annotate(
        in_work=_or_zero(of_month.filter(state=HoldState.HELD).annotate(total=Sum("amount")).values("total")),
        taken=_or_zero(of_month.filter(state=HoldState.CAPTURED).annotate(total=Sum("amount")).values("total")),
    )
    for month in months.filter(~Q(held=F("in_work")) | ~Q(spent=F("taken"))):
        facts = f"held {month.held} and spent {month.spent}, its holds add up to {month.in_work} and {month.taken}"
        yield Disagreement("month_is_sum_of_holds", f"key {month.api_key_id} in {month.month:%Y-%m}", facts)


def lots_add_up(now: datetime) -> Iterator[Disagreement]:
    """Lots hold what entries left, and beside it at most the uses since the last other entry: counted later."""
    entries = LedgerEntry.objects.filter(account=OuterRef("pk"))
    no_uses = entries.exclude(kind=EntryKind.USE)
    left = CreditLot.objects.filter(account=OuterRef("pk")).order_by().values("account")
    accounts = CreditAccount.objects.annotate(
        total=_or_zero(left.annotate(total=Sum("left")).values("total")),
        least=_or_zero(entries.order_by("-pk").values("balance_after")[:1]),
        most=_or_zero(no_uses.order_by("-pk").values("balance_after")[:1]),
    )
    # Entries of before there were lots get theirs with the account's next entry.
    known = accounts.filter(~Exists(no_uses.filter(amount__gt=0, lot=None)))
    for account in known.exclude(total__gte=F("least"), total__lte=F("most")):
        facts = f"lots hold {account.total}, should be {account.least} to {account.most}"
        yield Disagreement("lots_add_up", f"account {account.pk}", facts)


def lot_fits_its_entry(now: datetime) -> Iterator[Disagreement]:
    """A lot holds no more than its entry brought, of the same account, until the same time, or for good where owed."""
    of_it = Q(origin=OuterRef("entry")) | Q(origin=OuterRef("entry__origin"))
    owed = Exists(LedgerEntry.objects.filter(of_it, debt__gt=0))
    same_time = Q(expires_at=F("entry__expires_at")) | Q(Q(entry__expires_at=None) | owed, expires_at=None)
    fits = Q(left__lte=F("entry__amount"), account=F("entry__account")) & same_time
    for lot in CreditLot.objects.filter(~fits):
        yield Disagreement("lot_fits_its_entry", f"lot {lot.pk}", f"{lot.left} left of entry {lot.entry_id}")


def nothing_is_taken_back_twice(now: datetime) -> Iterator[Disagreement]:
    """Refunds, disputes and expiry take from an entry no more than it brought, and give back no more than they took."""
    taken = Sum(F("consequences__debt") - F("consequences__amount"), filter=~Q(consequences__kind=EntryKind.ADJUST))
    origins = LedgerEntry.objects.annotate(taken=taken).filter(taken__isnull=False)
    wrong = origins.filter(Q(taken__lt=0) | Q(taken__gt=F("amount")))
    for entry in wrong.values("pk", "amount", "taken"):
        facts = f"brought {entry['amount']}, {entry['taken']} were taken back"
        yield Disagreement("nothing_is_taken_back_twice", f"entry {entry['pk']}", facts)


RULES: tuple[Callable[[datetime], Iterator[Disagreement]], ...] = (
    balance_is_sum_of_entries,
    debt_is_sum_of_entries,
    balance_after_follows,
    held_is_sum_of_open_holds,
    captured_hold_has_its_use,
    use_has_its_captured_hold,
    key_is_paid_once,
    replays_are_bounded,
    event_is_written_once,
    entries_are_guarded,
    holds_are_swept,
    month_is_sum_of_holds,
    lots_add_up,
    lot_fits_its_entry,
    nothing_is_taken_back_twice,
    *order_audit.RULES,
    *plan_audit.RULES,
)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let all rules see the same state, while others go on working (PostgreSQL) or wait for us (SQLite)."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _reference_of(hold_pk: F | OuterRef) -> Concat:
    """Write in SQL what `ledger.capture` writes as the reference of a use."""
    return Concat(Value("hold:"), Cast(hold_pk, CharField()), output_field=CharField())


def _or_zero(total: "QuerySet[Any, Any]") -> Coalesce:
    return Coalesce(Subquery(total), 0, output_field=BigIntegerField())
