"""What the operator gives, what expires, and the mail that warns of it."""

from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule

from billing import expiry, ledger
from billing.models import EntryKind
from tests.billing.machine.base import AMOUNTS, DAY_S, Machine, outcome_of

REFERENCES = st.sampled_from(["r1", "r2", "r3"])
KINDS = st.sampled_from([EntryKind.GRANT, EntryKind.ADJUST])


class Giving(Machine):
    """Credits come for nothing and go for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[tuple[str, str], int] = {}

    @rule(kind=KINDS, reference=REFERENCES, amount=AMOUNTS, expires=st.booleans())
    def give(self, kind: EntryKind, reference: str, amount: int, expires: bool) -> None:
        expires_at = timezone.now() + timedelta(seconds=DAY_S) if expires else None
        facts = {"kind": kind, "reference": reference, "amount": amount, "expires_at": expires_at, "reason": ""}
        is_new = (kind, reference) not in self.given
        is_known = self.given.setdefault((kind, reference), amount) == amount
        assert outcome_of(lambda: ledger.grant(self.account, **facts)) == (
            "ok" if is_known else "internal_server_error"
        )
        if is_new:
            self.books.bring(amount, expires_at=expires_at)

    @rule()
    def expire(self) -> None:
        gone = self.books.expire(timezone.now())
        assert expiry.expire_due(timezone.now()) == sum(amount for _, amount in gone)
        for lot, amount in gone:
            if lot.owner is not None:
                lot.owner.expired += amount

    @rule()
    def expirer_dies(self) -> None:
        self.dies_before_commit(lambda: expiry.expire_due(timezone.now()))

    @rule()
    def warn_of_expiry(self) -> None:
        expiry.warn_of_expiry(timezone.now())
