"""The site's own error pages: what happened, what to do, and the request id to copy."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.template import engines
from django.test import Client

from removebg import context, errors, problem_pages, urls
from tests.factories import make_member, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def provoked(monkeypatch):
    """Return what a page answers whose view raises the error."""

    def provoke(error, path="/livez"):
        def crash(request, **kwargs):
            raise error

        route = next(route for route in urls.urlpatterns if getattr(route, "name", "") == "livez")
        monkeypatch.setattr(route, "callback", crash)
        return Client(raise_request_exception=False).get(path)

    return provoke


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (SuspiciousOperation("secret words"), 400, "The request was not understood"),
        (PermissionDenied(), 403, "You may not do this"),
        (PermissionDenied("Your role in <b>Shop</b> does not allow this."), 403, "Your role in &lt;b&gt;Shop"),
        (Http404("secret words"), 404, "This page does not exist"),
        (RuntimeError("secret words"), 500, "Something broke on our side"),
        (OperationalError("secret words"), 503, "We are not ready for a moment"),
    ],
)
def test_each_status_has_a_useful_page(provoked, settings, error, status, told):
    settings.SUPPORT_EMAIL = "help@example.com"

    answer = provoked(error)
    text = answer.content.decode()

    assert answer.status_code == status
    assert told in text
    assert "secret words" not in text
    assert f'value="{answer["X-Request-ID"]}"' in text
    assert f'data-copy="{answer["X-Request-ID"]}"' in text
    assert "mailto:help@example.com" in text
    assert '<meta name="robots" content="noindex">' in text
    assert "canonical" not in text
    assert text.count("<h1") == 1
    assert answer.get("Retry-After") == ("5" if status == 503 else None)


def test_too_many_tries_get_a_page_too(rf, client):
    answer = errors.too_many_requests(rf.get("/account/login/"))
    request = rf.get("/account/login/")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "300"
    assert "Slow down a little" in answer.content.decode()
    assert errors.too_many_requests(request, None).status_code == 429


def test_allauth_finds_our_page_for_too_many_tries(client):
    make_member(make_organization(), "alice@example.com")
    answers = [
        client.post("/account/login/", {"login": "alice@example.com", "password": f"guess-{number}"})
        for number in range(12)
    ]

    told = [answer for answer in answers if answer.status_code == 429]
    assert told == [] or "Slow down a little" in told[-1].content.decode()


@pytest.mark.parametrize("error", [RuntimeError("x"), OperationalError("x")])
def test_a_crash_has_a_page_when_database_and_context_processors_are_gone(
    provoked, monkeypatch, django_db_blocker, error
):
    def broken(request):
        raise RuntimeError("broken, too")

    template_engine = engines["django"].engine
    monkeypatch.setattr(template_engine, "template_context_processors", [broken])
    with django_db_blocker.block():
        answer = provoked(error)

    assert answer.status_code in (500, 503)
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "broken, too" not in answer.content.decode()


def test_where_the_brand_cannot_be_read_a_crash_still_has_a_page(provoked, monkeypatch):
    monkeypatch.setattr(context.brand_files, "version", lambda: 1 / 0)

    assert provoked(RuntimeError("x")).status_code == 500


@pytest.mark.parametrize(("path", "status"), [("/v1/me", 401), ("/v1.0/account", 403)])
def test_the_api_keeps_its_own_words(client, path, status):
    answer = client.get(path)

    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (status, "application/json")


def test_a_form_without_its_token_is_explained():
    answer = Client(enforce_csrf_checks=True).post("/docs/migrate/", {"command": "curl x"})

    assert answer.status_code == 403
    assert "reload the page and send it again" in answer.content.decode()


@pytest.mark.parametrize("token", [{}, {"csrfmiddlewaretoken": "a" * 64}])
def test_a_stranger_with_a_stale_log_in_form_is_not_sent_to_another_account(token):
    client = Client(enforce_csrf_checks=True)
    client.get("/account/login/")
    answer = client.post("/account/login/", {"login": "alice@example.com", "password": "x", **token})

    assert answer.status_code == 403
    assert "another account" not in answer.content.decode()
    assert answer.context["advice"] == problem_pages.STALE_FORM[1]
