"""What is left of each entry's credits: earliest expiry first; what a refund takes comes from its own pack first."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import ledger, lots
from billing.errors import LedgerBroken
from billing.models import CreditLot, EntryKind, LedgerEntry
from tests.factories import make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def bring(account, amount, *, days=None, kind=EntryKind.PURCHASE):
    expires_at = None if days is None else NOW + timedelta(days=days)
    reference = f"pack:{LedgerEntry.objects.count()}"
    return ledger.grant(account, amount=amount, reference=reference, reason="Pack", kind=kind, expires_at=expires_at)


def use(account, amount):
    ledger.capture(ledger.hold(account, amount=amount))


def left(*entries):
    return [CreditLot.objects.get(entry=entry).left for entry in entries]


@pytest.fixture
def account(db):
    return make_account(credits=0)


def test_uses_are_counted_when_the_next_credits_come(account):
    first = bring(account, 100)
    use(account, 30)
    assert left(first) == [100]

    second = bring(account, 50)
    assert left(first, second) == [70, 50]


def test_what_expires_first_is_used_first_and_what_never_expires_last(account):
    for_ever, late, soon = bring(account, 10), bring(account, 10, days=60), bring(account, 10, days=30)
    use(account, 15)
    bring(account, 1)

    assert left(for_ever, late, soon) == [10, 5, 0]


def test_uses_before_a_lot_came_are_not_counted_against_it(account):
    late = bring(account, 10, days=60)
    use(account, 5)
    soon = bring(account, 10, days=30)
    bring(account, 1)

    assert left(late, soon) == [5, 10]


def test_a_refund_takes_from_its_own_pack_first_then_from_the_others(account):
    soon, refunded = bring(account, 10, days=30), bring(account, 10)
    ledger.take_back(refunded, amount=4, kind=EntryKind.REFUND, reference="a", reason="")
    assert left(soon, refunded) == [10, 6]

    use(account, 13)
    ledger.take_back(refunded, amount=6, kind=EntryKind.REFUND, reference="b", reason="")
    account.refresh_from_db()
    assert (left(soon, refunded), account.balance, account.debt) == ([0, 0], 0, 3)


def test_what_is_due_expires_once(account):
    due, kept = bring(account, 10, days=0), bring(account, 5)
    use(account, 3)
    [lot] = CreditLot.objects.filter(entry=due)

    assert ledger.expire(lot, NOW).amount == -7
    assert ledger.expire(lot, NOW) is None
    assert left(due, kept) == [0, 5]


def test_what_is_not_due_stays(account):
    [lot] = CreditLot.objects.filter(entry=bring(account, 10, days=1))

    assert ledger.expire(lot, NOW) is None
    assert ledger.expire(lot, NOW + timedelta(days=1)).amount == -10


def test_what_is_held_expires_when_it_is_given_back(account):
    [lot] = CreditLot.objects.filter(entry=bring(account, 10, days=0))
    held = ledger.hold(account, amount=4)

    assert ledger.expire(lot, NOW).amount == -6
    assert ledger.expire(lot, NOW) is None
    ledger.release(held)
    assert ledger.expire(lot, NOW).amount == -4


def test_accounts_of_before_lots_get_them_with_their_next_entry(account):
    other = bring(make_account("Bob's shop", credits=0), 10)
    old, one = bring(account, 10), bring(account, 1, days=30)
    use(account, 4)
    CreditLot.objects.all().delete()

    new = bring(account, 1)
    assert left(old, one, new) == [7, 0, 1]
    assert CreditLot.objects.get(entry=one).expires_at == NOW + timedelta(days=30)
    assert not CreditLot.objects.filter(entry=other).exists()
    bring(other.account, 1)
    assert left(other) == [10]


def test_one_credit_that_was_held_while_its_money_went_back_never_expires(account):
    refunded = bring(account, 10, days=0)
    held = ledger.hold(account, amount=1)
    ledger.take_back(refunded, amount=10, kind=EntryKind.REFUND, reference="a", reason="")
    ledger.release(held)

    [lot] = CreditLot.objects.filter(entry=refunded)
    assert (lot.left, lot.expires_at, ledger.expire(lot, NOW)) == (1, None, None)


def test_lots_that_do_not_add_up_are_noticed(account):
    bring(account, 10)
    CreditLot.objects.update(left=9)
    with pytest.raises(LedgerBroken, match=r"^The lots of an account hold less than its balance\.$"):
        bring(account, 1)
    CreditLot.objects.update(left=10)

    with pytest.raises(LedgerBroken, match=r"^More credits went than the lots of an account held\.$"):
        lots._take(11, CreditLot.objects.all())
    CreditLot.objects.update(left=10)


def test_holding_and_capturing_touch_no_lot(account):
    bring(account, 10, days=30)
    use(account, 1)
    with CaptureQueriesContext(connection) as queries:
        use(account, 1)

    assert not any("billing_creditlot" in query["sql"] for query in queries.captured_queries)
