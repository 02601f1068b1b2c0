"""The mail about low credits: once for each fall, to those who see the money, and never in the way."""

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends import locmem
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from billing import ledger, low_credits
from billing.models import CreditAccount
from processing import scheduler
from tests.factories import make_account, make_member, make_pack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


@pytest.fixture
def people(alice):
    """An owner, an admin, a member; Alice's shop is warned at 5 of its 10 credits."""
    made = {
        role: make_member(alice.organization, f"{role}@example.com", role)
        for role in (Role.OWNER, Role.ADMIN, Role.MEMBER)
    }
    low_credits.choose_threshold(alice, 5)
    return made


def spend(account, amount):
    ledger.capture(ledger.hold(account, amount=amount))


def warn():
    return low_credits.warn_of_low_credits(timezone.now())


def test_the_fall_is_told_once_to_owners_and_admins(alice, people):
    spend(alice, 4)
    assert warn() == 0
    spend(alice, 1)
    assert [warn(), warn()] == [1, 0]
    spend(alice, 1)
    assert warn() == 0

    assert [message.to for message in mail.outbox] == [["owner@example.com"], ["admin@example.com"]]


def test_the_mail_says_what_happened_and_how_to_stop_it_in_text_and_html(alice, people, settings):
    spend(alice, 5)
    warn()
    [message, _] = mail.outbox
    html = message.alternatives[0].content

    assert message.subject == "Alice's shop: 5 credits left"
    for words in ("5 credits left", "You asked to be told at 5", "/dashboard/", "/credits/warning/"):
        assert words in message.body
        assert words in html
    assert f'href="{settings.PUBLIC_URL}/credits/warning/"' in html


def test_it_is_told_again_only_after_having_been_above(alice, people):
    spend(alice, 5)
    warn()
    ledger.grant(alice, amount=1, reference="a", reason="")
    spend(alice, 1)
    assert warn() == 1, "it was above for a moment that no job saw"
    spend(alice, 2)
    ledger.grant(alice, amount=2, reference="b", reason="")
    assert warn() == 0, "five again, but never above"


def test_what_one_shop_is_given_is_no_rise_of_another(alice, people):
    bob = make_account("Bob's shop")
    CreditAccount.objects.filter(pk=bob.pk).update(low_credit_threshold=5, low_credit_warned_at=timezone.now())
    ledger.grant(alice, amount=5, reference="a", reason="")

    bob.refresh_from_db()
    assert bob.low_credit_warned_at is not None


def test_of_two_processes_that_see_the_same_fall_one_tells_it(alice, people):
    spend(alice, 5)
    seen = [CreditAccount.objects.select_related("organization").get(pk=alice.pk) for _ in range(2)]

    assert [low_credits._warn(account, timezone.now()) for account in seen] == [True, False]
    assert len(mail.outbox) == 2


def test_nothing_is_told_without_a_threshold(alice):
    make_member(alice.organization)
    spend(alice, 10)

    assert warn() == 0
    assert mail.outbox == []


def test_changing_the_threshold_brings_one_mail_a_day(alice, people):
    spend(alice, 5)
    assert warn() == 1
    for threshold in (6, 5, None, 5, 1, 5, 7):
        low_credits.choose_threshold(alice, threshold)
        assert warn() == 0

    with time_machine.travel(timezone.now() + low_credits.MAIL_PAUSE):
        low_credits.choose_threshold(alice, 8)
        assert warn() == 1


def test_a_fall_to_a_threshold_chosen_after_a_mail_is_mailed(alice, people):
    spend(alice, 5)
    warn()
    low_credits.choose_threshold(alice, 2)
    assert warn() == 0

    spend(alice, 3)
    assert warn() == 1


def test_saving_the_same_threshold_again_changes_nothing(alice, people):
    spend(alice, 5)
    warn()
    with time_machine.travel(timezone.now() + low_credits.MAIL_PAUSE):
        low_credits.choose_threshold(alice, 5)
        assert warn() == 0


class NoServer(locmem.EmailBackend):
    def open(self):
        raise ConnectionRefusedError("no mail server")

    def send_messages(self, messages):
        raise ConnectionRefusedError("no mail server")


def test_what_cannot_be_sent_is_sent_later_and_stops_nobody(alice, people, settings):
    bob = make_account("Bob's shop", credits=1)
    make_member(bob.organization, "bob@example.com")
    low_credits.choose_threshold(bob, 1)
    spend(alice, 5)
    settings.EMAIL_BACKEND = "tests.billing.test_low_credits.NoServer"
    assert warn() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert warn() == 2
    assert len(mail.outbox) == 3


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_mail_is_sent(alice, people, settings):
    settings.EMAIL_BACKEND = "tests.billing.test_low_credits.InNoTransaction"
    spend(alice, 5)

    assert warn() == 1
    assert len(mail.outbox) == 2


class InNoTransaction(locmem.EmailBackend):
    def send_messages(self, messages):
        assert not connection.in_atomic_block
        return super().send_messages(messages)


def test_the_scheduler_sends_it(alice, people):
    spend(alice, 5)
    scheduler.run_due_jobs(holder="a", every_s=30)

    assert len(mail.outbox) == 2


def client_of(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 302), (Role.ADMIN, 302), (Role.MEMBER, 403)])
def test_owners_and_admins_choose_the_threshold(alice, people, role, status):
    assert client_of(people[role]).post("/credits/warning/", {"threshold": "7"}).status_code == status
    alice.refresh_from_db()

    assert alice.low_credit_threshold == (7 if status == 302 else 5)


def test_an_empty_threshold_ends_the_mails_and_nonsense_changes_nothing(alice, people):
    owner = client_of(people[Role.OWNER])
    assert owner.post("/credits/warning/", {"threshold": "-1"}).status_code == 200
    assert CreditAccount.objects.get(pk=alice.pk).low_credit_threshold == 5
    owner.post("/credits/warning/", {"threshold": ""})

    assert CreditAccount.objects.get(pk=alice.pk).low_credit_threshold is None


def test_where_packs_are_sold_the_mail_names_the_smallest_that_is_enough(alice, people, selling, settings):
    make_pack("2 credits", 2)
    make_pack("100 credits", 100)
    alice.low_credit_threshold = 20
    alice.save()
    warn()

    assert "The smallest pack that is enough is 100 credits for 10.00 EUR" in mail.outbox[0].body
    assert f"{settings.PUBLIC_URL}/billing/" in mail.outbox[0].body
