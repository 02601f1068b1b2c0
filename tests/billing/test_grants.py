"""Credits that come in: once for each event, a debt paid first."""

import pytest

from billing import ledger
from billing.bounds import LARGEST_MOVEMENT
from billing.errors import LedgerBroken
from billing.models import EntryKind
from billing.selectors import Credits, credits_of
from tests.factories import make_account, make_debt, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


@pytest.mark.parametrize("amount", [0, -1, 1.5, "1", True, None, 10**9 + 1])
def test_only_sensible_whole_numbers_move(alice, amount):
    with pytest.raises(ValueError, match="whole numbers"):
        ledger.hold(alice, amount=amount)
    with pytest.raises(ValueError, match="whole numbers"):
        ledger.grant(alice, amount=amount, reference="a", reason="b")


def test_a_grant_is_recorded_with_its_reason_and_actor(alice):
    sam = make_staff()
    entry = ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry about Tuesday.", actor=sam)

    assert (entry.amount, entry.balance_after, entry.actor) == (5, 15, sam)
    assert credits_of(alice.pk) == Credits(available=15, granted=15, used=0)


def test_the_same_grant_again_changes_nothing(alice, available):
    first = ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")
    again = ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")

    assert again == first
    assert available(alice) == 15


def test_one_reference_may_serve_two_kinds(alice, available):
    ledger.grant(alice, amount=5, reference="bought-1", reason="")
    ledger.grant(alice, amount=5, reference="bought-1", reason="", kind=EntryKind.PURCHASE)

    assert available(alice) == 20


def test_a_reference_of_another_movement_is_an_alarm(alice, available):
    bob = make_account("Bob's shop", credits=1)
    ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")

    with pytest.raises(LedgerBroken):
        ledger.grant(alice, amount=6, reference="ticket:7", reason="Sorry.")
    with pytest.raises(LedgerBroken):
        ledger.grant(bob, amount=5, reference="ticket:7", reason="Sorry.")
    assert (available(alice), available(bob)) == (15, 1)


@pytest.mark.parametrize("kind", [EntryKind.USE, EntryKind.REFUND, EntryKind.EXPIRE, EntryKind.DISPUTE])
def test_a_kind_that_takes_credits_cannot_grant_them(alice, kind):
    with pytest.raises(ValueError, match="does not add"):
        ledger.grant(alice, amount=1, reference="x", reason="", kind=kind)


@pytest.mark.parametrize(
    ("debt", "bought", "available_after", "debt_after"), [(30, 100, 80, 0), (100, 100, 10, 0), (130, 100, 10, 30)]
)
def test_a_purchase_pays_debt_first(alice, debt, bought, available_after, debt_after):
    make_debt(alice, debt)
    for _ in range(2):
        ledger.grant(alice, amount=bought, reference="bought-1", reason="Pack", kind=EntryKind.PURCHASE)
    alice.refresh_from_db()

    assert (alice.balance, alice.debt) == (available_after, debt_after)
    assert credits_of(alice.pk) == Credits(available=available_after, granted=available_after + debt, used=debt)
    assert list(
        alice.entries.filter(pk__gte=alice.entries.get(reference="bought-1").pk).values_list("kind", "amount")
    ) == [
        ("purchase", bought),
        ("adjust", -min(debt, bought)),
    ]


def test_a_gift_pays_no_debt(alice):
    make_debt(alice, 30)
    ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")
    alice.refresh_from_db()

    assert (alice.balance, alice.debt) == (15, 30)


def test_the_largest_movement_is_allowed(alice, available):
    ledger.grant(alice, amount=LARGEST_MOVEMENT, reference="big", reason="A test.")

    assert available(alice) == 10 + LARGEST_MOVEMENT


def test_a_purchase_pays_only_the_debt_of_its_own_account_and_says_so(alice):
    bob = make_account("Bob's shop")
    make_debt(alice, 30)
    make_debt(bob, 30)
    ledger.grant(alice, amount=30, reference="bought-1", reason="Pack", kind=EntryKind.PURCHASE)
    bob.refresh_from_db()

    assert bob.debt == 30
    assert alice.entries.get(kind=EntryKind.ADJUST).reason == "Debt paid by the purchase before it."


def test_a_repetition_is_recognised_beside_another_kind_with_its_reference(alice):
    ledger.grant(alice, amount=5, reference="r", reason="Welcome.")
    bought = ledger.grant(alice, amount=7, reference="r", reason="Pack", kind=EntryKind.PURCHASE)

    assert ledger.grant(alice, amount=7, reference="r", reason="Pack", kind=EntryKind.PURCHASE) == bought


def test_a_reference_that_is_taken_is_named(alice):
    ledger.grant(alice, amount=5, reference="ticket:7", reason="Sorry.")

    with pytest.raises(LedgerBroken) as refused:
        ledger.grant(alice, amount=6, reference="ticket:7", reason="Sorry.")
    assert refused.value.args == ("The reference ticket:7 was used for another movement.",)
