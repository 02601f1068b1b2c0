"""A log-in form sent from a tab that was open before another tab logged in leads on instead of being refused."""

import re

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import PASSWORD, make_member, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def browser():
    make_member(make_organization(), "alice@example.com")
    return Client(enforce_csrf_checks=True)


def token_of(browser, path):
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(path).content.decode())
    assert found
    return found[1]


def send_log_in(browser, token, **extra):
    fields = {"login": "alice@example.com", "password": PASSWORD, "csrfmiddlewaretoken": token, **extra}
    return browser.post("/account/login/", fields)


@pytest.mark.parametrize(
    ("extra", "target"),
    [({}, "/dashboard/"), ({"next": "/keys/"}, "/keys/"), ({"next": "https://evil.example/"}, "/dashboard/")],
)
def test_the_second_tab_goes_where_it_leads(browser, extra, target):
    first, second = token_of(browser, "/account/login/"), token_of(browser, "/account/login/")
    assert send_log_in(browser, first).status_code == 302

    answer = send_log_in(browser, second, **extra)

    assert (answer.status_code, answer["Location"]) == (302, target)
    assert b"You are logged in already, as alice@example.com." in browser.get("/dashboard/").content


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/account/signup/", {"email": "nina@example.com", "password1": PASSWORD}),
        ("/account/login/code/", {"email": "alice@example.com"}),
    ],
)
def test_other_ways_in_lead_on_too(browser, path, fields):
    token = token_of(browser, path)
    send_log_in(browser, token_of(browser, "/account/login/"))

    answer = browser.post(path, {**fields, "csrfmiddlewaretoken": token})

    assert (answer.status_code, answer["Location"]) == (302, "/dashboard/")


def test_without_a_log_in_a_forged_form_is_still_refused(browser):
    assert send_log_in(browser, "x" * 64).status_code == 403


def test_any_other_form_with_an_old_token_is_still_refused(browser):
    old = token_of(browser, "/account/login/")
    send_log_in(browser, old)

    assert browser.post("/organizations/new/", {"name": "Mine", "csrfmiddlewaretoken": old}).status_code == 403
    assert browser.post("/account/logout/", {"csrfmiddlewaretoken": old}).status_code == 403
