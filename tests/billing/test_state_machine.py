"""Any order of grants, holds, work, failures, sweeps, retries and clock jumps agrees with a small plain model."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.errors import ServiceError
from billing import audit, idempotency, ledger
from billing.charging import Charge, held_credits
from billing.models import CreditHold
from billing.selectors import credits_of
from tests.factories import make_account

HOLD_LEASE_S = 500
CLAIM_LEASE_S = 300
KEPT_S = 86_400
START = datetime(2026, 1, 1, tzinfo=UTC)

KEYS = st.sampled_from([None, "a", "b"])
FINGERPRINTS = st.sampled_from(["cat", "dog"])
AMOUNTS = st.integers(min_value=1, max_value=4)


@dataclass(eq=False)
class ModelHold:
    """What a hold should be."""

    amount: int
    lease_ends: datetime
    is_open: bool = True


@dataclass(eq=False)
class ModelClaim:
    """What a key should be."""

    fingerprint: str
    lease_ends: datetime
    free_until: datetime | None = None

    def is_useless_at(self, now: datetime) -> bool:
        return (self.free_until or self.lease_ends) <= now


@dataclass(eq=False)
class Work:
    """A request between its hold and its end, in the code and in the model."""

    context: AbstractContextManager[Charge]
    charge: Charge
    key: str | None
    hold: ModelHold | None = None
    claim: ModelClaim | None = None


class LedgerMachine(RuleBasedStateMachine):
    """The real ledger and the model, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.rolled_back = transaction.atomic()
        self.rolled_back.__enter__()
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()
        self.account = make_account(credits=0)
        self.granted: dict[str, int] = {}
        self.used = 0
        self.holds: dict[int, tuple[CreditHold, ModelHold]] = {}
        self.worked_holds: list[ModelHold] = []
        self.claims: dict[str, ModelClaim] = {}
        self.works: list[Work] = []

    def teardown(self) -> None:
        for work in self.works:
            outcome_of(lambda context=work.context: leave(context, fails=True))
        self.clock.stop()
        transaction.set_rollback(True)
        self.rolled_back.__exit__(None, None, None)

    # --- the model ---

    @property
    def open_holds(self) -> list[ModelHold]:
        return [held for held in [*self.worked_holds, *(m for _, m in self.holds.values())] if held.is_open]

    @property
    def available(self) -> int:
        return sum(self.granted.values()) - self.used - sum(held.amount for held in self.open_holds)

    def expected_start(self, key: str | None, fingerprint: str) -> str:
        claim = self.claims.get(key) if key else None
        if claim is not None and not claim.is_useless_at(timezone.now()):
            if claim.fingerprint != fingerprint:
                return "idempotency_key_reused"
            return "replay" if claim.free_until else "request_in_progress"
        return "work" if self.available >= 1 else "payment_required"

    def settle(self, held: ModelHold) -> None:
        held.is_open = False
        self.used += held.amount

    # --- what may happen ---

    @rule(reference=st.sampled_from(["r1", "r2", "r3"]), amount=AMOUNTS)
    def grant(self, reference: str, amount: int) -> None:
        outcome = outcome_of(lambda: ledger.grant(self.account, amount=amount, reference=reference, reason=""))
        assert outcome == ("ok" if self.granted.setdefault(reference, amount) == amount else "internal_server_error")

    @rule(amount=AMOUNTS)
    def hold(self, amount: int) -> None:
        expected = "ok" if self.available >= amount else "payment_required"
        assert outcome_of(lambda: self._hold(amount)) == expected

    def _hold(self, amount: int) -> None:
        held = ledger.hold(self.account, amount=amount)
        self.holds[held.pk] = (held, ModelHold(amount, timezone.now() + timedelta(seconds=HOLD_LEASE_S)))

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def capture(self, data: st.DataObject) -> None:
        held, model = self.holds[data.draw(st.sampled_from(sorted(self.holds)))]
        assert outcome_of(lambda: ledger.capture(held)) == ("ok" if model.is_open else "service_unavailable")
        if model.is_open:
            self.settle(model)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        held, model = self.holds[data.draw(st.sampled_from(sorted(self.holds)))]
        assert ledger.release(held) == model.is_open
        model.is_open = False

    @rule(key=KEYS, fingerprint=FINGERPRINTS)
    def begin_work(self, key: str | None, fingerprint: str) -> None:
        expected = self.expected_start(key, fingerprint)
        context = held_credits(self.account, amount=1, idempotency_key=key, fingerprint=fingerprint)
        entered: list[Charge] = []
        outcome = outcome_of(lambda: entered.append(context.__enter__()))
        if expected == "payment_required" and key is not None:
            self.claims.pop(key, None)
        if expected not in ("work", "replay"):
            assert outcome == expected
            return
        assert (outcome, entered[0].is_replay) == ("ok", expected == "replay")
        work = Work(context, entered[0], key)
        self.works.append(work)
        if expected == "work":
            now = timezone.now()
            work.hold = ModelHold(1, now + timedelta(seconds=HOLD_LEASE_S))
            self.worked_holds.append(work.hold)
            if key is not None:
                work.claim = self.claims[key] = ModelClaim(fingerprint, now + timedelta(seconds=CLAIM_LEASE_S))

    @precondition(lambda self: self.works)
    @rule(data=st.data(), fails=st.booleans())
    def end_work(self, data: st.DataObject, fails: bool) -> None:
        work = self.works.pop(data.draw(st.integers(0, len(self.works) - 1)))
        owns_key = work.key is None or self.claims.get(work.key) is work.claim
        may_charge = not fails and work.hold is not None and work.hold.is_open and owns_key
        outcome = outcome_of(lambda: leave(work.context, fails))
        if work.hold is None:
            assert (outcome, work.charge.credits_charged) == ("failed" if fails else "ok", 0)
            return
        if may_charge:
            assert (outcome, work.charge.credits_charged) == ("ok", 1)
            self.settle(work.hold)
            if work.claim is not None:
                work.claim.free_until = timezone.now() + timedelta(seconds=KEPT_S)
            return
        assert (outcome, work.charge.credits_charged) == ("failed" if fails else "service_unavailable", 0)
        work.hold.is_open = False
        if work.key is not None and owns_key:
            del self.claims[work.key]

    @rule()
    def sweep(self) -> None:
        dead = [held for held in self.open_holds if held.lease_ends <= timezone.now()]
        assert ledger.release_expired(timezone.now()) == len(dead)
        for held in dead:
            held.is_open = False

    @rule()
    def forget(self) -> None:
        useless = [key for key, claim in self.claims.items() if claim.is_useless_at(timezone.now())]
        assert idempotency.forget_expired(timezone.now()) == len(useless)
        for key in useless:
            del self.claims[key]

    @rule(seconds=st.sampled_from([1, 250, CLAIM_LEASE_S, HOLD_LEASE_S, KEPT_S]))
    def time_passes(self, seconds: int) -> None:
        self.time.shift(timedelta(seconds=seconds))

    # --- what must always hold ---

    @invariant()
    def books_agree(self) -> None:
        found = [str(item) for item in audit.find_disagreements() if item.rule != "holds_are_swept"]
        assert found == []  # this machine sweeps late on purpose

    @invariant()
    def credits_are_as_expected(self) -> None:
        credits = credits_of(self.account.pk)
        assert (credits.available, credits.granted) == (self.available, sum(self.granted.values()))
        assert credits.used == credits.granted - credits.available


class WorkFailed(Exception):
    """The image could not be processed."""


def leave(context: AbstractContextManager[Charge], fails: bool) -> None:
    """End the with-block well, or with an exception."""
    if not fails:
        context.__exit__(None, None, None)
        return
    error = WorkFailed()
    if not context.__exit__(WorkFailed, error, None):
        raise error


def outcome_of(action: Any) -> str:
    """Return "ok", "failed" or the code of the refusal."""
    try:
        action()
    except ServiceError as error:
        return error.code
    except WorkFailed:
        return "failed"
    return "ok"


@pytest.mark.django_db
def test_any_history_agrees_with_the_model(settings):
    settings.HOLD_LEASE_S, settings.IDEMPOTENCY_LEASE_S = HOLD_LEASE_S, CLAIM_LEASE_S
    settings.IDEMPOTENCY_KEPT_S = KEPT_S
    run_state_machine_as_test(LedgerMachine)
