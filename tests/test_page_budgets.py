"""What a page weighs on the line, with 20 keys and full usage, and that nothing holds its first content back.

The times are Lighthouse's (docs/benchmarks.md); here is what they come from, whatever else the machine does.
"""

import gzip
import re
from urllib.parse import urljoin

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Organization, Role
from tests.crowd import fill
from tests.factories import make_member, make_order, make_organization, make_pack

pytestmark = pytest.mark.django_db
KB = 1000
HTML, CSS, JS = 30 * KB, 15 * KB, 40 * KB
RAW_HTML = 50 * KB
KEYS = 20

PUBLIC = [
    "/",
    "/pricing/",
    "/docs/",
    "/docs/quickstart/",
    "/docs/api/",
    "/docs/api/v1-remove/",
    "/docs/api/v1-0-removebg/",
    "/docs/errors/",
    "/docs/migrate/",
    "/docs/migrate-from-remove-bg/",
    "/status/",
    "/privacy/",
    "/account/login/",
    "/account/signup/",
    "/nowhere",
]
PRIVATE = [
    "/dashboard/",
    "/try/",
    "/keys/",
    "/keys/new/",
    "/usage/",
    "/usage/?days=90",
    "/usage/?days=90&origin=playground",
    "/people/",
    "/organization/",
    "/credits/warning/",
    "/billing/",
    "/billing/statement/",
    "/billing/orders/",
    "/billing/details/",
    "/account/email/",
    "/account/2fa/",
    "/account/sessions/",
]
IMPORT = re.compile(r"""(?:from|import)\s*["'](\.[^"']+)["']""")


@pytest.fixture
def owner():
    cache.clear()
    shop = make_organization("Alice's shop", credits=5000)
    fill(shop, KEYS, requests_a_key=20, days=90)
    client = Client(headers={"accept-encoding": "gzip"})
    client.force_login(make_member(shop, "alice@example.com", Role.OWNER))
    return client


def fetched(client, path):
    """Return what comes over the line, and what it says."""
    answer = client.get(path)
    body = answer.getvalue()
    return len(body), (gzip.decompress(body) if answer.get("Content-Encoding") == "gzip" else body).decode()


def scripts_of(client, page):
    """Return the bytes of every script that the page loads, and of every module that those import."""
    waiting, sizes = re.findall(r'<script[^>]* src="([^"]+)"', page), {}
    while waiting:
        address = waiting.pop()
        if address not in sizes:
            sizes[address], text = fetched(client, address.replace("&amp;", "&"))
            assert sizes[address] > 100, f"{address} is no script"
            waiting += [urljoin(address, imported) for imported in IMPORT.findall(text)]
    return sizes


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_keeps_to_its_budgets(path):
    hold_to_budgets(Client(headers={"accept-encoding": "gzip"}), path)


def test_the_pages_of_a_busy_organization_keep_to_their_budgets(owner):
    for path in PRIVATE:
        hold_to_budgets(owner, path)


def test_the_pages_of_a_shop_keep_to_their_budgets(owner, settings):
    """With packs in two currencies, orders, movements, and a payment that is on its way."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_test_" + "a" * 24, "http://127.0.0.1:9"
    shop, pack = Organization.objects.get(), make_pack()
    packs = [pack, make_pack("More", 1000), make_pack("Most", 10_000, expires_after_days=365)]
    orders = [make_order(shop, packs[number % 3]) for number in range(30)]
    waiting = make_order(shop, pack, state="awaiting", checkout_session_id=None)

    for path in ("/billing/", "/billing/orders/", "/billing/statement/", "/pricing/", "/try/", "/dashboard/"):
        hold_to_budgets(owner, path)
    for order in (orders[0], waiting):
        hold_to_budgets(owner, f"/billing/orders/{order.public_id}/")


def hold_to_budgets(client, path):
    on_the_line, page = fetched(client, path)
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    scripts = scripts_of(client, page)

    assert on_the_line <= HTML, (path, on_the_line)
    assert len(page.encode()) <= RAW_HTML, (path, len(page.encode()))
    assert [fetched(client, sheet)[0] <= CSS for sheet in sheets] == [True], "one stylesheet, within its budget"
    assert sum(scripts.values()) <= JS, scripts


def test_no_script_holds_first_content_back(owner):
    """One that is in no hurry comes after the stylesheet on a slow line, and is run when the page stands."""
    for path in PUBLIC + PRIVATE:
        page = fetched(Client() if path in PUBLIC else owner, path)[1]
        for script in re.findall(r"<script[^>]* src=[^>]*>", page):
            assert 'fetchpriority="low"' in script, (path, script)
            assert " defer" in script or 'type="module"' in script, (path, script)


@pytest.mark.parametrize("path", ["/", "/try/"])
def test_what_a_module_imports_is_named_on_the_page(owner, path):
    """Else it is found late, a trip for each step, and then fetched before everything else."""
    client = Client() if path == "/" else owner
    page = fetched(client, path)[1]
    named = set(re.findall(r'<link rel="modulepreload" fetchpriority="low" href="([^"]+)"', page))
    named |= set(re.findall(r'<script[^>]* src="([^"]+)"', page))

    assert set(scripts_of(client, page)) == named


def test_nothing_is_loaded_from_elsewhere(owner):
    for path in PUBLIC + PRIVATE:
        page = fetched(owner, path)[1]
        loaded = re.findall(r'(?:<script[^>]* src|<img[^>]* src|<link rel="(?:stylesheet|icon)" href)="([^"]*)"', page)
        assert [address for address in loaded if not address.startswith(("/", "data:"))] == [], path
