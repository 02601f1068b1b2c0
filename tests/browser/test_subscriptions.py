"""A person chooses a plan, it renews twice, grows and ends; a payment fails; all on our pages and the stand-in's."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import DESKTOP, PHONE, Troubles, last_mail_to
from tests.browser.shop import GOOD_CARD, Shop, expect_credits, open_shop

BAD_LATER = "4000000000000341"
ASKING_CARD = "4000002760003184"
PLANS = """
from billing.models import Plan
for slug, credits, amount, rollover in (("small", 100, 1000, "none"), ("big", 400, 3000, "one_month")):
    plan = Plan.objects.create(slug=slug, name=slug.capitalize(), monthly_credits=credits, rollover=rollover,
        requests_per_minute=credits, requests_per_second=10, max_concurrency=credits // 50)
    plan.prices.create(currency="eur", amount=amount)
    plan.prices.create(currency="usd", amount=amount + 100)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("plans")) as shop:
        shop.site.manage("shell", "-v", "0", "-c", PLANS)
        yield shop


@pytest.fixture(params=["phone", "desktop"])
def page(request: pytest.FixtureRequest, chromium: Browser, shop: Shop, troubles: Troubles) -> Iterator[Page]:
    viewport = PHONE if request.param == "phone" else DESKTOP
    context = chromium.new_context(base_url=shop.site.url, viewport=viewport)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    page = context.new_page()
    troubles.watch(page)
    yield page
    context.close()


def look(page: Page, name: str) -> None:
    """See that the page is sound: nothing wider than the window, nothing that axe finds; keep a picture where asked."""
    expect(page.get_by_role("heading", name="Billing", exact=True)).to_be_visible()
    page.wait_for_load_state()
    assert overflow_of(page) == 0
    assert faults_of(page) == []
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def subscribe(shop: Shop, page: Page, plan: str) -> None:
    page.goto("/billing/plan/")
    page.get_by_role("button", name=f"Subscribe to {plan}").click()
    shop.pay(page, GOOD_CARD, "Subscribe")
    expect(page.get_by_role("heading", name=plan, exact=True, level=2)).to_be_visible()


