"""API calls over plain HTTP are refused, API answers are never cached, and unknown API paths speak the dialect."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.factories import make_key, make_organization


@pytest.fixture
def client(db):
    cache.clear()  # the rate limit of strangers
    return Client(raise_request_exception=False)


@pytest.fixture
def key(db):
    return make_key(make_organization("Alice's shop", credits=10)).secret


def get(client, path, method="GET", **environ):
    """Send a request to exactly this path; Django's client would read `//v1` as a host."""
    return client.generic(method, "/", PATH_INFO=path, **environ)


@pytest.mark.parametrize("path", ["/v1/me", "/v1/remove", "/v1/openapi.yaml", "/v1.0/account", "/v1.0/removebg"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_key_over_plain_http_is_refused_and_not_redirected(client, key, settings, path, method):
    settings.SECURE_SSL_REDIRECT = True

    answer = get(client, path, method, HTTP_X_API_KEY=key)

    body = answer.json()
    assert answer.status_code == 403
    assert "Location" not in answer
    error = body if path.startswith("/v1/") else body["errors"][0]
    assert error["code"] == "https_required"
    assert "revoke" in (error.get("message") or error["title"])


def test_over_https_it_is_answered_and_pages_are_still_redirected(client, key, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/v1/me", secure=True, headers={"x-api-key": key}).status_code == 200
    assert client.get(reverse("front")).status_code == 301


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/me", "GET"),
        ("/v1/remove", "POST"),
        ("/v1/nothing", "GET"),
        ("/v1/openapi.yaml", "GET"),
        ("//v1/remove", "POST"),
        ("/v1.0/account", "GET"),
        ("/v1.0/removebg", "POST"),
        ("/v1.0/removebg", "OPTIONS"),
        ("/v1.0/nothing", "GET"),
    ],
)
@pytest.mark.parametrize("has_key", [True, False])
def test_no_answer_of_the_api_may_be_stored(client, key, path, method, has_key):
    answer = get(client, path, method, **({"HTTP_X_API_KEY": key} if has_key else {}))

    assert answer["Cache-Control"] == "no-store"


def test_an_answer_before_any_view_may_not_be_stored_either(client):
    answer = client.generic("POST", "/v1/remove", b"x", content_type="text/plain; charset=punycode")

    assert (answer.status_code, answer["Cache-Control"]) == (400, "no-store")


def test_a_page_decides_itself_how_it_may_be_stored(client):
    assert "no-store" not in client.get(reverse("front")).get("Cache-Control", "")


@pytest.mark.parametrize(
    "path",
    [
        "//v1/remove",
        "///v1/me",
        "/v1",
        "/v1/",
        "/v1//remove",
        "/v1/remove/",
        "/v1/no/such",
        "/v1/a\nb",
        "//v1",
        "/V1/remove",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_of_v1_is_answered_in_its_words(client, path, method):
    answer = get(client, path, method)

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "path",
    ["//v1.0/removebg", "/v1.0", "/v1.0/", "/v1.0//removebg", "/v1.0/removebg/", "//v1.0", "/V1.0/removebg"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_of_v1_0_is_answered_in_its_words(client, path, method):
    answer = get(client, path, method)

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "not_found"


def test_a_photo_sent_to_a_doubled_slash_is_told_about_the_path(client, settings):
    body = bytes(settings.MAX_FORM_BYTES + 1)
    answer = client.generic("POST", "/", body, content_type="image/png", PATH_INFO="//v1/remove")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/v1x", "/v2/remove", "/v1.1/removebg", "/docs/v1/"])
def test_other_paths_stay_pages(client, path):
    answer = get(client, path)

    assert answer.status_code in (301, 404)
    assert answer["Content-Type"].startswith("text/html")
