"""Credits that expire: taken when due, told of a week before, once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from billing import expiry, ledger
from billing.models import CreditLot, EntryKind
from tests.factories import make_account, make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def bring(account, amount, *, days, reference="cs_x"):
    expires_at = NOW + timedelta(days=days)
    return ledger.grant(
        account, amount=amount, reference=reference, reason="Pack", kind=EntryKind.GRANT, expires_at=expires_at
    )


def balance(account):
    account.refresh_from_db()
    return account.balance


@pytest.fixture
def owner(alice):
    return make_member(alice.organization, "alice@example.com")


def test_what_is_due_goes_and_the_rest_stays(alice):
    bring(alice, 100, days=0, reference="a")
    bring(alice, 7, days=1, reference="b")
    ledger.capture(ledger.hold(alice, amount=30))

    assert expiry.expire_due(NOW) == 70
    assert expiry.expire_due(NOW) == 0
    assert balance(alice) == 17
    assert list(alice.entries.filter(kind="expire").values_list("amount", "reason")) == [
        (-70, "They were not used in time.")
    ]


def test_lots_that_were_used_up_are_looked_at_once(alice):
    bring(alice, 5, days=0)
    ledger.capture(ledger.hold(alice, amount=6))

    assert expiry.expire_due(NOW) == 0
    assert not CreditLot.objects.filter(left__gt=0, expires_at__isnull=False).exists()
    assert balance(alice) == 9


def test_what_is_held_stays_until_it_is_given_back(alice):
    bring(alice, 5, days=0)
    held = ledger.hold(alice, amount=12)

    assert expiry.expire_due(NOW) == 3
    ledger.release(held)
    assert expiry.expire_due(NOW) == 2
    assert balance(alice) == 10


def test_one_account_that_is_broken_keeps_no_other_waiting(alice, caplog):
    bob = make_account("Bob's shop")
    bring(alice, 5, days=-1, reference="a")
    bring(bob, 5, days=0, reference="b")
    CreditLot.objects.filter(account=alice).exclude(expires_at=None).update(left=3)

    assert expiry.expire_due(NOW) == 5
    assert "credits_not_expired" in caplog.messages
    CreditLot.objects.filter(account=alice).exclude(expires_at=None).update(left=5)


def test_owners_are_told_once_of_what_is_left(alice, owner):
    bring(alice, 100, days=7, reference="a")
    bring(alice, 1000, days=8, reference="b")
    ledger.capture(ledger.hold(alice, amount=30))

    assert [expiry.warn_of_expiry(NOW) for _ in range(3)] == [1, 0, 0]
    [message] = mail.outbox
    assert message.to == ["alice@example.com"]
    assert message.subject == "Alice's shop: 70 credits expire from 8 Mar 2026"
    assert "has 70 credits that expire soon, the first of them on 8 Mar 2026." in message.body

    assert expiry.warn_of_expiry(NOW + timedelta(days=1)) == 1
    assert "1,000 credits" in mail.outbox[1].subject


def test_nobody_is_told_of_credits_that_were_used(alice, owner):
    bring(alice, 5, days=7)
    ledger.capture(ledger.hold(alice, amount=5))

    assert expiry.warn_of_expiry(NOW) == 0
    assert mail.outbox == []


def test_a_mail_that_fails_is_tried_again(alice, owner, settings, caplog):
    bring(alice, 5, days=7)
    settings.EMAIL_BACKEND = "no.such.Backend"
    assert expiry.warn_of_expiry(NOW) == 0
    assert "expiry_mail_not_sent" in caplog.messages

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert expiry.warn_of_expiry(NOW) == 1
    assert len(mail.outbox) == 1
