"""What is left of the credits that each entry brought, and so what can expire.

Holding and capturing know nothing of lots. Uses are counted against them when something else than a use moves credits:
as no lot came or went in between, it is as if each had been counted at once. How many there were follows from what the
lots add up to and what the balance was just before. Whoever calls has locked the account.
"""

from collections.abc import Iterable

from django.db.models import F, Q

from billing.errors import LedgerBroken
from billing.models import CreditLot, EntryKind, LedgerEntry


def follow(entry: LedgerEntry) -> None:
    """Count the uses before this entry, then the entry itself: a new lot, or credits that lots lose."""
    lots = count_uses(entry.account_id, entry.balance_after - entry.amount, before=entry)
    if entry.amount > 0:
        CreditLot.objects.create(
            account_id=entry.account_id, entry=entry, left=entry.amount, expires_at=entry.expires_at
        )
        return
    own = [lot for lot in lots if entry.origin_id in {lot.entry_id, lot.entry.origin_id} - {None}]
    _take(-entry.amount, [*own, *(lot for lot in lots if lot not in own)])
    if entry.debt > 0:
        _keep(own)


def count_uses(account_id: int, balance: int, *, before: LedgerEntry | None = None) -> list[CreditLot]:
    """Count what was used since lots last changed, earliest expiry first; return the lots, in that order."""
    _open_missing(account_id, before)
    in_order = (F("expires_at").asc(nulls_last=True), "entry_id")
    lots = list(CreditLot.objects.filter(account=account_id, left__gt=0).select_related("entry").order_by(*in_order))
    _take(sum(lot.left for lot in lots) - balance, lots)
    return lots


def _open_missing(account_id: int, before: LedgerEntry | None) -> None:
    """Open lots for entries that came before there were lots, or from a process that does not know them yet."""
    coming = LedgerEntry.objects.filter(~Q(kind=EntryKind.USE), account=account_id, amount__gt=0, lot=None)
    if before is not None:
        coming = coming.filter(pk__lt=before.pk)
    CreditLot.objects.bulk_create(
        CreditLot(account_id=account_id, entry=entry, left=entry.amount, expires_at=entry.expires_at)
        for entry in coming.order_by("pk")
    )


def _keep(owed: Iterable[CreditLot]) -> None:
    """Let what was held while its money went back not expire: it is owed already, and would be taken twice."""
    for lot in owed:
        if lot.left:
            lot.expires_at = None
            lot.save(update_fields=["expires_at"])


def _take(amount: int, lots: Iterable[CreditLot]) -> None:
    if amount < 0:
        raise LedgerBroken("The lots of an account hold less than its balance.")
    for lot in lots:
        taken = min(amount, lot.left)
        if taken:
            lot.left -= taken
            amount -= taken
            lot.save(update_fields=["left"])
    if amount:
        raise LedgerBroken("More credits went than the lots of an account held.")
