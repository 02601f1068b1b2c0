"""The operator's side in Chromium: money back, an event once more, looking as somebody, the day's figures."""

import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.browser.conftest import PHONE, Troubles
from tests.live.server import LiveServer
from tests.stripe_stand_in import StripeStandIn

PICTURES = os.environ.get("ADMIN_PICTURES", "")
"""A folder for screenshots of the pages, for whoever wants to look at them."""

PREPARE = """
import json, time, uuid
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import Membership, User
from accounts.vouching import vouch_for
from billing.checkout import start_purchase
from billing.opening import open_organization
from billing.order_models import Pack

def enter(user):
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key

sam = User.objects.filter(email="sam@example.com").first()
if sam is None:
    sam = User.objects.create_superuser("sam@example.com", "correct horse battery staple")
name = {name!r}
alice = User.objects.create_user(name + "@example.com", "correct horse battery staple")
vouch_for(alice)
organization = open_organization(name + "'s shop", credits=10).organization
Membership.objects.create(user=alice, organization=organization, role="owner")
pack, is_new = Pack.objects.get_or_create(name="100 credits", defaults={{"credits": 100}})
if is_new:
    pack.prices.create(currency="eur", amount=1000)
purchase = start_purchase(organization, pack, currency="eur", click_token=uuid.uuid4(), actor=alice)
print(json.dumps({{
    "sam": enter(sam), "alice": enter(alice), "alice_pk": alice.pk, "order": purchase.order.pk,
    "session": purchase.order.checkout_session_id, "account": organization.credit_account.pk,
}}))
"""

STORE_FAILED = """
import json
from billing.order_models import StripeEvent
payload = json.loads({payload!r})
StripeEvent.objects.create(
    event_id=payload["id"], type=payload["type"], livemode=False, payload=payload, state="failed",
    error="OperationalError: database is locked",
)
"""


@pytest.fixture(scope="module")
def stripe_side() -> Iterator[StripeStandIn]:
    with StripeStandIn() as stand_in:
        yield stand_in
        stand_in.check_honest()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, stripe_side: StripeStandIn) -> Iterator[LiveServer]:
    """A server that sells through the stand-in."""
    server = LiveServer(
        tmp_path_factory.mktemp("admin"),
        environ={
            "MODEL_NAME": "u2netp",
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_WEBHOOK_SECRETS": SIGNING_SECRET,
            "STRIPE_API_BASE": stripe_side.url,
            "STRIPE_RETRIES": "0",
            "PYTHONUNBUFFERED": "1",
        },
    )
    stripe_side.control.add_endpoint(f"{server.url}/webhooks/stripe/", SIGNING_SECRET)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def shop(site: LiveServer, window: Page) -> dict[str, str]:
    """A new shop with an open order; Sam, who runs the server, is at the window."""
    name = f"alice{uuid.uuid4().hex[:6]}"
    made: dict[str, str] = json.loads(site.manage("shell", "-v", "0", "-c", PREPARE.format(name=name)))
    sit_down(window, site, made["sam"])
    return {**made, "name": name}


def sit_down(window: Page, site: LiveServer, session: str) -> None:
    window.context.clear_cookies()
    window.context.add_cookies([{"name": "sessionid", "value": session, "url": site.url}])


def choose(window: Page, action: str) -> None:
    """Click on an action of a row's page; on a phone they lie behind a button."""
    if window.viewport_size == PHONE:
        window.get_by_text("more_horiz").first.click()
    window.get_by_role("link", name=action).click()


def look(window: Page, name: str) -> None:
    """Nothing is wider than the window; keep a picture where somebody asked for one."""
    window.wait_for_load_state("networkidle")
    width = window.evaluate("document.documentElement.scrollWidth")
    assert width <= window.viewport_size["width"], f"{name}: {width}"  # type: ignore[index]
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        window.screenshot(path=f"{PICTURES}/{name}-{window.viewport_size['width']}.png", full_page=True)  # type: ignore[index]


@pytest.fixture(autouse=True)
def only_from_here(window: Page, site: LiveServer) -> Iterator[None]:
    """No page asks another host for anything."""
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    yield
    elsewhere = [url for url in asked if not url.startswith((site.url, "data:", "blob:"))]
    assert elsewhere == []


def test_money_goes_back_from_an_order(
    window: Page, shop: dict[str, str], stripe_side: StripeStandIn, site: LiveServer
) -> None:
    stripe_side.control.pay_session(shop["session"])
    stripe_side.control.wait_until_sent()
    before = len(stripe_side.control.objects("refund"))
    window.goto(f"/admin/billing/order/{shop['order']}/change/")
    look(window, "order")
    choose(window, "Return money")
    expect(window.get_by_label("Amount in EUR")).to_have_value("10.00")
    window.get_by_label("Amount in EUR").fill("10.01")
    window.get_by_label("Reason").fill("It was broken.")
    window.get_by_role("button", name="Go on").click()
    expect(window.get_by_text("Between nothing and 10.00 EUR.")).to_be_visible()
    look(window, "refund-form")
    window.get_by_label("Amount in EUR").fill("3.05")
    window.get_by_role("button", name="Go on").click()
    expect(window.get_by_text(f"3.05 EUR go back to {shop['name']}'s shop")).to_be_visible()
    look(window, "refund-sure")

    window.get_by_role("button", name="Return 3.05 EUR").dblclick()
    expect(window.get_by_text(re.compile("on their way back|asked for already"))).to_be_visible()
    stripe_side.control.wait_until_sent()

    window.reload()
    expect(window.get_by_text("6.95 EUR")).to_be_visible()
    assert len(stripe_side.control.objects("refund")) == before + 1
    expect(window.get_by_role("link", name="Change", exact=True)).to_be_visible()  # to the refund's own page
    look(window, "order-refunded")
    window.goto(f"/admin/billing/creditaccount/{shop['account']}/change/")
    expect(window.get_by_text("80", exact=True).first).to_be_visible()


