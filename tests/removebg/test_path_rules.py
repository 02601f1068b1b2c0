"""Rules by path look at the path that is served, whatever SCRIPT_NAME says in front of it."""

import re

import pytest
from django.conf import settings
from django.test import Client


@pytest.fixture
def client(db):
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("prefix", ["/v1", "/webhooks", "/trial/remove"])
def test_a_large_form_is_refused_under_a_prefix_that_takes_large_bodies(client, prefix):
    large = {"login": "x" * (settings.MAX_FORM_BYTES + 1)}

    assert client.post("/account/login/", large, SCRIPT_NAME=prefix).status_code == 400


@pytest.mark.parametrize("prefix", ["/v1", "/v1.0"])
def test_a_page_stays_a_page_under_a_prefix_of_the_api(client, prefix):
    missing = client.get("/nothing/", SCRIPT_NAME=prefix, headers={"accept-language": "de"})

    assert missing.status_code == 404
    assert missing["Content-Type"].startswith("text/html")
    assert missing["Content-Language"] == "de"


def test_a_page_keeps_its_policy_under_the_prefix_of_the_admin(client):
    policies = [
        re.sub("nonce-[^']+", "", client.get("/pricing/", SCRIPT_NAME=prefix)["Content-Security-Policy"])
        for prefix in ("", "/admin")
    ]

    assert policies[0] == policies[1]


def test_no_rule_reads_the_path_with_its_prefix():
    """`request.path` is for logs and links; rules read `path_info`."""
    rule = re.compile(r"request\.path(\.startswith| in | not in | == | != )")
    apps = [settings.BASE_DIR / name for name in ("accounts", "billing", "processing", "removebg")]
    sources = [path for app in apps for path in app.rglob("*.py")]

    assert sources
    assert [str(path) for path in sources if rule.search(path.read_text(encoding="utf-8"))] == []
