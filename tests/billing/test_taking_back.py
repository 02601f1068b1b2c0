"""Credits that a refund or a dispute takes back, and gives back: once, and never below nothing."""

import pytest

from billing import ledger
from billing.errors import LedgerBroken
from billing.models import EntryKind

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


@pytest.fixture
def bought(alice):
    """The entry of a pack of 100, beside the 10 that Alice had."""
    return ledger.grant(alice, amount=100, reference="pack:1", reason="Pack", kind=EntryKind.PURCHASE)


def take(bought, amount, *, reference="pi_1:1", kind=EntryKind.REFUND):
    return ledger.take_back(bought, amount=amount, kind=kind, reference=reference, reason="Refunded.")


def has(account):
    account.refresh_from_db()
    return account.balance, account.held, account.debt


def test_what_is_there_is_taken_once(alice, bought):
    assert take(bought, 40) == take(bought, 40)
    assert has(alice) == (70, 0, 0)


def test_what_was_used_becomes_debt(alice, bought):
    ledger.capture(ledger.hold(alice, amount=80))
    entry = take(bought, 100)

    assert (entry.amount, entry.debt, entry.balance_after) == (-30, 70, 0)
    assert has(alice) == (0, 0, 70)


def test_what_is_held_is_left_alone(alice, bought):
    held = ledger.hold(alice, amount=105)
    take(bought, 100)
    assert has(alice) == (105, 105, 95)

    ledger.capture(held)
    assert has(alice) == (0, 0, 95)


def test_an_entry_that_finds_nothing_is_all_debt(alice, bought):
    ledger.capture(ledger.hold(alice, amount=110))
    entry = take(bought, 100)

    assert (entry.amount, entry.debt) == (0, 100)
    assert take(bought, 100) == entry
    assert has(alice) == (0, 0, 100)


def test_what_is_given_back_pays_the_debt_first(alice, bought):
    ledger.capture(ledger.hold(alice, amount=80))
    take(bought, 100, kind=EntryKind.DISPUTE)
    ledger.grant(alice, amount=100, reference="pi_1:2", reason="Won.", kind=EntryKind.DISPUTE_WON, origin=bought)

    assert has(alice) == (30, 0, 0)


@pytest.mark.parametrize("again", [{"amount": 41}, {"kind": EntryKind.REFUND, "amount": 1}])
def test_a_reference_stands_for_one_amount(bought, again):
    take(bought, 40)

    with pytest.raises(LedgerBroken, match="another movement"):
        take(bought, **again)


@pytest.mark.parametrize("kind", [kind for kind in EntryKind if kind not in (EntryKind.REFUND, EntryKind.DISPUTE)])
def test_only_refunds_and_disputes_take_back(bought, kind):
    with pytest.raises(ValueError, match="does not take"):
        take(bought, 1, kind=kind)


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, 10**9 + 1])
def test_only_sensible_whole_numbers_are_taken(bought, amount):
    with pytest.raises(ValueError, match="whole numbers"):
        take(bought, amount)
