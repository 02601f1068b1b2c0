"""What a balance is made of: bought, of the plan, or given; and what of it expires when.

Read from lots without writing: uses since lots last changed are counted here as `lots` would count them, earliest
expiry first. A movement between two reads may make this a little old, never the balance itself wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from billing.models import CreditAccount, CreditLot, EntryKind, LedgerEntry

_SOURCES = {EntryKind.PLAN.value: "plan", EntryKind.PURCHASE.value: "pack"}
SOURCE_NAMES = {"plan": _("From your plan"), "pack": _("Bought"), "free": _("Given")}
"""In the order in which they are shown."""


@dataclass(slots=True)
class Part:
    """The credits of one source, and those of them that expire first."""

    source: str
    credits: int = 0
    expires_at: datetime | None = None
    expiring: int = 0

    @property
    def name(self) -> str:
        """What people call the source."""
        return str(SOURCE_NAMES[self.source])

    def add(self, credits: int, expires_at: datetime | None) -> None:
        """Count these in; they come in the order of their expiry."""
        self.credits += credits
        if expires_at is not None and self.expires_at in (None, expires_at):
            self.expires_at = expires_at
            self.expiring += credits


@dataclass(frozen=True, slots=True)
class _Lot:
    kind: str
    left: int
    expires_at: datetime | None
    entry_id: int


def composition_of(account: CreditAccount) -> list[Part]:
    """Return what the account's balance is made of, source by source; empty where there is nothing."""
    parts: dict[str, Part] = {}
    for lot in _after_uses(_lots_of(account.pk), account.balance):
        source = _SOURCES.get(lot.kind, "free")
        parts.setdefault(source, Part(source)).add(lot.left, lot.expires_at)
    return [parts[source] for source in SOURCE_NAMES if source in parts]


def _lots_of(account_id: int) -> list[_Lot]:
    """Return the lots, those that are still to be opened, too, in the order in which they are used."""
    first_kind = Coalesce("entry__origin__kind", "entry__kind")
    known = CreditLot.objects.filter(account=account_id, left__gt=0).annotate(first_kind=first_kind)
    rows = list(known.values_list("first_kind", "left", "expires_at", "entry_id"))
    missing = LedgerEntry.objects.filter(~Q(kind=EntryKind.USE), account=account_id, amount__gt=0, lot=None)
    rows += missing.annotate(first_kind=Coalesce("origin__kind", "kind")).values_list(
        "first_kind", "amount", "expires_at", "pk"
    )
    lots = [_Lot(*row) for row in rows]
    return sorted(lots, key=lambda lot: (lot.expires_at is None, lot.expires_at or 0, lot.entry_id))


def _after_uses(lots: list[_Lot], balance: int) -> Iterable[_Lot]:
    used = max(0, sum(lot.left for lot in lots) - balance)
    for lot in lots:
        taken = min(used, lot.left)
        used -= taken
        if lot.left > taken:
            yield _Lot(lot.kind, lot.left - taken, lot.expires_at, lot.entry_id)
