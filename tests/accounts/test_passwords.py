"""Which passwords are taken, and how long codes by mail live."""

import time

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError

from accounts.models import User
from tests.accounts.entrance import code_for, log_in, sign_up
from tests.factories import make_member, make_organization

PASSPHRASES = ["84620175930264718", "correct horse battery staple", "my removebg passphrase is long"]
REFUSED = [
    "removebg2026!",
    "RemoveBG-remove.bg",
    "schnittwerk1234",
    "Schnittwerk Cutouts",
    "cutouts.example1",
    "short",
    "password123",
]


@pytest.fixture(autouse=True)
def brand(settings):
    settings.PRODUCT_NAME = "Schnittwerk"
    settings.PUBLIC_URL = "https://cutouts.example"
    cache.clear()


@pytest.mark.parametrize("password", PASSPHRASES)
def test_long_passwords_of_any_composition_are_taken(password):
    validate_password(password, User(email="alice@example.com"))


@pytest.mark.parametrize("password", REFUSED)
def test_short_common_and_obvious_passwords_are_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password, User(email="alice@example.com"))


@pytest.mark.django_db
def test_the_form_says_why(client):
    answer = client.post("/account/signup/", {"email": "nina@example.com", "password1": "schnittwerk1234"})

    assert b"too close to the name of this service" in answer.content
    assert not User.objects.exists()


LIVES_S = 600


def later(monkeypatch, seconds):
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + seconds)


@pytest.mark.django_db
@pytest.mark.parametrize(("passed", "logged_in"), [(LIVES_S - 10, True), (LIVES_S + 10, False)])
def test_a_log_in_code_lives_ten_minutes(client, monkeypatch, passed, logged_in):
    make_member(make_organization(), "alice@example.com")
    client.post("/account/login/code/", {"email": "alice@example.com"})
    later(monkeypatch, passed)
    client.post("/account/login/code/confirm/", {"code": code_for("alice@example.com")})

    assert ("_auth_user_id" in client.session) is logged_in


@pytest.mark.django_db
@pytest.mark.parametrize(("passed", "logged_in"), [(LIVES_S - 10, True), (LIVES_S + 10, False)])
def test_a_code_for_a_new_address_lives_ten_minutes(client, monkeypatch, passed, logged_in):
    sign_up(client, "nina@example.com")
    code = code_for("nina@example.com")
    later(monkeypatch, passed)
    client.post("/account/confirm-email/", {"code": code})

    assert ("_auth_user_id" in client.session) is logged_in


@pytest.mark.django_db
@pytest.mark.parametrize(("passed", "changed"), [(LIVES_S - 10, True), (LIVES_S + 10, False)])
def test_a_code_for_a_new_password_lives_ten_minutes(client, monkeypatch, passed, changed):
    make_member(make_organization(), "alice@example.com")
    client.post("/account/password/reset/", {"email": "alice@example.com"})
    later(monkeypatch, passed)
    client.post("/account/password/reset/confirm/", {"code": code_for("alice@example.com")})
    new = "a quite different long secret"
    client.post("/account/password/reset/complete/", {"password1": new, "password2": new})

    assert (log_in(client, "alice@example.com", new).status_code == 302) is changed
