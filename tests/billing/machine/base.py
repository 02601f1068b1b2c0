"""The ledger and its model side by side, the clock, and what must hold after each step."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from accounts.errors import ServiceError
from billing import audit, ledger, lots
from billing.models import CreditAccount, KeyMonth
from billing.selectors import credits_of
from tests.billing.machine.books import KEY_CAP, Books
from tests.factories import make_account, make_key

HOLD_LEASE_S = 500
CLAIM_LEASE_S = 300
DAY_S = KEPT_S = 86_400
START = datetime(2026, 1, 1, tzinfo=UTC)
AMOUNTS = st.integers(min_value=1, max_value=4)


class Broken(Exception):
    """Something else than the ledger failed."""


class Machine(RuleBasedStateMachine):
    """One organization with a capped key; all of it is undone at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.rolled_back = transaction.atomic()
        self.rolled_back.__enter__()
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()
        self.account = make_account(credits=0)
        self.key = make_key(self.account.organization, monthly_credit_cap=KEY_CAP).api_key
        self.books = Books()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.rolled_back.__exit__(None, None, None)

    def month(self) -> date:
        return timezone.now().date().replace(day=1)

    def dies_before_commit(self, action: Callable[[], Any]) -> None:
        """Do it, then lose it as a process does that dies before it commits; the model hears nothing of it."""
        with transaction.atomic():
            outcome_of(action)
            transaction.set_rollback(True)

    @rule(seconds=st.sampled_from([1, 250, CLAIM_LEASE_S, HOLD_LEASE_S, DAY_S, 31 * DAY_S]))
    def time_passes(self, seconds: int) -> None:
        self.time.shift(timedelta(seconds=seconds))

    # --- what must always hold ---

    @invariant()
    def books_agree(self) -> None:
        found = [str(item) for item in audit.find_disagreements() if item.rule != "holds_are_swept"]
        assert found == []  # this machine sweeps late on purpose

    @invariant()
    def credits_are_as_expected(self) -> None:
        account = CreditAccount.objects.get(pk=self.account.pk)
        assert (account.balance, account.held, account.debt) == (self.books.balance, self.books.held, self.books.debt)
        credits = credits_of(account.pk)
        assert (credits.available, credits.used) == (self.books.available, self.books.used + self.books.held)
        assert credits.granted == credits.available + credits.used

    @invariant()
    def lots_are_as_expected(self) -> None:
        with transaction.atomic():
            lots.count_uses(self.account.pk, ledger.lock(self.account.pk).balance)
            found = list(self.account.lots.order_by("entry_id").values_list("left", "expires_at"))
            transaction.set_rollback(True)
        assert found == [(lot.left, lot.expires_at) for lot in self.books.lots]

    @invariant()
    def months_are_as_expected(self) -> None:
        for month in KeyMonth.objects.filter(api_key=self.key):
            assert (month.held, month.spent) == self.books.of_month(month.month)


def outcome_of(action: Callable[[], Any]) -> str:
    """Return "ok", "failed" or the code of the refusal."""
    try:
        action()
    except ServiceError as error:
        return error.code
    except Broken:
        return "failed"
    return "ok"
