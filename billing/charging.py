"""Paying for one piece of work: set aside before it, taken after it, given back whatever goes wrong."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from accounts.models import ApiKey
from billing import idempotency, ledger
from billing.errors import LedgerBroken
from billing.idempotency import Claim
from billing.models import CreditAccount, CreditHold
from billing.transactions import in_short_transaction

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Charge:
    """What the work costs: `credits_charged` is final when the with-block has ended without an exception."""

    is_free: bool = False
    credits_charged: int = 0
    image_digest: str = ""
    replayed: Claim | None = None

    @property
    def is_replay(self) -> bool:
        """Whether the work was paid for before, under the same key."""
        return self.replayed is not None

    def bind_images(self, digest: str) -> None:
        """Name the image bytes the work is for (SHA-256, hex) before it is begun; a replay is counted here.

        Raise IdempotencyKeyReused where other bytes were paid for under the key, or it was repeated too often.
        """
        if self.replayed is not None:
            idempotency.begin_replay(self.replayed, image_digest=digest)
        self.image_digest = digest


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

    A key that was delivered before makes the work free (`is_replay`). `bind_images` must be called before the work of a
    replay; of a first delivery its digest is kept with the key. Before the work: IdempotencyKeyReused,
    RequestInProgress, InsufficientCredits, KeyCapReached. After it: HoldLost, when the credits were given back in
    between; then the result must not be delivered.
    """
    claimed = None
    if idempotency_key is not None:
        claimed = idempotency.claim(account, key=idempotency_key, fingerprint=fingerprint)
        if claimed.is_replay:
            yield from _replayed(claimed)
            return
    credit_hold = None
    try:
        credit_hold = ledger.hold(account, amount=amount, claim=claimed.row if claimed else None, api_key=api_key)
        charge = Charge()
        yield charge
        _settle(credit_hold, claimed, charge.image_digest)
        charge.credits_charged = amount
    except BaseException:
        _give_back(credit_hold, claimed)
        raise


@contextmanager
def free_of_charge() -> Iterator[Charge]:
    """Do the work in the with-block for nothing: no credit is held, no key is claimed, the ledger hears nothing."""
    yield Charge(is_free=True)


def _replayed(claimed: Claim) -> Iterator[Charge]:
    """Yield the charge of a replay; a replay that fails is not counted."""
    charge = Charge(is_free=True, replayed=claimed)
    try:
        yield charge
        if not charge.image_digest:
            raise LedgerBroken("A replay was not bound to its images.")
    except BaseException:
        if charge.image_digest:
            _give_back_replay(claimed)
        raise


def _give_back_replay(claimed: Claim) -> None:
    try:
        idempotency.give_back_replay(claimed)
    except Exception:
        logger.exception("replay_not_given_back", extra={"claim_id": claimed.row.pk})


def _settle(credit_hold: CreditHold, claimed: Claim | None, image_digest: str) -> None:
    """Take the credits and remember the key in one transaction: both or neither."""

    def movement() -> None:
        if claimed is not None:
            idempotency.mark_delivered(claimed, image_digest=image_digest)
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
