"""A log-in ends after a time without use and after a fixed time; staff sessions are short in production."""

import time

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache

from accounts import session_lifetime
from accounts.models import Role
from accounts.session_lifetime import BEGAN, USED
from tests.accounts.entrance import log_in
from tests.factories import make_member, make_organization

pytestmark = pytest.mark.django_db
HOUR, DAY = 3600, 24 * 3600


@pytest.fixture
def clock(monkeypatch):
    """Return a list whose one number is the seconds that have passed for the product."""
    passed, real = [0.0], time.time
    monkeypatch.setattr(session_lifetime.time, "time", lambda: real() + passed[0])
    return passed


@pytest.fixture
def alice(client, settings):
    cache.clear()
    settings.IS_PRODUCTION, settings.STAFF_SECOND_FACTOR = True, False
    person = make_member(make_organization(), "alice@example.com", Role.OWNER)
    log_in(client, person.email)
    return person


def is_logged_in(client):
    return client.get("/dashboard/").status_code == 200


def make_staff_of(person):
    person.is_staff = True
    person.save()


@pytest.mark.parametrize(("is_staff", "within", "beyond"), [(False, 13 * DAY, 15 * DAY), (True, 50 * 60, 70 * 60)])
def test_a_session_ends_without_use(client, alice, clock, is_staff, within, beyond):
    if is_staff:
        make_staff_of(alice)
    clock[0] = within
    assert is_logged_in(client)
    clock[0] = within + within
    assert is_logged_in(client), "use starts the time again"

    clock[0] += beyond

    assert not is_logged_in(client)
    assert not Session.objects.exists()


@pytest.mark.parametrize(("is_staff", "step", "whole"), [(False, DAY, 30 * DAY), (True, HOUR / 2, 12 * HOUR)])
def test_a_session_ends_in_the_end_whatever_its_use(client, alice, clock, is_staff, step, whole):
    if is_staff:
        make_staff_of(alice)
    while clock[0] < whole - step:
        clock[0] += step
        assert is_logged_in(client), clock

    clock[0] += 2 * step

    assert not is_logged_in(client)


def test_a_session_from_before_gets_its_clocks(client, alice):
    session = client.session
    del session[BEGAN], session[USED]
    session.save()

    assert is_logged_in(client)
    assert client.session[BEGAN] == pytest.approx(time.time(), abs=60)


def test_use_is_written_seldom(client, alice, clock):
    before = client.session[USED]
    clock[0] = DAY
    client.get("/dashboard/")
    assert client.session[USED] == before

    clock[0] = 2 * DAY
    client.get("/dashboard/")
    assert client.session[USED] >= before + 2 * DAY


def test_log_out_clears_what_the_browser_stores(client, alice):
    answer = client.post("/account/logout/")

    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/")
