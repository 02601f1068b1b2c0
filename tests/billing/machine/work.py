"""Holds, captures and releases, by themselves and as requests with retry names; workers that die, and who sweeps."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from billing import idempotency, ledger
from billing.charging import Charge, held_credits
from billing.models import MAX_REPLAYS, CreditHold
from tests.billing.machine.base import AMOUNTS, CLAIM_LEASE_S, HOLD_LEASE_S, KEPT_S, Broken, Machine, outcome_of
from tests.billing.machine.books import Hold

IMAGES = "1" * 64
NAMES = st.sampled_from([None, "a", "b"])
FINGERPRINTS = st.sampled_from(["cat", "dog"])


@dataclass(eq=False)
class ModelClaim:
    """What a retry name should be."""

    fingerprint: str
    lease_ends: datetime
    free_until: datetime | None = None
    replays: int = 0

    def is_useless_at(self, now: datetime) -> bool:
        return (self.free_until or self.lease_ends) <= now


@dataclass(eq=False)
class Work:
    """A request between its hold and its end, in the code and in the model."""

    context: AbstractContextManager[Charge]
    charge: Charge
    name: str | None
    hold: Hold | None = None
    claim: ModelClaim | None = None


class Working(Machine):
    """Images are made, or not."""

    def __init__(self) -> None:
        super().__init__()
        self.bare_holds: list[tuple[CreditHold, Hold]] = []
        self.claims: dict[str, ModelClaim] = {}
        self.works: list[Work] = []

    def teardown(self) -> None:
        for work in self.works:
            outcome_of(lambda context=work.context: leave(context, fails=True))
        super().teardown()

    def expected_start(self, name: str | None, fingerprint: str, *, by_key: bool) -> str:
        claim = self.claims.get(name) if name else None
        if claim is not None and not claim.is_useless_at(timezone.now()):
            if claim.fingerprint != fingerprint:
                return "idempotency_key_reused"
            if claim.replays == MAX_REPLAYS:
                return "idempotency_key_reused"
            return "replay" if claim.free_until else "request_in_progress"
        return "work" if self.books.allows(1, self.month() if by_key else None) else "payment_required"

    def note_hold(self, amount: int, *, by_key: bool) -> Hold:
        lease_ends = timezone.now() + timedelta(seconds=HOLD_LEASE_S)
        held = Hold(amount, lease_ends, self.month() if by_key else None)
        self.books.holds.append(held)
        return held

    @rule(amount=AMOUNTS, by_key=st.booleans())
    def hold(self, amount: int, by_key: bool) -> None:
        expected = "ok" if self.books.allows(amount, self.month() if by_key else None) else "payment_required"
        assert outcome_of(lambda: self._hold(amount, by_key)) == expected

    def _hold(self, amount: int, by_key: bool) -> None:
        held = ledger.hold(self.account, amount=amount, api_key=self.key if by_key else None)
        self.bare_holds.append((held, self.note_hold(amount, by_key=by_key)))

    @precondition(lambda self: self.bare_holds)
    @rule(data=st.data())
    def capture(self, data: st.DataObject) -> None:
        held, model = data.draw(st.sampled_from(self.bare_holds))
        assert outcome_of(lambda: ledger.capture(held)) == ("ok" if model.is_open else "service_unavailable")
        if model.is_open:
            self.books.capture(model)

    @precondition(lambda self: self.bare_holds)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        held, model = data.draw(st.sampled_from(self.bare_holds))
        assert ledger.release(held) == model.is_open
        model.is_open = False

    @precondition(lambda self: self.bare_holds)
    @rule(data=st.data(), settle=st.sampled_from([ledger.capture, ledger.release]))
    def worker_dies_while_settling(self, data: st.DataObject, settle: object) -> None:
        held, _ = data.draw(st.sampled_from(self.bare_holds))
        self.dies_before_commit(lambda: settle(held))  # type: ignore[operator]

    @rule(name=NAMES, fingerprint=FINGERPRINTS, by_key=st.booleans())
    def begin_work(self, name: str | None, fingerprint: str, by_key: bool) -> None:
        expected = self.expected_start(name, fingerprint, by_key=by_key)
        key = self.key if by_key else None
        context = held_credits(self.account, amount=1, idempotency_key=name, fingerprint=fingerprint, api_key=key)
        entered: list[Charge] = []
        outcome = outcome_of(lambda: entered.append(context.__enter__()))
        if expected == "payment_required" and name is not None:
            self.claims.pop(name, None)
        if expected not in ("work", "replay"):
            assert outcome == expected
            return
        assert (outcome, entered[0].is_replay) == ("ok", expected == "replay")
        entered[0].bind_images(IMAGES)
        work = Work(context, entered[0], name)
        self.works.append(work)
        if expected == "replay" and name is not None:
            work.claim = self.claims[name]
            work.claim.replays += 1
        if expected == "work":
            work.hold = self.note_hold(1, by_key=by_key)
            if name is not None:
                lease_ends = timezone.now() + timedelta(seconds=CLAIM_LEASE_S)
                work.claim = self.claims[name] = ModelClaim(fingerprint, lease_ends)

    @precondition(lambda self: self.works)
    @rule(data=st.data(), fails=st.booleans())
    def end_work(self, data: st.DataObject, fails: bool) -> None:
        work = self.works.pop(data.draw(st.integers(0, len(self.works) - 1)))
        owns_name = work.name is None or self.claims.get(work.name) is work.claim
        may_charge = not fails and work.hold is not None and work.hold.is_open and owns_name
        outcome = outcome_of(lambda: leave(work.context, fails))
        if work.hold is None:
            assert (outcome, work.charge.credits_charged) == ("failed" if fails else "ok", 0)
            if fails and work.claim is not None:
                work.claim.replays -= 1
            return
        if may_charge:
            assert (outcome, work.charge.credits_charged) == ("ok", 1)
            self.books.capture(work.hold)
            if work.claim is not None:
                work.claim.free_until = timezone.now() + timedelta(seconds=KEPT_S)
            return
        assert (outcome, work.charge.credits_charged) == ("failed" if fails else "service_unavailable", 0)
        work.hold.is_open = False
        if work.name is not None and owns_name:
            del self.claims[work.name]

    @rule()
    def sweep(self) -> None:
        dead = [held for held in self.books.open_holds if held.lease_ends <= timezone.now()]
        assert ledger.release_expired(timezone.now()) == len(dead)
        for held in dead:
            held.is_open = False

    @rule()
    def forget(self) -> None:
        useless = [name for name, claim in self.claims.items() if claim.is_useless_at(timezone.now())]
        assert idempotency.forget_expired(timezone.now()) == len(useless)
        for name in useless:
            del self.claims[name]


def leave(context: AbstractContextManager[Charge], fails: bool) -> None:
    """End the with-block well, or with an exception."""
    if not fails:
        context.__exit__(None, None, None)
        return
    error = Broken()
    if not context.__exit__(Broken, error, None):
        raise error
