"""Closing an organization beside its buyers, on the database where that is possible; `make verify` does 200 rounds."""

import pytest

from accounts import closing
from accounts.models import Organization
from billing import buyers, checkout, recharge_switch, recharging, subscribing
from tests.billing import closing_race_child
from tests.billing.closing_race_child import NOTHING_WRONG, race

pytestmark = [
    pytest.mark.postgres_only,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("selling"),
]
ROUNDS = 10
MAX_ATTEMPTS, ROUNDS_AT_ONCE = 100, 2
"""A race that must go wrong without its lock is run until it does: how threads meet depends on the machine."""

LONGER_PAUSE_S = 0.03


def test_nothing_is_begun_after_closing_and_nobody_waits_in_a_deadlock():
    assert race(ROUNDS) == NOTHING_WRONG


def test_without_the_look_under_the_lock_something_is_begun_after_closing(monkeypatch):
    """Negative control: the organization as it was read before decides."""

    def look_without_lock(organization_id):
        return Organization.objects.get(pk=organization_id)

    for module in (buyers, checkout, recharge_switch, subscribing):
        monkeypatch.setattr(module, "lock_buyer", look_without_lock)
    monkeypatch.setattr(closing_race_child, "LONGEST_PAUSE_S", LONGER_PAUSE_S)
    assert any(race(ROUNDS_AT_ONCE)["begun_after_closing"] > 0 for _ in range(MAX_ATTEMPTS))


def test_with_the_lock_that_keeps_out_foreign_keys_there_are_deadlocks(monkeypatch):
    """Negative control: closing as it was, FOR UPDATE first, and orders that lock the account first."""

    def lock_for_update(organization_id):
        return Organization.objects.select_for_update().get(pk=organization_id)

    monkeypatch.setattr(closing, "lock_organization", lock_for_update)
    for module in (buyers, checkout, recharge_switch, subscribing):
        monkeypatch.setattr(module, "lock_buyer", lambda organization_id: None)
    monkeypatch.setattr(recharging, "lock_organization", lambda organization_id: None)
    monkeypatch.setattr(closing_race_child, "LONGEST_PAUSE_S", LONGER_PAUSE_S)
    assert any(race(ROUNDS_AT_ONCE)["deadlocks"] > 0 for _ in range(MAX_ATTEMPTS))
