"""The admin opens only to staff who showed a second factor in this session, where STAFF_SECOND_FACTOR is on."""

import os
import re
import subprocess
import sys

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.entrance import code_for, confirm_it_is_you, log_in
from tests.accounts.test_second_factors import code_now, set_up_app
from tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
EXPLAINED = "/account/second-factor-required/?next=%2Fadmin%2F"


@pytest.fixture(autouse=True)
def required(settings):
    settings.STAFF_SECOND_FACTOR = True
    cache.clear()


@pytest.fixture
def sam():
    return make_staff()


def open_admin(client):
    """Return where a person ends up who opens the admin, following its own redirects."""
    answer = client.get("/admin/", follow=True)
    return answer.redirect_chain[-1][0] if answer.redirect_chain else "/admin/"


def show_app(client, secret=SECRET):
    return client.post("/account/2fa/authenticate/", {"code": code_now(secret)})


def test_staff_without_a_factor_are_led_to_set_one_up(client, sam):
    client.defaults["HTTP_HOST"] = "localhost"  # where passkeys work without HTTPS
    log_in(client, sam.email)

    assert open_admin(client) == EXPLAINED
    page = client.get(EXPLAINED).content.decode()
    assert reverse("mfa_add_webauthn") in page
    assert reverse("mfa_activate_totp") in page


def test_the_whole_way_of_a_new_admin(client, sam):
    log_in(client, sam.email)
    open_admin(client)
    confirm_it_is_you(client)
    secret = set_up_app(client)
    page = client.get(EXPLAINED).content.decode()
    assert "/account/2fa/reauthenticate/?next=%2Fadmin%2F" in page

    landed = client.post("/account/2fa/reauthenticate/", {"code": code_now(secret), "next": "/admin/"})

    assert landed["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_staff_who_log_in_with_the_factor_are_in(client, sam):
    TOTP.activate(sam, SECRET)
    log_in(client, sam.email)
    show_app(client)

    assert client.get("/admin/").status_code == 200


def test_a_recovery_code_stands_in_for_the_factor(client, sam):
    TOTP.activate(sam, SECRET)
    codes = RecoveryCodes.activate(sam).get_unused_codes()
    log_in(client, sam.email)
    client.post("/account/2fa/authenticate/", {"code": codes[0]})

    assert client.get("/admin/").status_code == 200


def test_a_session_from_before_the_factor_was_added_shows_it_first(client, sam):
    log_in(client, sam.email)
    TOTP.activate(sam, SECRET)

    assert open_admin(client) == EXPLAINED
    client.post("/account/2fa/reauthenticate/", {"code": code_now(SECRET)})
    assert client.get("/admin/").status_code == 200


def test_a_code_by_mail_is_no_second_factor(client, sam):
    client.post("/account/login/code/", {"email": sam.email})
    client.post("/account/login/code/confirm/", {"code": code_for(sam.email)})

    assert client.get("/dashboard/").status_code in (200, 302)
    assert open_admin(client) == EXPLAINED


def test_a_new_password_by_mail_is_no_second_factor(client, sam):
    TOTP.activate(sam, SECRET)
    client.post("/account/password/reset/", {"email": sam.email})
    client.post("/account/password/reset/confirm/", {"code": code_for(sam.email)})
    new = "a quite different long secret"
    client.post("/account/password/reset/complete/", {"password1": new, "password2": new})
    asked = log_in(client, sam.email, new)

    assert asked["Location"] == "/account/2fa/authenticate/"
    assert client.get("/admin/").status_code == 302


def test_confirming_the_password_is_no_second_factor(client, sam):
    TOTP.activate(sam, SECRET)
    client.force_login(sam)
    confirm_it_is_you(client)

    assert open_admin(client) == EXPLAINED


def test_a_factor_that_was_removed_does_not_count(client, sam):
    TOTP.activate(sam, SECRET)
    log_in(client, sam.email)
    show_app(client)
    Authenticator.objects.filter(user=sam).delete()
    assert open_admin(client) == EXPLAINED

    TOTP.activate(sam, SECRET)
    assert open_admin(client) == EXPLAINED


def test_the_factor_of_one_person_does_not_open_the_admin_to_another(client, sam):
    rita = make_staff("rita@example.com")
    TOTP.activate(rita, SECRET)
    TOTP.activate(sam, "KVKFKRCPNZQUYMLX")
    log_in(client, rita.email)
    show_app(client)
    client.force_login(sam)

    assert open_admin(client) == EXPLAINED


@pytest.mark.parametrize(
    "path",
    ["/admin/accounts/user/", "/admin/jsi18n/", "/admin/autocomplete/", "/admin/accounts/user/add/", "/admin/search/"],
)
def test_every_page_of_the_admin_is_closed(client, sam, path):
    log_in(client, sam.email)

    assert client.get(path).status_code == 302
    assert client.post(path, {"email": "x@example.com"}).status_code == 302
    assert not User.objects.filter(email="x@example.com").exists()


def test_people_who_are_no_staff_notice_nothing(client):
    alice = make_user()
    log_in(client, alice.email)

    assert client.get("/account/second-factor-required/?next=/account/email/")["Location"] == "/account/email/"
    assert client.get("/admin/login/").status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/"])
def test_the_page_leads_to_no_other_site(client, sam, target):
    log_in(client, sam.email)
    TOTP.activate(sam, SECRET)
    page = client.get("/account/second-factor-required/", {"next": target}).content.decode()

    assert 'href="/account/2fa/reauthenticate/?next=%2Fadmin%2F"' in page
    assert not [link for link in re.findall(r'href="([^"]*)"', page) if "evil.example" in link]


def test_where_it_is_off_the_password_is_enough(client, sam, settings):
    settings.STAFF_SECOND_FACTOR = False
    log_in(client, sam.email)

    assert client.get("/admin/").status_code == 200


PRODUCTION = {
    "DEPLOYMENT": "production",
    "SECRET_KEY": "x" * 60,
    "ALLOWED_HOSTS": "cutouts.example",
    "PUBLIC_URL": "https://cutouts.example",
    "DATABASE_URL": "sqlite:////dev/null",
    "TRUSTED_PROXIES": "1",
}


@pytest.mark.parametrize(
    ("extra", "expected"),
    [(PRODUCTION, "True"), ({**PRODUCTION, "STAFF_SECOND_FACTOR": "false"}, "False"), ({}, "False")],
)
def test_production_requires_it_by_default(tmp_path, extra, expected):
    program = "from removebg import settings; print(settings.STAFF_SECOND_FACTOR)"
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **extra}
    found = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == expected


def test_nobody_looks_at_the_site_as_somebody_else_without_it(sam):
    client = Client()
    log_in(client, sam.email)
    alice = make_user()

    assert client.post(reverse("admin:accounts_user_visit", args=[alice.pk]), {"reason": "Help"}).status_code == 302
    assert not alice.visits_received.exists()
