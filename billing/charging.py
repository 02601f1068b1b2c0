"""Paying for one piece of work: set aside before it, taken after it, given back whatever goes wrong."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from accounts.models import ApiKey
from billing import idempotency, ledger
from billing.idempotency import Claim
from billing.models import CreditAccount, CreditHold
from billing.transactions import in_short_transaction

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Charge:
    """What the work costs: `credits_charged` is final when the with-block has ended without an exception."""

    is_replay: bool = False
    credits_charged: int = 0


@contextmanager
def held_credits(
    account: CreditAccount,
    *,
    amount: int,
    idempotency_key: str | None,
    fingerprint: str,
    api_key: ApiKey | None = None,
) -> Iterator[Charge]:
    """Hold `amount` credits around the work in the with-block: captured when it ends, released when it raises.

    A key that was delivered before makes the work free (`is_replay`). Before the work: IdempotencyKeyReused,
    RequestInProgress, InsufficientCredits, KeyCapReached. After it: HoldLost, when the credits were given back in
    between; then the result must not be delivered.
    """
    claimed = None
    if idempotency_key is not None:
        claimed = idempotency.claim(account, key=idempotency_key, fingerprint=fingerprint)
        if claimed.is_replay:
            yield Charge(is_replay=True)
            return
    credit_hold = None
    try:
        credit_hold = ledger.hold(account, amount=amount, claim=claimed.row if claimed else None, api_key=api_key)
        charge = Charge()
        yield charge
        _settle(credit_hold, claimed)
        charge.credits_charged = amount
    except BaseException:
        _give_back(credit_hold, claimed)
        raise


@contextmanager
def free_of_charge() -> Iterator[Charge]:
    """Do the work in the with-block for nothing: no credit is held, no key is claimed, the ledger hears nothing."""
    yield Charge()


def _settle(credit_hold: CreditHold, claimed: Claim | None) -> None:
    """Take the credits and remember the key in one transaction: both or neither."""

    def movement() -> None:
        if claimed is not None:
            idempotency.mark_delivered(claimed)
        ledger.capture(credit_hold)

    in_short_transaction(movement)


def _give_back(credit_hold: CreditHold | None, claimed: Claim | None) -> None:
    """Release hold and key as far as the database lets us; what stays behind is swept when its lease ends."""
    try:
        if credit_hold is not None:
            ledger.release(credit_hold)
        if claimed is not None:
            idempotency.free(claimed)
    except Exception:
        logger.exception("hold_left_to_the_sweeper", extra={"hold_id": credit_hold.pk if credit_hold else None})
