"""An upload that no page of ours has sent is refused before a byte of it is read."""

import pytest
from django.test import Client

from tests.factories import make_member
from tests.processing.playground.conftest import a_photo

FORMS = ("/try/download", "/docs/migrate/run/v1", "/docs/migrate/run/v1.0", "/trial/download")
SCRIPTS = ("/try/remove", "/trial/remove")


class Unreadable:
    """A body that nobody may read."""

    def read(self, *_size: int) -> bytes:
        raise AssertionError("the body was read")

    readline = read


@pytest.fixture
def guarded(shop):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(shop))
    client.get("/try/")
    return client


def send_unread(client, path, headers):
    return client.post(
        path, {"image_file": a_photo()}, headers=headers, **{"wsgi.input": Unreadable(), "CONTENT_LENGTH": "5000"}
    )


@pytest.mark.parametrize("path", [*FORMS, *SCRIPTS])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRFToken": ""},
        {"X-CSRFToken": "0" * 64},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Referer": "https://evil.example/http://testserver/"},
        {"Referer": "http://[testserver/"},
    ],
)
def test_a_forged_upload_is_refused_unread(guarded, path, headers):
    assert send_unread(guarded, path, headers).status_code == 403


@pytest.mark.parametrize("path", SCRIPTS)
def test_a_token_in_the_body_is_not_enough_for_a_script(guarded, path):
    token = guarded.cookies["csrftoken"].value
    headers = {"Origin": "http://testserver"}

    assert (
        guarded.post(path, {"image_file": a_photo(), "csrfmiddlewaretoken": token}, headers=headers).status_code == 403
    )
    assert guarded.post(path, {"image_file": a_photo()}, headers={**headers, "X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("page", [{"Origin": "http://testserver"}, {"Referer": "http://testserver/try/"}])
def test_a_plain_form_needs_its_token_too(guarded, path, page):
    token = guarded.cookies["csrftoken"].value
    sent = [
        guarded.post(path, {"image_file": a_photo(), **fields}, headers=page)
        for fields in ({"csrfmiddlewaretoken": token}, {}, {"csrfmiddlewaretoken": "0" * 64})
    ]

    assert [answer.status_code for answer in sent] == [200, 403, 403]


def test_a_suspended_organization_and_a_used_up_rate_are_refused_unread(guarded, shop):
    token = guarded.cookies["csrftoken"].value
    plan = shop.credit_account.plan
    plan.requests_per_minute = 1
    plan.save()
    first = guarded.post("/try/remove", {"image_file": a_photo()}, headers={"X-CSRFToken": token})
    limited = send_unread(guarded, "/try/remove", {"X-CSRFToken": token})
    shop.suspended_at = "2026-01-01T00:00:00Z"
    shop.save()
    suspended = send_unread(guarded, "/try/remove", {"X-CSRFToken": token})

    assert (first.status_code, limited.status_code, suspended.status_code) == (200, 429, 403)
