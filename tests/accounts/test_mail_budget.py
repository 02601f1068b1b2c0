"""Mails that anybody can cause have daily limits, and their answers tell nothing about accounts."""

import threading
import time
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends import locmem
from django.test import Client, RequestFactory

from accounts import mail_budget
from accounts.mail_budget import MailBudgetUsed, count_invitation, count_request
from accounts.models import Invitation, Role
from tests.accounts.entrance import sign_up
from tests.factories import make_member, make_organization

pytestmark = pytest.mark.django_db
CODE, RESET = "/account/login/code/", "/account/password/reset/"
REFUSED = "too many were requested today"


@pytest.fixture(autouse=True)
def small_limits(monkeypatch, settings):
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = False
    monkeypatch.setattr(mail_budget, "MAILS_PER_RECIPIENT", 3)
    monkeypatch.setattr(mail_budget, "MAILS_PER_ADDRESS", 6)
    monkeypatch.setattr(mail_budget, "MAILS_PER_ORGANIZATION", 4)
    settings.MAILS_PER_DAY = 1000


def ask(path, email, address="203.0.113.7"):
    """Ask for a mail in a new browser; return the page that follows, without the address."""
    client = Client(REMOTE_ADDR=address)
    answer = sign_up(client, email) if path == "/account/signup/" else client.post(path, {"email": email})
    assert answer.status_code == 302
    return client.get(answer["Location"]).content.decode().replace(email, "ADDRESS")


@pytest.mark.parametrize("path", [CODE, RESET])
@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_a_recipient_has_a_daily_limit_whether_there_is_an_account(path, email):
    make_member(make_organization(), "alice@example.com")

    refusals = [REFUSED in ask(path, email, address=f"203.0.113.{number}") for number in range(6)]

    assert refusals == [False] * 3 + [True] * 3
    assert len(mail.outbox) == (3 if email == "alice@example.com" else 0)


@pytest.mark.parametrize("path", [CODE, RESET, "/account/signup/"])
def test_one_sender_has_a_daily_limit_over_all_recipients(path):
    refusals = [REFUSED in ask(path, f"person{number}@example.com") for number in range(9)]

    assert refusals == [False] * 6 + [True] * 3
    assert len(mail.outbox) == (6 if path == "/account/signup/" else 0)


def test_a_refused_sender_uses_up_no_limit_of_the_recipient():
    make_member(make_organization(), "alice@example.com")
    for number in range(6):
        ask(CODE, f"person{number}@example.com")
    for _each in range(5):
        ask(CODE, "alice@example.com")

    assert REFUSED not in ask(CODE, "alice@example.com", address="198.51.100.1")
    assert [sent.to for sent in mail.outbox] == [["alice@example.com"]]


def test_the_server_has_a_daily_limit_for_sign_up_and_people_still_get_codes(settings):
    settings.MAILS_PER_DAY = 4
    make_member(make_organization(), "alice@example.com")

    for number in range(8):
        ask("/account/signup/", f"person{number}@example.com", address=f"203.0.113.{number}")

    assert len(mail.outbox) == 4
    assert REFUSED in ask("/account/signup/", "alice@example.com", address="198.51.100.1"), "told alike"
    assert REFUSED not in ask(CODE, "alice@example.com", address="198.51.100.2")
    assert mail.outbox[-1].to == ["alice@example.com"]


def test_invitations_have_a_daily_limit_for_each_organization(client):
    shop, other = make_organization(), make_organization("Bob's shop")
    client.force_login(make_member(shop, "alice@example.com", Role.OWNER))

    for number in range(6):
        client.post("/people/invite/", {"email": f"person{number}@example.com", "role": "member"})

    assert len(mail.outbox) == 4
    assert REFUSED in client.post("/people/invite/", {"email": "x@example.com", "role": "member"}).content.decode()
    count_invitation("x@example.com", other)


def test_an_invitation_over_a_limit_is_not_stored_and_a_pending_one_stays(client):
    shop = make_organization()
    client.force_login(make_member(shop, "alice@example.com", Role.OWNER))
    for number in range(4):
        client.post("/people/invite/", {"email": f"person{number}@example.com", "role": "member"})
    before = list(Invitation.objects.order_by("pk").values())

    refused = client.post("/people/invite/", {"email": "x@example.com", "role": "member"})
    again = client.post(f"/people/invitations/{before[0]['id']}/resend/", follow=True)

    assert refused.context["form"].errors["email"]
    assert REFUSED in again.content.decode()
    assert list(Invitation.objects.order_by("pk").values()) == before
    assert len(mail.outbox) == 4


def test_reaching_a_limit_is_logged_once_a_day_and_counted(caplog):
    before = mail_budget.refused.labels("recipient")._value.get()

    for number in range(6):
        ask(CODE, "alice@example.com", address=f"203.0.113.{number}")

    [line] = [record for record in caplog.records if record.getMessage() == "mail_budget_used"]
    assert (line.limit, line.mails_per_day) == ("recipient", 3)
    assert "alice" not in str(vars(line))
    assert mail_budget.refused.labels("recipient")._value.get() - before == 3


def test_the_limits_begin_again_the_next_day(monkeypatch):
    count = lambda: count_request("alice@example.com", request=None, is_to_stranger=False)  # noqa: E731
    for _each in range(3):
        count()
    with pytest.raises(MailBudgetUsed):
        count()

    monkeypatch.setattr(mail_budget.timezone, "now", lambda: datetime(2099, 1, 1, tzinfo=UTC))
    count()


def test_requests_at_the_same_moment_keep_the_limit():
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7")
    start, done = threading.Barrier(24), []

    def send(number):
        start.wait()
        try:
            count_request(f"person{number}@example.com", request=request, is_to_stranger=True)
            done.append(number)
        except MailBudgetUsed:
            pass

    threads = [threading.Thread(target=send, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) == 6


@pytest.mark.parametrize("path", [CODE, RESET])
def test_an_answer_takes_as_long_without_an_account(path, monkeypatch, settings):
    make_member(make_organization(), "alice@example.com")
    settings.EMAIL_BACKEND = "tests.accounts.test_mail_budget.SlowMails"
    monkeypatch.setattr("accounts.even_times.STEP_S", 1.0)
    took = {}

    for number, email in enumerate(["alice@example.com", "nobody@example.com"] * 2):
        client, began = Client(REMOTE_ADDR=f"203.0.113.{number}"), time.monotonic()
        client.post(path, {"email": email})
        took[email] = min(took.get(email, 9.0), time.monotonic() - began)

    assert abs(took["alice@example.com"] - took["nobody@example.com"]) < 0.2, took


class SlowMails(locmem.EmailBackend):
    """A mail server that takes its time over a mail."""

    def send_messages(self, messages):
        time.sleep(0.4)
        return super().send_messages(messages)
