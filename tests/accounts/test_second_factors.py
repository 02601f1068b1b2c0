"""Second factors: set up, asked for, encrypted where they lie; sessions that can be ended."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from cryptography.fernet import InvalidToken
from django.core.cache import cache
from django.test import Client

from accounts.mfa_adapter import MfaAdapter
from accounts.templatetags.browsers import browser_name
from tests.accounts.entrance import confirm_it_is_you, last_mail_to, log_in
from tests.factories import make_member, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def alice(client):
    alice = make_member(make_organization(), "alice@example.com")
    log_in(client, "alice@example.com")
    confirm_it_is_you(client)
    return alice


def code_now(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def set_up_app(client):
    page = client.get("/account/2fa/totp/activate/").content.decode()
    found = re.search(r'data-copy="([A-Z2-7]+)"', page)
    assert found
    client.post("/account/2fa/totp/activate/", {"code": code_now(found[1])})
    return found[1]


@pytest.mark.django_db(transaction=True)
def test_an_app_is_set_up_and_asked_for_at_the_next_log_in(client, alice):
    secret = set_up_app(client)
    assert "authenticator app was set up" in last_mail_to("alice@example.com").body
    client.logout()
    cache.clear()

    asked = log_in(client, "alice@example.com")
    assert asked["Location"] == "/account/2fa/authenticate/"
    assert client.get("/dashboard/").status_code == 302
    wrong = client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert b"Incorrect code" in wrong.content
    landed = client.post("/account/2fa/authenticate/", {"code": code_now(secret)})

    assert landed["Location"] == "/dashboard/"
    assert client.get("/dashboard/").status_code == 200


def test_a_recovery_code_lets_in_once(client, alice):
    set_up_app(client)
    code = client.get("/account/2fa/recovery-codes/download/").content.decode().split()[0]

    for expected in (302, 200):
        fresh = Client()
        cache.clear()
        log_in(fresh, "alice@example.com")
        assert fresh.post("/account/2fa/authenticate/", {"code": code}).status_code == expected


def test_no_secret_lies_in_the_database(client, alice):
    secret = set_up_app(client)
    codes = client.get("/account/2fa/recovery-codes/download/").content.decode().split()

    stored = str(list(Authenticator.objects.values_list("data", flat=True)))

    assert secret not in stored
    assert not [code for code in codes if code in stored]
    assert Authenticator.objects.filter(type="totp").exists()
    assert Authenticator.objects.filter(type="recovery_codes").exists()


def test_secrets_stay_readable_while_the_server_s_secret_is_changed(settings):
    before = MfaAdapter().encrypt("JBSWY3DPEHPK3PXP")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret of this server, long enough to be one"
    after = MfaAdapter().encrypt("JBSWY3DPEHPK3PXP")

    assert MfaAdapter().decrypt(before) == MfaAdapter().decrypt(after) == "JBSWY3DPEHPK3PXP"
    settings.SECRET_KEY_FALLBACKS = []
    assert MfaAdapter().decrypt(after) == "JBSWY3DPEHPK3PXP"
    with pytest.raises(InvalidToken):
        MfaAdapter().decrypt(before)


def test_the_admin_asks_for_the_second_factor_too(client):
    sam = make_member(make_organization(), "sam@example.com")
    sam.is_staff = sam.is_superuser = True
    sam.save()
    TOTP.activate(sam, "JBSWY3DPEHPK3PXP")

    log_in(client, "sam@example.com", next="/admin/")

    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "/account/2fa/totp/activate/",
        "/account/2fa/webauthn/add/",
        "/account/2fa/recovery-codes/generate/",
        "/account/data/delete/",
    ],
)
def test_what_changes_who_gets_in_asks_once_more_who_you_are(client, path):
    make_member(make_organization(), "alice@example.com")
    log_in(client, "alice@example.com")

    assert client.get(path)["Location"].startswith("/account/reauthenticate/")
    assert client.post(path, {})["Location"].startswith("/account/reauthenticate/")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/account/2fa/totp/activate/", "changes who can enter your account"),
        ("/account/data/delete/", "delete your account"),
        ("/admin/auth/", "The admin asks"),
    ],
)
def test_the_page_that_asks_says_what_comes_next(client, path, reason):
    make_member(make_organization(), "alice@example.com")
    log_in(client, "alice@example.com")
    pages = [
        client.get("/account/reauthenticate/", {"next": path}),
        client.post("/account/reauthenticate/", {"next": path, "password": "wrong"}),
    ]
    reasons = {"changes who can enter your account", "delete your account", "The admin asks"}

    for page in pages:
        assert {words for words in reasons if words in page.content.decode()} == {reason}


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_other_sessions_are_listed_and_ended_one_by_one(client, alice):
    elsewhere = Client(headers={"user-agent": FIREFOX})
    log_in(elsewhere, "alice@example.com")
    elsewhere.get("/dashboard/")
    page = client.get("/account/sessions/").content.decode()
    assert "Firefox on Windows" in page
    assert "this one" in page
    other = UserSession.objects.get(user_agent=FIREFOX)

    client.post(f"/account/sessions/{other.pk}/end/")

    assert elsewhere.get("/dashboard/").status_code == 302
    assert client.get("/dashboard/").status_code == 200


def test_all_others_are_ended_at_once(client, alice):
    others = [Client(), Client()]
    for other in others:
        log_in(other, "alice@example.com")
        other.get("/dashboard/")

    client.post("/account/sessions/")

    assert [other.get("/dashboard/").status_code for other in others] == [302, 302]
    assert client.get("/dashboard/").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(client, alice):
    bob = Client()
    make_member(make_organization("Bob's shop"), "bob@example.com")
    log_in(bob, "bob@example.com")
    bob.get("/dashboard/")
    session = UserSession.objects.get(user__email="bob@example.com")

    assert client.post(f"/account/sessions/{session.pk}/end/").status_code == 404
    assert bob.get("/dashboard/").status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"),
        ("curl/8.0", "curl/8.0"),
        ("", "Unknown"),
    ],
)
def test_browsers_have_names(user_agent, name):
    assert browser_name(user_agent) == name
