"""Sessions know when they were last seen, and pages do not pay for it with a write each."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import last_seen
from tests.factories import make_member, make_organization

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def alice(client, settings):
    # A cache whose clock the tests can move; a server's goes on by itself.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        alice = make_member(make_organization())
        client.force_login(alice)
    return alice


def visit(client, after, **extra):
    """Open a page so many seconds after noon; return what was written for it."""
    with time_machine.travel(NOW + timedelta(seconds=after), tick=False), CaptureQueriesContext(connection) as asked:
        assert client.get("/dashboard/", **extra).status_code == 200
    return [query["sql"] for query in asked if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_page_writes_nothing_within_minutes_of_the_last(client, alice):
    visit(client, 0)

    assert [visit(client, seconds) for seconds in (1, 60, 299)] == [[], [], []]
    assert UserSession.objects.get(user=alice).last_seen_at == NOW


def test_after_that_the_session_is_seen_again_with_one_write(client, alice):
    visit(client, 0)

    [written] = visit(client, 301)

    assert "usersessions_usersession" in written
    assert UserSession.objects.get(user=alice).last_seen_at == NOW + timedelta(seconds=301)


def test_another_address_or_browser_is_seen_at_once(client, alice):
    visit(client, 0)

    assert visit(client, 10, REMOTE_ADDR="203.0.113.9")
    assert UserSession.objects.get(user=alice).ip == "203.0.113.9"
    assert visit(client, 20, headers={"user-agent": "Other/1"})
    assert UserSession.objects.get(user=alice).user_agent == "Other/1"


def test_how_often_is_the_operators_to_say(client, settings):
    settings.LAST_SEEN_EVERY_S = 30
    visit(client, 0)

    assert not visit(client, 29)
    assert visit(client, 31)


def test_strangers_leave_no_trace_in_the_cache(client, monkeypatch):
    """Whoever makes up cookies must not crowd out what is counted there."""
    client.logout()
    client.cookies["sessionid"] = "a" * 32
    added = []
    with monkeypatch.context() as patch:
        patch.setattr(last_seen, "cache", SimpleNamespace(add=lambda *args: added.append(args)))
        client.get("/docs/")

    assert added == []
