"""A proxy that TRUSTED_PROXIES does not count is logged, and seldom."""

import logging

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from removebg import forwarded_headers
from removebg.forwarded_headers import ForwardedHeadersMiddleware


@pytest.fixture
def events(caplog, monkeypatch):
    """Return the events logged by the middleware's module, read when called."""
    monkeypatch.setattr(logging.getLogger("removebg"), "propagate", True)
    return lambda: [record.getMessage() for record in caplog.records if record.name == forwarded_headers.__name__]


def send(middleware, **headers):
    assert middleware(RequestFactory().get("/", headers=headers)).status_code == 200


@pytest.fixture
def middleware():
    return ForwardedHeadersMiddleware(lambda request: HttpResponse())


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded"])
def test_the_first_forwarded_header_is_logged_once(middleware, events, settings, name):
    settings.TRUSTED_PROXIES = 0

    for _each in range(50):
        send(middleware, **{name: "203.0.113.7"})

    assert events() == ["proxy_not_trusted"]


def test_it_is_logged_again_after_an_hour(middleware, events, settings, monkeypatch):
    settings.TRUSTED_PROXIES = 0
    clock = [1000.0]
    monkeypatch.setattr(forwarded_headers.time, "monotonic", lambda: clock[0])

    for clock[0] in (1000.0, 4599.0, 4601.0):
        send(middleware, **{"X-Forwarded-For": "203.0.113.7"})

    assert events() == ["proxy_not_trusted"] * 2


def test_fewer_proxies_than_trusted_are_logged(middleware, events, settings):
    settings.TRUSTED_PROXIES = 2

    send(middleware, **{"X-Forwarded-For": "203.0.113.7, 10.0.0.1"})
    send(middleware)
    assert events() == []
    send(middleware, **{"X-Forwarded-For": "203.0.113.7"})

    assert events() == ["fewer_proxies_than_trusted"]


def test_it_is_in_the_product(client, events, settings):
    settings.TRUSTED_PROXIES = 0

    client.get("/livez", headers={"X-Forwarded-For": "203.0.113.7"})

    assert events() == ["proxy_not_trusted"]
