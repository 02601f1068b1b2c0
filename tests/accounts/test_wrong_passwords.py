"""The slow limit on wrong passwords for one account, and the mail about them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone, translation

from accounts import wrong_passwords
from accounts.models import User
from accounts.security_models import WrongPasswords
from processing.scheduler import JOBS
from tests.accounts.entrance import code_for, last_mail_to, log_in
from tests.accounts.test_second_factors import code_now
from tests.factories import PASSWORD, make_member, make_organization

pytestmark = pytest.mark.django_db
WRONG = "not the password at all"
CLOSED = b"too many wrong passwords for this account today"


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def alice():
    return make_member(make_organization(), "alice@example.com")


@pytest.fixture
def from_anywhere(settings):
    """Return a function that tries a password from a new address each time."""
    settings.TRUSTED_PROXIES = 1
    count = iter(range(1, 255))
    return lambda email, password: log_in(
        Client(headers={"x-forwarded-for": f"198.51.100.{next(count)}"}), email, password
    )


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_after_a_hundred_wrong_passwords_from_all_addresses_none_is_tried(alice, from_anywhere, email, monkeypatch):
    tried = []
    check = User.check_password
    monkeypatch.setattr(User, "check_password", lambda user, raw: tried.append(raw) or check(user, raw))
    answers = [from_anywhere(email, WRONG) for _ in range(103)]

    assert [CLOSED in answer.content for answer in answers] == [False] * 100 + [True] * 3
    assert len(tried) == (100 if email == alice.email else 0)
    assert WrongPasswords.objects.get().count == 100


def test_the_right_password_is_refused_until_tomorrow(alice, from_anywhere, client):
    for _ in range(wrong_passwords.WRONG_PASSWORDS_PER_DAY):
        wrong_passwords.reserve_attempt(alice.email)
    refused = from_anywhere(alice.email, PASSWORD)
    assert CLOSED in refused.content
    assert "_auth_user_id" not in refused.client.session

    WrongPasswords.objects.update(day=timezone.now().date() - timedelta(days=1))
    assert from_anywhere(alice.email, PASSWORD).status_code == 302


def test_a_code_by_mail_still_logs_in(alice, client):
    for _ in range(wrong_passwords.WRONG_PASSWORDS_PER_DAY):
        wrong_passwords.reserve_attempt(alice.email)
    client.post("/account/login/code/", {"email": alice.email})
    client.post("/account/login/code/confirm/", {"code": code_for(alice.email)})

    assert client.get("/dashboard/").status_code == 200


def test_a_new_password_by_mail_opens_log_in_by_password(alice, client):
    for _ in range(wrong_passwords.WRONG_PASSWORDS_PER_DAY):
        wrong_passwords.reserve_attempt(alice.email)
    client.post("/account/password/reset/", {"email": alice.email})
    client.post("/account/password/reset/confirm/", {"code": code_for(alice.email)})
    new = "a quite different long secret"
    client.post("/account/password/reset/complete/", {"password1": new, "password2": new})

    assert log_in(Client(), alice.email, new).status_code == 302


def test_right_passwords_count_nothing(alice, client):
    for _ in range(3):
        log_in(Client(), alice.email)

    assert WrongPasswords.objects.get().count == 0


def test_another_account_is_not_concerned(alice, from_anywhere):
    make_member(make_organization("Bob's shop"), "bob@example.com")
    for _ in range(wrong_passwords.WRONG_PASSWORDS_PER_DAY):
        wrong_passwords.reserve_attempt(alice.email)

    assert from_anywhere("bob@example.com", PASSWORD).status_code == 302


def test_refused_guesses_at_one_account_leave_log_in_open_to_others_at_the_address(alice, client):
    make_member(make_organization("Bob's shop"), "bob@example.com")
    guesses = [log_in(client, alice.email, WRONG).status_code for _ in range(20)]

    assert guesses == [200] * 5 + [429] * 15
    assert log_in(Client(), "bob@example.com").status_code == 302


def test_one_address_still_guesses_ten_times_a_minute_over_all_accounts(client):
    with time_machine.travel(4_000_000_000, tick=False):
        guesses = [log_in(client, f"nobody{number}@example.com", WRONG).status_code for number in range(12)]

    assert guesses == [200] * 10 + [429] * 2


def test_trying_sooner_makes_the_wait_no_longer(alice, client):
    with time_machine.travel(4_000_000_000, tick=False) as clock:
        for _ in range(5):
            log_in(client, alice.email, WRONG)
        for _ in range(6):
            clock.shift(49)
            refused = log_in(client, alice.email)
        clock.shift(7)

        assert (refused.status_code, refused["Retry-After"]) == (429, "300")
        assert "sooner" not in str(refused.context["advice"])
        assert log_in(client, alice.email).status_code == 302


def fail(email, times):
    for _ in range(times):
        wrong_passwords.reserve_attempt(email)


def run_job():
    JOBS["mail_about_wrong_passwords"](timezone.now())
    return [sent for sent in mail.outbox if "password" in sent.subject.lower()]


def test_ten_wrong_passwords_are_mailed_once_a_day(alice):
    fail(alice.email, 9)
    assert run_job() == []
    fail(alice.email, 1)
    assert len(run_job()) == 1
    fail(alice.email, 20)
    assert len(run_job()) == 1

    sent = last_mail_to(alice.email)
    assert "10 wrong passwords were typed" in sent.body
    html, kind = sent.alternatives[0]
    assert kind == "text/html"
    assert "10 wrong passwords were typed" in html
    assert "/account/password/reset/" in html


def test_the_mail_is_in_the_language_of_the_person(alice):
    User.objects.filter(pk=alice.pk).update(language="de")
    fail(alice.email, 10)
    with translation.override("en"):
        run_job()

    assert last_mail_to(alice.email).extra_headers["Content-Language"] == "de"


def test_nobody_is_mailed_about_an_unknown_or_unverified_account(alice):
    alice.emailaddress_set.update(verified=False)
    fail(alice.email, 10)
    fail("nobody@example.com", 10)

    assert run_job() == []


def test_a_mail_that_is_refused_is_sent_at_the_next_run(alice):
    fail(alice.email, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", refuse)
        run_job()

    assert len(run_job()) == 1


def refuse(*args, **kwargs):
    raise OSError("The mail server is away.")


def test_counts_of_past_days_are_deleted(alice):
    fail(alice.email, 1)
    WrongPasswords.objects.update(day=timezone.now().date() - timedelta(days=2))
    JOBS["delete_expired_wrong_passwords"](timezone.now())

    assert not WrongPasswords.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_attempts_at_the_same_moment_never_pass_the_limit(alice):
    fail(alice.email, wrong_passwords.WRONG_PASSWORDS_PER_DAY - 5)
    with ThreadPoolExecutor(8) as threads:
        reserved = list(threads.map(lambda _: reserve_and_disconnect(alice.email), range(40)))

    assert sum(reserved) == 5
    assert WrongPasswords.objects.get().count == wrong_passwords.WRONG_PASSWORDS_PER_DAY


@pytest.mark.django_db(transaction=True)
def test_first_attempts_at_the_same_moment_count_in_one_row(alice):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: reserve_and_disconnect(alice.email), range(16)))

    assert WrongPasswords.objects.get().count == 16


def reserve_and_disconnect(email):
    try:
        return wrong_passwords.reserve_attempt(email) is not None
    finally:
        connection.close()


SECRET = "JBSWY3DPEHPK3PXP"


def test_codes_of_a_second_factor_have_a_daily_limit_too(alice, client, monkeypatch):
    monkeypatch.setattr(wrong_passwords, "WRONG_PASSWORDS_PER_DAY", 3)
    TOTP.activate(alice, SECRET)
    log_in(client, alice.email)
    for _ in range(3):
        assert b"Incorrect code" in client.post("/account/2fa/authenticate/", {"code": "000000"}).content

    refused = client.post("/account/2fa/authenticate/", {"code": code_now(SECRET)})

    assert b"too many wrong codes for this account today" in refused.content
    assert "_auth_user_id" not in client.session
    WrongPasswords.objects.update(day=timezone.now().date() - timedelta(days=1))
    client.post("/account/2fa/authenticate/", {"code": code_now(SECRET)})
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_right_codes_and_codes_that_were_not_checked_count_nothing(alice, client):
    TOTP.activate(alice, SECRET)
    log_in(client, alice.email)
    for _ in range(8):
        client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert sorted(WrongPasswords.objects.values_list("count", flat=True)) == [0, 5]

    cache.clear()
    client.post("/account/2fa/authenticate/", {"code": code_now(SECRET)})
    assert client.session["_auth_user_id"] == str(alice.pk)
    assert sorted(WrongPasswords.objects.values_list("count", flat=True)) == [0, 5]


def test_refused_codes_leave_log_in_open_to_others_at_the_address(alice, client):
    make_member(make_organization("Bob's shop"), "bob@example.com")
    TOTP.activate(alice, SECRET)
    log_in(client, alice.email)
    for _ in range(20):
        client.post("/account/2fa/authenticate/", {"code": "000000"})

    assert log_in(Client(), "bob@example.com").status_code == 302
