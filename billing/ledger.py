"""The only writer of accounts, holds and entries: each movement is one guarded UPDATE in one short transaction.

The test and the change are the same statement, so of two requests that want the last credit one gets zero rows. The
process clock decides about leases; hosts that share a database need their clocks in step to within a few seconds.
What is left of the credits that an entry brought is counted in `lots`.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.errors import ServiceError
from accounts.models import ApiKey, Organization, User
from billing import lots, recharge_bell
from billing.bounds import LARGEST_MOVEMENT
from billing.errors import HoldLost, InsufficientCredits, KeyCapReached, LedgerBroken
from billing.models import (
    COMING_KINDS,
    PAID_KINDS,
    TAKEN_BACK_KINDS,
    CreditAccount,
    CreditHold,
    CreditLot,
    EntryKind,
    HoldState,
    IdempotencyClaim,
    KeyMonth,
    LedgerEntry,
    Plan,
)
from billing.transactions import in_short_transaction

logger = logging.getLogger(__name__)

SWEPT_AT_ONCE = 500


def open_account(organization: Organization, *, plan: Plan | None = None) -> CreditAccount:
    """Return the organization's account, opened empty on `plan` (else the default plan) when it has none yet."""
    account, _ = CreditAccount.objects.get_or_create(
        organization=organization, defaults={"plan": plan or Plan.objects.get(is_default=True)}
    )
    return account


def hold(
    account: CreditAccount, *, amount: int, claim: IdempotencyClaim | None = None, api_key: ApiKey | None = None
) -> CreditHold:
    """Set credits aside until captured, released or swept, counted for the key that asks for them.

    Raise InsufficientCredits when too few are available, KeyCapReached when the key's month has too few left.
    """
    _require_positive(amount)
    now = timezone.now()
    month = None if api_key is None else open_month(api_key, now)

    def movement() -> CreditHold:
        if not set_aside(account.pk, amount):
            raise InsufficientCredits
        # After the account, here as when it is settled: who locks in one order waits for nobody in a circle.
        if api_key is not None and month is not None and not set_aside_of_month(month.pk, amount, api_key):
            raise KeyCapReached(cap=api_key.monthly_credit_cap or 0, next_month=_month_after(month.month))
        return CreditHold.objects.create(
            account=account,
            amount=amount,
            claim=claim,
            key_month=month,
            owner=_name_this_worker(),
            lease_expires_at=now + timedelta(seconds=settings.HOLD_LEASE_S),
        )

    try:
        return in_short_transaction(movement)
    except IntegrityError as error:
        if claim is None:
            raise
        raise HoldLost from error  # the claim outlived its lease and was forgotten in between


def set_aside(account_id: int, amount: int) -> bool:
    """Count `amount` as held if it is available; tell whether it was."""
    available = CreditAccount.objects.filter(pk=account_id, balance__gte=F("held") + amount)
    return available.update(held=F("held") + amount) == 1


def open_month(api_key: ApiKey, now: datetime) -> KeyMonth:
    """Return the counters of the key's line in the month of this moment, opened at nothing when there are none."""
    month = now.astimezone(UTC).date().replace(day=1)
    known = KeyMonth.objects.filter(api_key_id=api_key.spends_as, month=month).first()
    return known or in_short_transaction(
        lambda: KeyMonth.objects.get_or_create(api_key_id=api_key.spends_as, month=month)[0]
    )


def set_aside_of_month(month_id: int, amount: int, api_key: ApiKey) -> bool:
    """Count `amount` as held in the key's month if its cap has room for it; tell whether it had."""
    month = KeyMonth.objects.filter(pk=month_id)
    if api_key.monthly_credit_cap is not None:
        month = month.filter(held__lte=api_key.monthly_credit_cap - amount - F("spent"))
    return month.update(held=F("held") + amount) == 1


def capture(credit_hold: CreditHold) -> LedgerEntry:
    """Take what was set aside, for work that is done; raise HoldLost when it is not held any more: do not deliver."""

    def movement() -> LedgerEntry:
        if not _settle(credit_hold, HoldState.CAPTURED):
            raise HoldLost
        entry = _move(
            credit_hold.account_id,
            kind=EntryKind.USE,
            reference=f"hold:{credit_hold.pk}",
            amount=-credit_hold.amount,
            held=-credit_hold.amount,
        )
        _settle_month(credit_hold, spent=credit_hold.amount)
        return entry

    return in_short_transaction(movement)


