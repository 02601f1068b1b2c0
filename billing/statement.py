"""Every movement of an account's credits in words, newest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing import reasons
from billing.models import EntryKind, LedgerEntry
from billing.order_models import Order, OrderKind

RETURNED_KINDS = (EntryKind.REFUND, EntryKind.REFUND_BACK, EntryKind.DISPUTE, EntryKind.DISPUTE_WON)
KINDS: dict[str, tuple[Any, tuple[EntryKind, ...]]] = {
    "bought": (gettext_lazy("Bought"), (EntryKind.PURCHASE,)),
    "plan": (gettext_lazy("From your plan"), (EntryKind.PLAN,)),
    "given": (gettext_lazy("Given"), (EntryKind.GRANT,)),
    "used": (pgettext_lazy("credits", "Used"), (EntryKind.USE,)),
    "returned": (gettext_lazy("Refunds and disputes"), RETURNED_KINDS),
    "expired": (pgettext_lazy("credits", "Expired"), (EntryKind.EXPIRE,)),
    "corrected": (gettext_lazy("Corrections"), (EntryKind.ADJUST,)),
}
"""What one may look for: (title, the kinds of entries)."""

HEADER = ("time", "entry", "kind", "reason", "credits", "balance_after", "debt", "expires")
ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry, what it was, and the order that it belongs to."""

    entry: LedgerEntry
    words: str
    note: str
    order: Order | None


def entries_of(account_id: int, *, kind: str = "") -> QuerySet[LedgerEntry]:
    """Return the account's entries, newest first, of one kind or of all."""
    entries = LedgerEntry.objects.filter(account=account_id).order_by("-pk")
    if kind not in KINDS:
        return entries
    # The few entries that are no use have an index of their own, which databases find when it is named.
    of_kind = entries.filter(kind__in=KINDS[kind][1])
    return of_kind if kind == "used" else of_kind.exclude(kind=EntryKind.USE)


def latest_but_images(account_id: int, *, count: int) -> list[Movement]:
    """Return the newest movements that were no delivered image."""
    entries = entries_of(account_id).exclude(kind=EntryKind.USE)
    return _in_words(list(entries.select_related("origin")[:count]))


def latest(account_id: int, *, kind: str = "", before: int | None = None, count: int) -> list[Movement]:
    """Return the newest movements, or those that come after this entry in the list."""
    entries = entries_of(account_id, kind=kind).select_related("origin")
    if before is not None:
        entries = entries.filter(pk__lt=before)
    return _in_words(list(entries[:count]))


def csv_rows(account_id: int, *, kind: str = "") -> Iterator[Sequence[object]]:
    """Yield the header, then the entries, newest first, a few thousand in memory at most."""
    yield HEADER
    for entry in entries_of(account_id, kind=kind).iterator(chunk_size=ROWS_AT_ONCE):
        yield (
            entry.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            entry.pk,
            entry.kind,
            entry.reason,
            entry.amount,
            entry.balance_after,
            entry.debt,
            "" if entry.expires_at is None else entry.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )


def _in_words(entries: Sequence[LedgerEntry]) -> list[Movement]:
    named = {purchase.reference for entry in entries for purchase in _purchases(entry)}
    found = Order.objects.filter(
        Q(checkout_session_id__in=named) | Q(kind=OrderKind.RECHARGE, payment_intent_id__in=named)
    )
    orders = {order.purchase_reference: order for order in found}
    movements = []
    for entry in entries:
        order = next(
            (orders[purchase.reference] for purchase in _purchases(entry) if purchase.reference in orders), None
        )
        movements.append(Movement(entry, _words_for(entry, order), _note_on(entry, order), order))
    return movements


def _purchases(entry: LedgerEntry) -> Iterable[LedgerEntry]:
    """Yield the entry itself, or what it takes or gives back, where that is a purchase."""
    return (one for one in (entry, entry.origin) if one is not None and one.kind == EntryKind.PURCHASE)


def _words_for(entry: LedgerEntry, order: Order | None) -> str:  # noqa: PLR0911 - one row for each kind
    pack = {"pack": order.pack_name if order else ""}
    match entry.kind:
        case EntryKind.PURCHASE:
            return _("Bought %(pack)s") % pack if order else _("Bought")
        case EntryKind.PLAN:
            return _("From your plan")
        case EntryKind.GRANT:
            return _("Given")
        case EntryKind.USE:
            return _("Images delivered") if entry.amount < -1 else _("Image delivered")
        case EntryKind.REFUND:
            return _("Refund of %(pack)s") % pack if order else _("Refund")
        case EntryKind.REFUND_BACK:
            return _("Credits back: refund failed")
        case EntryKind.DISPUTE:
            return _("Payment of %(pack)s disputed") % pack if order else _("Payment disputed")
        case EntryKind.DISPUTE_WON:
            return (
                _("Credits back: dispute about %(pack)s is over") % pack
                if order
                else _("Credits back: dispute is over")
            )
        case EntryKind.EXPIRE:
            return _("Not used in time")
    return _("Debt paid") if entry.debt < 0 else _("Correction")


def _note_on(entry: LedgerEntry, order: Order | None) -> str:
    """Return why it moved, where our words for it do not say so already; and what is owed since."""
    if entry.debt > 0:
        return _("%(count)d more are owed: they were used already.") % {"count": entry.debt}
    says_it_all = order is not None or entry.debt < 0 or entry.kind in (EntryKind.USE, EntryKind.EXPIRE)
    return "" if says_it_all else reasons.in_words(entry)
