"""What a balance is made of adds up to it, and says so without writing anything."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import expiry, ledger, lots
from billing.composition import composition_of
from billing.models import CreditLot, EntryKind
from tests.factories import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db):
    return make_account(credits=10)


def add(account, amount, kind, *, days=None, origin=None):
    expires_at = None if days is None else timezone.now() + timedelta(days=days)
    reference = f"{kind}:{amount}:{days}"
    return ledger.grant(
        account, amount=amount, reference=reference, reason="", kind=kind, expires_at=expires_at, origin=origin
    )


def use(account, count):
    ledger.capture(ledger.hold(account, amount=count))


def made_of(account):
    account.refresh_from_db()
    parts = composition_of(account)
    assert sum(part.credits for part in parts) == account.balance
    return [(part.source, part.credits, part.expiring) for part in parts]


def test_by_source_with_what_expires_first(account):
    add(account, 300, EntryKind.PLAN, days=20)
    bought = add(account, 100, EntryKind.PURCHASE, days=40)
    add(account, 50, EntryKind.PURCHASE, days=90)
    add(account, 5, EntryKind.DISPUTE_WON, origin=bought)

    assert made_of(account) == [("plan", 300, 300), ("pack", 155, 100), ("free", 10, 0)]


def test_uses_take_what_expires_first(account):
    add(account, 30, EntryKind.PURCHASE, days=40)
    add(account, 20, EntryKind.PLAN, days=20)
    use(account, 25)
    assert made_of(account) == [("pack", 25, 25), ("free", 10, 0)]

    use(account, 30)
    assert made_of(account) == [("free", 5, 0)]
    use(account, 5)
    assert made_of(account) == []


def test_it_is_what_the_lots_say_once_they_are_counted(account):
    add(account, 30, EntryKind.PURCHASE, days=40)
    use(account, 12)
    before = made_of(account)
    lots.count_uses(account.pk, account.balance)

    assert made_of(account) == before == [("pack", 18, 18), ("free", 10, 0)]


def test_credits_of_before_there_were_lots_count(account):
    CreditLot.objects.all().delete()

    assert made_of(account) == [("free", 10, 0)]


def test_what_expired_is_gone(account):
    add(account, 30, EntryKind.PURCHASE, days=1)
    expiry.expire_due(timezone.now() + timedelta(days=2))

    assert made_of(account) == [("free", 10, 0)]


def test_looking_writes_nothing(account):
    use(account, 3)
    account.refresh_from_db()
    with CaptureQueriesContext(connection) as asked:
        composition_of(account)

    assert len(asked) == 2
    assert all(query["sql"].startswith("SELECT") for query in asked)
