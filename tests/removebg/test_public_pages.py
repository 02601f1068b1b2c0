"""What anybody may open: prices, status, privacy, terms, and what search engines are told."""

import gzip
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.urls import reverse

from billing.models import Plan
from processing.engine import EngineStatus
from removebg import database_check, status_page
from removebg.discovery import public_paths
from tests.factories import make_member, make_organization

pytestmark = pytest.mark.django_db

PUBLIC = [*public_paths(), "/status/"]
HTML_KB, CSS_KB, JS_KB = 30, 15, 40


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_has_a_title_one_heading_a_description_and_an_address(client, settings, path):
    page = client.get(path)
    text = page.content.decode()
    description = re.search(r'<meta name="description" content="([^"]*)"', text)[1]

    assert page.status_code == 200
    assert re.search(r"<title>[^<]{10,90}</title>", text) or path == "/"
    assert text.count("<h1") == 1
    assert 20 <= len(description) <= 220
    assert "{{" not in text
    if path != "/status/":
        assert f'<link rel="canonical" href="{settings.PUBLIC_URL}{path}">' in text
        assert "noindex" not in text
    assert client.post(path).status_code == (400 if path == "/docs/migrate/" else 405)


def test_public_pages_have_titles_and_descriptions_of_their_own(client):
    texts = [client.get(path).content.decode() for path in PUBLIC]

    for pattern in (r"<title>([^<]*)</title>", r'<meta name="description" content="([^"]*)"'):
        found = [re.search(pattern, text)[1] for text in texts]
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_keeps_its_budget(client, path):
    text = client.get(path).content.decode()
    styles, scripts = (
        re.findall(r'<link rel="stylesheet" href="([^"]*)"', text),
        re.findall(r'<script[^>]* src="([^"]*)"', text),
    )

    assert len(gzip.compress(text.encode())) <= HTML_KB * 1024
    assert sum(weight_of(client, address) for address in styles) <= CSS_KB * 1024
    assert sum(weight_of(client, address) for address in scripts) <= JS_KB * 1024
    assert styles
    assert [address for address in (*styles, *scripts) if not address.startswith("/")] == []


def weight_of(client, address):
    name = address.partition("?")[0]
    if not name.startswith("/static/"):
        return len(gzip.compress(client.get(address).content))
    return len(gzip.compress(Path(finders.find(name.removeprefix("/static/"))).read_bytes()))


@pytest.mark.parametrize("path", PUBLIC)
def test_no_page_has_an_inline_style_or_script(client, path):
    text = client.get(path).content.decode()

    assert re.findall(r"<style|style=|\son[a-z]+=|<script(?![^>]* src=)", text) == []


@pytest.mark.parametrize("name", ["dashboard", "account_login", "account_signup"])
def test_private_pages_are_not_for_search_engines(client, name):
    client.force_login(make_member(make_organization())) if name == "dashboard" else None

    text = client.get(reverse(name)).content.decode()

    assert '<meta name="robots" content="noindex">' in text
    assert "canonical" not in text


def test_robots_are_kept_from_the_api_and_shown_the_map(client, settings):
    lines = client.get("/robots.txt").content.decode().splitlines()

    assert {"Disallow: /v1/", "Disallow: /v1.0/", "Disallow: /admin/"} <= set(lines)
    assert f"Sitemap: {settings.PUBLIC_URL}/sitemap.xml" in lines


def test_every_address_of_the_map_opens_and_none_is_private(client, settings):
    tree = ElementTree.fromstring(client.get("/sitemap.xml").content)
    addresses = [element.text for element in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]

    assert len(addresses) > 50
    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith(f"{settings.PUBLIC_URL}/") for address in addresses)
    assert not any("dashboard" in address or "/account/" in address for address in addresses)


def test_the_prices_are_those_of_the_database(client, settings):
    settings.FREE_CREDITS = 1234
    Plan.objects.filter(slug="pro").update(name="Studio & Co", requests_per_minute=98_765)

    text = client.get("/pricing/").content.decode()

    assert "Studio &amp; Co" in text
    assert "98,765" in text
    assert "1,234 credits are yours" in text
    assert text.index("Free") < text.index("Studio")