def own_subscription(shop: Shop, page: Page) -> str:
    """Return what Stripe calls the newest subscription of whoever is logged in."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    known = {one["id"] for one in shop.stripe.objects("customer") if f"{width}@" in one["email"]}
    return str(next(one["id"] for one in shop.stripe.objects("subscription") if one["customer"] in known))


def let_pass(shop: Shop, days: float) -> None:
    shop.stripe.advance(days=days)
    shop.stripe.wait_until_sent()


def wait_for_mail(shop: Shop, page: Page) -> None:
    """Wait until the periodic job told Otto; it comes round every half minute."""
    address = f"otto{page.viewport_size['width'] if page.viewport_size else 0}@example.com"
    for _ in range(3):
        with suppress(AssertionError):
            assert "the payment for Small failed" in last_mail_to(shop.site, address, containing="/billing/plan/")
            return
    raise AssertionError(f"no mail to {address}")


def test_a_plan_is_begun_renewed_twice_changed_and_canceled(shop: Shop, page: Page) -> None:
    shop.enter(page, "Rita")
    page.goto("/billing/plan/")
    expect(page.get_by_text("Nothing is paid for it.")).to_be_visible()
    look(page, "plans")
    page.get_by_role("button", name="Subscribe to Small").click()
    page.get_by_role("link", name="Back to the shop").click()
    expect(page.get_by_text("No plan was begun, and nothing was charged.")).to_be_visible()
    look(page, "left")

    page.get_by_role("link", name="Go on to pay").click()
    shop.pay(page, GOOD_CARD, "Subscribe")
    expect(page.get_by_text("Renews")).to_be_visible()
    look(page, "subscribed")
    expect_credits(page, "110")

    page.goto("/billing/plan/")
    page.get_by_role("link", name="Change to Big").click()
    expect(page.get_by_text("20.00 EUR").first).to_be_visible()
    look(page, "upgrade")
    page.get_by_role("button", name="Pay 20.00 EUR and change to Big").click()
    expect(page.get_by_text("The plan is changed.")).to_be_visible()
    expect_credits(page, "410")

    let_pass(shop, 31)
    let_pass(shop, 31)
    expect_credits(page, "1,210")

    page.goto("/billing/plan/")
    page.get_by_role("link", name="Change to Small").click()
    expect(page.get_by_text("Nothing is charged now")).to_be_visible()
    look(page, "downgrade")
    page.get_by_role("button", name="Change to Small").click()
    expect(page.get_by_text("After that")).to_be_visible()
    look(page, "goes-lower")
    page.get_by_role("link", name="Keep Big").click()
    page.get_by_role("button", name="Keep Big").click()
    expect(page.get_by_text("After that")).to_be_hidden()

    page.get_by_role("link", name="Cancel the plan").click()
    expect(page.get_by_role("heading", name="Cancel Big?")).to_be_visible()
    look(page, "cancel")
    page.get_by_role("button", name="Cancel Big").click()
    expect(page.get_by_text("Until then nothing changes.")).to_be_visible()
    look(page, "canceled")
    page.get_by_role("button", name="Keep Big").click()
    expect(page.get_by_text("The plan goes on.")).to_be_visible()
    page.get_by_role("link", name="Cancel the plan").click()
    page.get_by_role("button", name="Cancel Big").click()
    let_pass(shop, 31)
    page.goto("/billing/plan/")
    expect(page.get_by_role("button", name="Subscribe to Small")).to_be_visible()
    expect_credits(page, "1,210")


def test_a_payment_that_fails_is_told_and_paid(shop: Shop, page: Page) -> None:
    shop.enter(page, "Otto")
    subscribe(shop, page, "Small")
    subscription = own_subscription(shop, page)
    card = next(one for one in shop.stripe.objects("subscription") if one["id"] == subscription)
    shop.stripe.change_bank_mind(card["default_payment_method"], card=BAD_LATER)
    page.goto("/billing/plan/")
    page.get_by_role("link", name="Change to Big").click()
    page.get_by_role("button", name=re.compile("^Pay ")).click()
    expect(page.get_by_text("The card was declined.")).to_be_visible()
    expect(page.get_by_role("heading", name="Small", exact=True, level=2)).to_be_visible()

    let_pass(shop, 31.5)
    page.goto("/billing/plan/")
    expect(page.get_by_text("The payment for Small failed.")).to_be_visible()
    look(page, "past-due")
    wait_for_mail(shop, page)
    page.get_by_role("link", name="Pay it at Stripe").click()
    shop.pay(page)
    expect(page.get_by_text("paid: 10.00 EUR")).to_be_visible()
    shop.stripe.wait_until_sent()
    page.goto("/billing/plan/")
    expect(page.get_by_text("The payment for Small failed.")).to_be_hidden()
    expect_credits(page, "210")


def test_an_upgrade_that_the_bank_asks_about_is_confirmed_and_made_once(shop: Shop, page: Page) -> None:
    shop.enter(page, "Uma")
    subscribe(shop, page, "Small")
    subscription = own_subscription(shop, page)
    card = next(one for one in shop.stripe.objects("subscription") if one["id"] == subscription)
    shop.stripe.change_bank_mind(card["default_payment_method"], card=ASKING_CARD)

    page.goto("/billing/plan/")
    page.get_by_role("link", name="Change to Big").click()
    page.get_by_role("button", name="Pay 20.00 EUR and change to Big").dblclick()
    expect(page.get_by_text("open: 20.00 EUR")).to_be_visible()

    page.goto("/billing/plan/")
    expect(page.get_by_text("The bank wants you to confirm a payment.")).to_be_visible()
    expect(page.get_by_role("heading", name="Small", exact=True, level=2)).to_be_visible()
    expect(page.get_by_role("link", name="Change to Big")).to_have_count(0)
    look(page, "upgrade-waits")
    expect_credits(page, "110")

    page.goto("/billing/plan/")
    page.get_by_role("button", name="Drop the change").click()
    expect(page.get_by_text("The plan goes on as it is. Nothing is charged now.")).to_be_visible()
    page.get_by_role("link", name="Change to Big").click()
    page.get_by_role("button", name="Pay 20.00 EUR and change to Big").click()
    expect(page.get_by_text("open: 20.00 EUR")).to_be_visible()
    page.goto("/billing/plan/")
    page.get_by_role("link", name="Confirm with the bank").click()
    page.get_by_role("button", name="Confirm with the saved card").click()
    expect(page.get_by_text("paid: 20.00 EUR")).to_be_visible()
    shop.stripe.wait_until_sent()

    page.goto("/billing/plan/")
    expect(page.get_by_role("heading", name="Big", exact=True, level=2)).to_be_visible()
    expect(page.get_by_text("The bank wants you to confirm a payment.")).to_be_hidden()
    expect_credits(page, "410")
    own = [one for one in shop.stripe.objects("invoice") if one["customer"] == card["customer"]]
    assert sorted((one["total"], one["status"]) for one in own if one["status"] != "void") == [
        (1000, "paid"),
        (2000, "paid"),
    ]


def test_a_double_click_and_a_second_window_begin_one_plan(shop: Shop, page: Page) -> None:
    shop.enter(page, "Dora")
    page.goto("/billing/plan/")
    other = page.context.new_page()
    other.goto("/billing/plan/")
    page.get_by_role("button", name="Subscribe to Small").dblclick()
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    other.get_by_role("button", name="Subscribe to Big").click()
    expect(other.get_by_text("Big")).to_be_visible()

    page.reload()
    expect(page.get_by_text("This session is expired.")).to_be_visible()
    shop.pay(other, GOOD_CARD, "Subscribe")
    expect(other.get_by_role("heading", name="Big", exact=True, level=2)).to_be_visible()
    expect_credits(other, "410")


def test_admins_see_the_plan_and_owners_choose_it(shop: Shop, page: Page) -> None:
    shop.enter(page, "Anna", role="admin")
    page.goto("/billing/plan/")

    expect(page.get_by_text("Owners of the organization choose its plan.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Subscribe"))).to_have_count(0)
    look(page, "admin")
