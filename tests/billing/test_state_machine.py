"""Any order of purchases, refunds, disputes, gifts, work, crashes and clock jumps agrees with a plain model."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.billing.machine.base import CLAIM_LEASE_S, HOLD_LEASE_S, KEPT_S
from tests.billing.machine.gifts import Giving
from tests.billing.machine.purchases import Buying
from tests.billing.machine.work import Working


class LedgerMachine(Working, Giving, Buying):
    """Everything that may happen to the credits of one organization."""


@pytest.mark.django_db
@pytest.mark.usefixtures("selling")
def test_any_history_agrees_with_the_model(settings):
    settings.HOLD_LEASE_S, settings.IDEMPOTENCY_LEASE_S = HOLD_LEASE_S, CLAIM_LEASE_S
    settings.IDEMPOTENCY_KEPT_S = KEPT_S
    run_state_machine_as_test(LedgerMachine)
