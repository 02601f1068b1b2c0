"""Each path has the places of its kind of caller, and each caller is counted by their own address."""

import pytest
from django.conf import settings as configured
from django.urls import get_resolver, reverse

from removebg.body_kinds import address_of, places_of_form, places_of_upload


def kind_of(path: str) -> str:
    places = places_of_form(path) or places_of_upload(path)
    assert places is not None, path
    return places.name


@pytest.mark.parametrize(
    ("route", "kind"),
    [
        ("v1-remove", "keyed_uploads"),
        ("v1-0-removebg", "keyed_uploads"),
        ("v1-0-improve", "keyed_uploads"),
        ("try-remove", "session_uploads"),
        ("try-download", "session_uploads"),
        ("docs-migrate-run-v1", "session_uploads"),
        ("docs-migrate-run-v1.0", "session_uploads"),
        ("trial-remove", "trial_uploads"),
        ("trial-download", "trial_uploads"),
        ("stripe-webhook", "webhooks"),
        ("account_login", "log_in_forms"),
        ("account_signup", "log_in_forms"),
        ("docs-migrate-run", "forms"),
        ("docs-migrate-keep", "forms"),
        ("try", "forms"),
        ("key-new", "forms"),
        ("admin:index", "forms"),
    ],
)
def test_each_path_has_the_places_of_its_kind(route, kind):
    assert kind_of(reverse(route)) == kind


def test_every_route_has_places():
    routes = [name for name in get_resolver().reverse_dict if isinstance(name, str)]

    assert len(routes) > 20
    for name in routes:
        for pattern, _arguments in get_resolver().reverse_dict.getlist(name)[0][0]:
            kind_of("/" + pattern)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [(0, "198.51.100.1", "192.0.2.1"), (1, "203.0.113.1, 198.51.100.1", "198.51.100.1"), (1, "", "192.0.2.1")],
)
def test_a_caller_is_counted_by_the_address_that_trusted_proxies_name(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies

    assert address_of({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded}) == address


def test_there_is_a_thread_for_each_place():
    places = {
        id(found): found
        for path in ("/v1/remove", "/try/remove", "/trial/remove", "/webhooks/", "/account/", "/")
        if (found := places_of_form(path) or places_of_upload(path))
    }
    held = sum(one._places for one in places.values()) + configured.DRAINS_AT_ONCE + configured.LONG_ANSWERS_AT_ONCE

    assert len(places) == 6
    assert held + configured.RESERVED_THREADS == configured.WEB_THREADS