@pytest.mark.parametrize("requires", ["card", "approval"])
def test_free_credits_that_need_more_than_an_account_are_not_promised(client, settings, requires):
    settings.FREE_CREDITS = 1234
    pages = ("/", "/pricing/", "/account/signup/", "/docs/")
    assert all("1,234" in client.get(path).content.decode() for path in pages[:2])
    settings.FREE_CREDITS_REQUIRE = requires

    texts = [client.get(path, follow=True).content.decode() for path in pages]
    assert not any(word in text for text in texts for word in ("1,234", "1234", "No card", "no card"))


def test_pricing_promises_no_free_credits_where_nobody_can_sign_up(client, settings):
    settings.SIGNUP_OPEN = False

    assert "are yours" not in client.get("/pricing/").content.decode()


def test_the_quickstart_sends_nobody_to_a_closed_door(client, settings):
    assert 'class="button" href="/account/signup/">Sign up</a> <a' in client.get("/docs/quickstart/").content.decode()
    settings.SIGNUP_OPEN = False

    page = client.get("/docs/quickstart/").content.decode()

    assert "for an invitation" in page
    assert "free credits" not in page


@pytest.mark.parametrize("path", ["/pricing/", "/privacy/", "/docs/errors/auth-failed"])
def test_people_are_told_whom_to_ask(client, settings, path):
    assert "whoever runs this server" in client.get(path).content.decode()
    settings.SUPPORT_EMAIL = "help@example.com"

    assert 'href="mailto:help@example.com"' in client.get(path).content.decode()


@pytest.mark.parametrize("path", ["/pricing/", "/docs/", "/status/", "/privacy/", "/terms/"])
def test_every_page_leads_to_the_others(client, path):
    assert f'href="{path}"' in client.get("/").content.decode()


# --- Status --------------------------------------------------------------------------------------------------------


class StandIn:
    """An engine of which we say how it is."""

    def __init__(self, states):
        self._states = states

    def status(self):
        return self.statuses()["isnet-general-use"]

    def statuses(self):
        problem = "/secret/path/weights.onnx is missing"
        return {
            name.replace("_", "-"): EngineStatus(
                model=name.replace("_", "-"), state=state, problem=problem, digest="abc123"
            )
            for name, state in self._states.items()
        }


@pytest.mark.parametrize(
    ("states", "summary"),
    [
        ({"isnet-general-use": "ready", "u2netp": "closed"}, "Everything works."),
        ({"isnet-general-use": "loading"}, "Not everything is ready yet."),
        ({"isnet-general-use": "missing"}, "Something does not work."),
        ({"isnet-general-use": "ready", "u2netp": "altered"}, "Something does not work."),
        ({"isnet-general-use": "unusable"}, "Something does not work."),
    ],
)
def test_status_says_in_words_what_readyz_knows_and_no_secret(client, monkeypatch, states, summary):
    monkeypatch.setattr(status_page, "engine", StandIn(states))

    page = client.get("/status/")
    text = page.content.decode()

    assert summary in text
    assert all(name in text for name in states)
    assert "/secret" not in text
    assert "abc123" not in text
    assert "no-store" in page["Cache-Control"]


def test_status_is_a_page_without_a_database_too(client, monkeypatch):
    def unreachable():
        raise OSError("password=hunter2")

    monkeypatch.setattr(connection, "cursor", unreachable)
    monkeypatch.setattr(database_check, "_new_connection", unreachable)

    page = client.get("/status/")

    assert page.status_code == 503
    assert "The database does not answer" in page.content.decode()
    assert "hunter2" not in page.content.decode()
    assert "OSError" not in page.content.decode()


# --- Privacy and terms ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["privacy", "terms"])
def test_the_operators_own_text_goes_before_the_draft(client, settings, tmp_path, name):
    draft = client.get(f"/{name}/").context["html"]
    settings.LEGAL_DIR = tmp_path
    assert client.get(f"/{name}/").context["html"] is draft is None

    (tmp_path / f"{name}.md").write_text("# Ours\n\nWe *promise*. <script>alert(1)</script>\n")
    own = client.get(f"/{name}/").content.decode()
    (tmp_path / f"{name}.en.md").write_text("# In English\n")

    assert "<h1>Ours</h1>" in own
    assert "<em>promise</em>" in own
    assert "<script>alert" not in own
    assert "<h1>In English</h1>" in client.get(f"/{name}/").content.decode()


def test_privacy_names_how_long_calls_are_remembered(client, settings):
    settings.RECORDS_KEPT_DAYS = 17

    assert "for 17 days" in client.get("/privacy/").content.decode()
