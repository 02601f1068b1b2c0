"""Sessions of people who are not logged in are few, and expired ones are deleted."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import anonymous_sessions
from accounts.models import Role
from processing.scheduler import JOBS
from tests.accounts.entrance import log_in
from tests.factories import make_member, make_organization

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def fresh_counts(monkeypatch):
    cache.clear()
    monkeypatch.setattr(anonymous_sessions, "SESSIONS_PER_ADDRESS", "5/h")


def begin_passkey_login(address="203.0.113.7"):
    """Let a new browser do what stores a session: the challenge of a passkey."""
    return Client(REMOTE_ADDR=address).get("/account/2fa/webauthn/login/", headers=JSON)


def test_an_address_stores_a_number_of_sessions():
    statuses = [begin_passkey_login().status_code for _each in range(12)]

    assert statuses == [200] * 5 + [429] * 7
    assert Session.objects.count() == 5
    assert begin_passkey_login("198.51.100.1").status_code == 200


def test_a_session_is_counted_once():
    client = Client(REMOTE_ADDR="203.0.113.7")

    statuses = [client.get("/account/2fa/webauthn/login/", headers=JSON).status_code for _each in range(12)]

    assert statuses == [200] * 12
    assert Session.objects.count() == 1


def test_pages_without_a_session_and_log_in_are_not_limited():
    make_member(make_organization(), "alice@example.com", Role.OWNER)
    while begin_passkey_login().status_code == 200:
        pass
    client = Client(REMOTE_ADDR="203.0.113.7")

    assert client.get("/").status_code == 200
    assert client.get("/account/login/").status_code == 200
    assert log_in(client, "alice@example.com").status_code == 302
    assert client.get("/dashboard/").status_code == 200


def test_the_periodic_job_deletes_expired_sessions():
    make_member(make_organization(), "alice@example.com", Role.OWNER)
    client = Client()
    log_in(client, "alice@example.com")
    for _each in range(5):
        begin_passkey_login()
    Session.objects.exclude(pk=client.session.session_key).update(expire_date=timezone.now() - timedelta(seconds=1))

    JOBS["clear_expired_sessions"](timezone.now())

    assert [row.pk for row in Session.objects.all()] == [client.session.session_key]