def release(credit_hold: CreditHold) -> bool:
    """Give back what was set aside; False when it was settled before, so that releasing twice is harmless."""

    def movement() -> bool:
        if not _settle(credit_hold, HoldState.RELEASED):
            return False
        _change_account(credit_hold.account_id, balance=0, held=-credit_hold.amount)
        _settle_month(credit_hold, spent=0)
        return True

    return in_short_transaction(movement)


def release_expired(now: datetime) -> int:
    """Release holds whose process died with them; return how many. Sweepers may run side by side."""
    abandoned = CreditHold.objects.filter(state=HoldState.HELD, lease_expires_at__lte=now).order_by("lease_expires_at")
    return sum(_release_or_report(credit_hold) for credit_hold in abandoned[:SWEPT_AT_ONCE])


def grant(
    account: CreditAccount,
    *,
    amount: int,
    reference: str,
    reason: str,
    actor: User | None = None,
    kind: EntryKind = EntryKind.GRANT,
    expires_at: datetime | None = None,
    origin: LedgerEntry | None = None,
) -> LedgerEntry:
    """Add credits for one event, once: the same (kind, reference) again changes nothing and returns the first entry.

    What was paid for pays a debt first, as a second entry. Raise ValueError for an amount that is no sensible whole
    number or a kind that does not add credits, and LedgerBroken when the reference belongs to another movement.
    """
    _require_positive(amount)
    if kind not in COMING_KINDS and kind != EntryKind.ADJUST:
        raise ValueError(f"{kind} does not add credits.")

    def movement() -> LedgerEntry:
        facts = {"reason": reason, "actor": actor, "expires_at": expires_at, "origin": origin}
        entry = _move(account.pk, kind=kind, reference=reference, amount=amount, facts=facts)
        if kind in PAID_KINDS:
            _pay_debt(entry)
        _expect_the_next_fall(account.pk)
        return entry

    return _once(movement, account_id=account.pk, kind=kind, reference=reference, moved=amount)


def adjust(account: CreditAccount, *, amount: int, reference: str, reason: str, actor: User) -> LedgerEntry:
    """Correct what an account has, up or down, once for each reference; never by more than is available.

    Raise ValueError for an amount that is no sensible whole number, InsufficientCredits where there is less to take.
    """
    if isinstance(amount, bool) or not isinstance(amount, int) or amount >= 0:
        kind = EntryKind.ADJUST
        return grant(account, amount=amount, reference=reference, reason=reason, actor=actor, kind=kind)
    _require_positive(-amount)

    def movement() -> LedgerEntry:
        available = lock(account.pk).available
        written = _find_written(account_id=account.pk, kind=EntryKind.ADJUST, reference=reference, moved=amount)
        if written is not None:
            return written
        if available < -amount:
            raise InsufficientCredits
        facts = {"reason": reason, "actor": actor}
        return _move(account.pk, kind=EntryKind.ADJUST, reference=reference, amount=amount, facts=facts)

    return in_short_transaction(movement)


def take_back(origin: LedgerEntry, *, amount: int, kind: EntryKind, reference: str, reason: str) -> LedgerEntry:
    """Take credits back that one entry brought, once for (kind, reference); what is not available becomes debt.

    Raise ValueError for an amount that is no sensible whole number or a kind that takes nothing back, and LedgerBroken
    when the reference belongs to another movement.
    """
    _require_positive(amount)
    if kind not in TAKEN_BACK_KINDS:
        raise ValueError(f"{kind} does not take credits back.")

    def movement() -> LedgerEntry:
        taken = min(amount, lock(origin.account_id).available)
        return _move(
            origin.account_id,
            kind=kind,
            reference=reference,
            amount=-taken,
            debt=amount - taken,
            facts={"reason": reason, "origin": origin},
        )

    return _once(movement, account_id=origin.account_id, kind=kind, reference=reference, moved=-amount)


def expire(lot: CreditLot, now: datetime) -> LedgerEntry | None:
    """Take what is left of a lot that is due, never what is held; None when there is nothing to take (yet)."""

    def movement() -> LedgerEntry | None:
        account = lock(lot.account_id)
        lots.count_uses(account.pk, account.balance)
        due = CreditLot.objects.select_related("entry").filter(pk=lot.pk, expires_at__lte=now).first()
        amount = min(due.left, account.available) if due else 0
        if due is None or not amount:
            return None
        return _move(
            account.pk,
            kind=EntryKind.EXPIRE,
            # What is left of a lot only shrinks, so that this names each expiry once.
            reference=f"entry:{due.entry_id}:left:{due.left}",
            amount=-amount,
            facts={"reason": "They were not used in time.", "origin": due.entry},
        )

    return in_short_transaction(movement)


