"""The plain model of one organization's credits: what the ledger should say, in lists and sums.

It counts each use at once, where the ledger counts them against lots when lots change next.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

NEVER = datetime.max.replace(tzinfo=UTC)
KEY_CAP = 6


@dataclass(eq=False)
class Lot:
    """What is left of credits that came together; `owner` is the purchase that they belong to."""

    left: int
    expires_at: datetime | None
    owner: Any = None


@dataclass(eq=False)
class Hold:
    """What a hold should be; `month` is the month of the key that asked for it."""

    amount: int
    lease_ends: datetime
    month: date | None = None
    is_open: bool = True


@dataclass
class Books:
    """Lots, debt and holds of one organization."""

    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    used: int = 0
    holds: list[Hold] = field(default_factory=list)
    captured: list[Hold] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return sum(lot.left for lot in self.lots)

    @property
    def open_holds(self) -> list[Hold]:
        return [hold for hold in self.holds if hold.is_open]

    @property
    def held(self) -> int:
        return sum(hold.amount for hold in self.open_holds)

    @property
    def available(self) -> int:
        return self.balance - self.held

    def of_month(self, month: date) -> tuple[int, int]:
        """Return what the capped key holds and has spent of a month."""
        settled = [hold.amount for hold in self.holds if hold.month == month and hold in self.captured]
        return sum(hold.amount for hold in self.open_holds if hold.month == month), sum(settled)

    def allows(self, amount: int, month: date | None) -> bool:
        """Tell whether so much can be held, by the capped key where a month is given."""
        return self.available >= amount and (month is None or sum(self.of_month(month)) + amount <= KEY_CAP)

    def capture(self, hold: Hold) -> None:
        hold.is_open = False
        self.captured.append(hold)
        self.used += hold.amount
        self.take(hold.amount)

    def bring(self, amount: int, *, expires_at: datetime | None, owner: Any = None, pays_debt: bool = False) -> None:
        """Add credits; what was paid for pays a debt first."""
        lot = Lot(amount, expires_at, owner)
        self.lots.append(lot)
        if pays_debt:
            paid = min(self.debt, amount)
            self.debt -= paid
            self.take(paid, first=lambda other: other is lot)

    def take_back(self, amount: int, *, owner: Any) -> None:
        """Take what is available, from the owner's lots first; the rest is owed, and what is left of them stays."""
        taken = min(amount, self.available)
        self.take(taken, first=lambda lot: lot.owner is owner)
        self.debt += amount - taken
        for lot in self.lots:
            if amount > taken and lot.owner is owner and lot.left:
                lot.expires_at = None

    def expire(self, now: datetime) -> list[tuple[Lot, int]]:
        """Take what is left of lots that are due and is not held; return how much of which."""
        gone = []
        for lot in sorted(self.lots, key=lambda lot: lot.expires_at or NEVER):
            if lot.expires_at is not None and lot.expires_at <= now:
                amount = min(lot.left, self.available)
                lot.left -= amount
                gone.append((lot, amount))
        return gone

    def take(self, amount: int, *, first: Callable[[Lot], bool] = lambda lot: False) -> None:
        """Take from lots, earliest expiry first, and of two with the same the older one."""
        for lot in sorted(self.lots, key=lambda lot: (not first(lot), lot.expires_at or NEVER)):
            taken = min(amount, lot.left)
            lot.left -= taken
            amount -= taken
        assert amount == 0, "the model itself is wrong"