def test_an_event_that_failed_is_acted_on_once_more(
    window: Page, shop: dict[str, str], stripe_side: StripeStandIn, site: LiveServer
) -> None:
    stripe_side.control.drop_next("checkout.session.completed")
    stripe_side.control.pay_session(shop["session"])
    stripe_side.control.wait_until_sent()
    event = next(
        event
        for event in stripe_side.control.objects("event")
        if event["type"] == "checkout.session.completed" and event["data"]["object"]["id"] == shop["session"]
    )
    site.manage("shell", "-v", "0", "-c", STORE_FAILED.format(payload=json.dumps(event)))

    window.goto("/admin/")
    window.get_by_role("link", name="Events that failed").click()
    expect(window.get_by_text("database is locked")).to_be_visible()
    look(window, "events")
    window.locator("input.action-select").first.check()
    window.locator("select[name=action]").select_option("replay")
    window.get_by_role("button", name="Run").click()

    expect(window.get_by_text(f"{event['id']}: processed")).to_be_visible()
    window.goto(f"/admin/billing/order/{shop['order']}/change/")
    expect(window.get_by_text("paid", exact=True).first).to_be_visible()


def test_looking_as_a_person(window: Page, shop: dict[str, str], site: LiveServer, troubles: Troubles) -> None:
    window.goto(f"/admin/accounts/user/{shop['alice_pk']}/change/")
    look(window, "person")
    choose(window, "Log in as this person")
    window.get_by_label("Reason").fill("Ticket 7.")
    look(window, "visit-form")
    window.get_by_role("button", name=f"Log in as {shop['name']}@example.com").click()

    banner = window.get_by_text(f"You look at the site as {shop['name']}@example.com")
    expect(banner).to_be_visible()
    look(window, "visit")
    window.goto("/keys/")
    expect(banner).to_be_visible()
    window.goto("/account/email/")
    expect(window.get_by_text("This page is closed while you look")).to_be_visible()
    expect(banner).to_be_visible()
    troubles.forgive("403")

    window.get_by_role("button", name="Leave").click()
    expect(window.get_by_text("You see the site as yourself again")).to_be_visible()
    sit_down(window, site, shop["alice"])
    window.goto("/account/sessions/")
    expect(window.get_by_text("Ticket 7.")).to_be_visible()
    look(window, "told")


def test_the_figures_of_a_day(window: Page, shop: dict[str, str], stripe_side: StripeStandIn) -> None:
    stripe_side.control.pay_session(shop["session"])
    stripe_side.control.wait_until_sent()
    window.goto("/admin/")
    expect(window.get_by_role("heading", name="Paid each day in EUR")).to_be_visible()
    window.get_by_role("link", name="90 days").click()
    expect(window.get_by_role("link", name="90 days")).to_have_attribute("aria-current", "page")
    drawn = window.evaluate(
        "[...document.querySelectorAll('canvas.chart')].map(c => Chart.getChart(c).data.labels.length)"
    )
    assert set(drawn) == {90}
    window.get_by_text("As a table").first.click()
    expect(window.get_by_role("cell", name=re.compile(r"\d EUR")).first).to_be_visible()
    look(window, "overview")
    window.emulate_media(color_scheme="dark")
    window.reload()
    look(window, "overview-dark")


def test_suspending_with_a_reason(window: Page, shop: dict[str, str], site: LiveServer) -> None:
    window.goto(f"/admin/accounts/organization/?q={shop['name']}")
    look(window, "organizations")
    window.get_by_role("link", name=f"{shop['name']}'s shop").click()
    look(window, "organization")
    choose(window, "Suspend")
    window.get_by_label("Reason").fill("Spam.")
    window.get_by_role("button", name="Suspend").click()
    expect(window.get_by_text("done.")).to_be_visible()

    sit_down(window, site, shop["alice"])
    window.goto("/dashboard/")
    expect(window.get_by_text("The reason: Spam.")).to_be_visible()
    look(window, "suspended")


def test_pages_for_credits_and_prices(window: Page, shop: dict[str, str]) -> None:
    account = f"/admin/billing/creditaccount/{shop['account']}"
    window.goto(f"{account}/change/")
    look(window, "account")
    choose(window, "Grant credits")
    window.get_by_label("Credits").fill("5")
    window.get_by_label("Reason").fill("Sorry about Tuesday.")
    look(window, "grant")
    window.get_by_role("button", name="Grant credits").click()
    expect(window.get_by_text("5 credits were granted.")).to_be_visible()
    for name, address in (
        ("adjust", f"{account}/adjust/"),
        ("ledger", "/admin/billing/ledgerentry/"),
        ("packs", "/admin/billing/pack/"),
        ("pack", "/admin/billing/pack/1/change/"),
        ("models", "/admin/processing/modelchoice/models/"),
        ("check", "/admin/billing/ledgerentry/check/"),
    ):
        window.goto(address)
        look(window, name)
    window.get_by_role("button", name="Check now").click()
    expect(window.get_by_text("The books agree.")).to_be_visible()