def lock(account_id: int) -> CreditAccount:
    """Return the account, locked until the transaction ends: what is read now is still so when it is written."""
    return CreditAccount.objects.select_for_update().get(pk=account_id)


def _once(
    movement: Callable[[], LedgerEntry], *, account_id: int, kind: EntryKind, reference: str, moved: int
) -> LedgerEntry:
    """Run the movement of an event; when the event is written already, return its entry instead."""
    try:
        return in_short_transaction(movement)
    except IntegrityError:
        first = _find_written(account_id=account_id, kind=kind, reference=reference, moved=moved)
        if first is None:
            raise
        return first


def _find_written(*, account_id: int, kind: EntryKind, reference: str, moved: int) -> LedgerEntry | None:
    """Return the entry of an event that is written already; raise LedgerBroken where it was another movement."""
    first = LedgerEntry.objects.filter(kind=kind, reference=reference).first()
    if first is not None and (first.account_id, first.amount - first.debt) != (account_id, moved):
        raise LedgerBroken(f"The reference {reference} was used for another movement.") from None
    return first


def _expect_the_next_fall(account_id: int) -> None:
    """Let the next fall below the threshold be told, now that the balance is above it again."""
    risen = CreditAccount.objects.filter(pk=account_id, balance__gt=F("low_credit_threshold"))
    risen.exclude(low_credit_warned_at=None).update(low_credit_warned_at=None)


def _release_or_report(credit_hold: CreditHold) -> bool:
    """Release one hold; a hold that cannot be released must not keep the others waiting."""
    try:
        return release(credit_hold)
    except ServiceError:
        logger.exception("hold_not_released", extra={"hold_id": credit_hold.pk})
        return False


def _pay_debt(purchase: LedgerEntry) -> None:
    debt = CreditAccount.objects.values_list("debt", flat=True).get(pk=purchase.account_id)
    paid = min(debt, purchase.amount)
    if not paid:
        return
    _move(
        purchase.account_id,
        kind=EntryKind.ADJUST,
        reference=f"debt:{purchase.pk}",
        amount=-paid,
        debt=-paid,
        facts={"reason": "Debt paid by the purchase before it.", "origin": purchase},
    )


def _settle(credit_hold: CreditHold, state: HoldState) -> bool:
    """Move an open hold to its end; False when it has reached one already."""
    is_open = CreditHold.objects.filter(pk=credit_hold.pk, state=HoldState.HELD)
    return is_open.update(state=state, settled_at=timezone.now()) == 1


def _settle_month(credit_hold: CreditHold, *, spent: int) -> None:
    """Take what was held out of the key's month, and count what of it was spent."""
    if credit_hold.key_month_id is None:
        return
    month = KeyMonth.objects.filter(pk=credit_hold.key_month_id, held__gte=credit_hold.amount)
    if not month.update(held=F("held") - credit_hold.amount, spent=F("spent") + spent):
        raise LedgerBroken


def _month_after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _move(
    account_id: int,
    *,
    kind: EntryKind,
    reference: str,
    amount: int,
    held: int = 0,
    debt: int = 0,
    facts: Mapping[str, Any] | None = None,
) -> LedgerEntry:
    """Change an account and write why. An event that is already written raises IntegrityError and undoes the change.

    The UPDATE comes first because it locks the account: the balance read after it is the one this entry leaves.
    """
    _change_account(account_id, balance=amount, held=held, debt=debt)
    account = CreditAccount.objects.only("balance", "held", "auto_recharge_threshold").get(pk=account_id)
    entry = LedgerEntry.objects.create(
        account_id=account_id,
        kind=kind,
        reference=reference,
        amount=amount,
        balance_after=account.balance,
        debt=debt,
        **(facts or {}),
    )
    if kind != EntryKind.USE:
        lots.follow(entry)
    elif account.auto_recharge_threshold is not None and account.available < account.auto_recharge_threshold:
        transaction.on_commit(recharge_bell.ring)
    return entry


def _change_account(account_id: int, *, balance: int, held: int, debt: int = 0) -> None:
    """Add signed amounts to balance, holds and debt; raise LedgerBroken where the books forbid it."""
    able = CreditAccount.objects.filter(
        pk=account_id, held__gte=-held, balance__gte=F("held") + held - balance, debt__gte=-debt
    )
    if not able.update(balance=F("balance") + balance, held=F("held") + held, debt=F("debt") + debt):
        raise LedgerBroken


def _require_positive(amount: int) -> None:
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount <= LARGEST_MOVEMENT:
        raise ValueError(f"Credits are moved in whole numbers from 1 to {LARGEST_MOVEMENT}, not {amount!r}.")


def _name_this_worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.current_thread().name}"[:200]
