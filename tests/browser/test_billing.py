"""Buying credits in Chromium, on our pages and on the stand-in's: every way it ends, once and only once."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from stripe import StripeClient

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import DESKTOP, PHONE, Troubles, open_context
from tests.browser.shop import POOR_CARD, Shop, expect_credits, open_shop
from tests.stripe_stand_in.seller import client_for

ORDER = re.compile(r"/billing/orders/[0-9a-f-]{36}/$")
STRIPES_PAGE = re.compile(r"/pay/cs_")
BUY = "Buy 1,000 credits"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture(params=["phone", "desktop"])
def page(request: pytest.FixtureRequest, chromium: Browser, shop: Shop, troubles: Troubles) -> Iterator[Page]:
    """Somebody's window; each test has an organization of its own, with 10 credits."""
    context = open_context(chromium, shop.site, PHONE if request.param == "phone" else DESKTOP)
    page = context.new_page()
    troubles.watch(page)
    name = "".join(part.title() for part in request.node.originalname.removeprefix("test_").split("_")[:4])
    shop.enter(page, name)
    page.goto("/billing/")
    yield page
    context.close()


@pytest.fixture
def seller(shop: Shop) -> StripeClient:
    return client_for(shop.stripe.api.storage.base_url)


def bought(page: Page, shop: Shop) -> None:
    """Buy the pack in the middle, to the page of the order."""
    page.get_by_role("button", name=BUY).click()
    shop.pay(page)
    expect(page).to_have_url(ORDER)
    expect(page.get_by_role("heading", name="Paid: 1,000 credits are yours")).to_be_visible()


def test_buying_a_pack(page: Page, shop: Shop) -> None:
    page.goto("/dashboard/")
    page.get_by_role("navigation", name="Pages of the organization").get_by_role("link", name="Billing").click()
    expect(page.get_by_text("0.08 EUR an image")).to_be_visible()
    assert (faults_of(page), overflow_of(page)) == ([], 0)
    page.get_by_role("link", name="JPY").click()
    expect(page.get_by_text("12 JPY an image")).to_be_visible()
    page.get_by_role("link", name="EUR").click()

    page.get_by_role("button", name=BUY).click()
    expect(page).to_have_url(STRIPES_PAGE)
    expect(page.get_by_text("1,000 credits: 80.00 EUR")).to_be_visible()
    shop.pay(page)

    expect(page).to_have_url(ORDER)
    expect(page.get_by_role("heading", name="Paid: 1,000 credits are yours")).to_be_visible()
    expect(page.get_by_text("1,010 credits are left now.")).to_be_visible()
    assert (faults_of(page), overflow_of(page)) == ([], 0)
    page.get_by_role("link", name="Receipt").click()
    expect(page.get_by_text("80.00 EUR, of which refunded: 0.00 EUR")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Back to the credits").click()
    expect(page.locator(".balance .figure")).to_have_text("1,010")
    assert (faults_of(page), overflow_of(page)) == ([], 0)


def test_every_page_reads_well(page: Page, shop: Shop) -> None:
    bought(page, shop)
    for name, words in (
        ("Statement", "Bought 1,000 credits"),
        ("Orders", "80.00 EUR"),
        ("Card and invoices", "How you pay"),
    ):
        page.get_by_role("navigation", name="Pages about money").get_by_role("link", name=name).click()
        expect(page.get_by_text(words).first).to_be_visible()
        assert (faults_of(page), overflow_of(page)) == ([], 0), name
    page.get_by_role("button", name="Change this at Stripe").click()
    expect(page.get_by_role("heading", name="Customer portal")).to_be_visible()
    page.get_by_role("button", name="Use this card").click()
    page.get_by_role("link", name="Back to the shop").click()
    expect(page.get_by_text("•••• 4242")).to_be_visible()
    page.goto("/billing/statement/")
    page.get_by_label("Kind").select_option("Given")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download CSV").click()
    assert waiting.value.suggested_filename.startswith("credits-")


def test_being_declined_and_paying_then(page: Page, shop: Shop) -> None:
    page.get_by_role("button", name=BUY).click()
    shop.pay(page, POOR_CARD)
    expect(page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")
    shop.pay(page)

    expect(page.get_by_role("heading", name="Paid: 1,000 credits are yours")).to_be_visible()
    expect_credits(page, "1,010")


@pytest.mark.parametrize(
    ("paid", "words", "credits"),
    [(True, "Paid: 1,000 credits are yours", "1,010"), (False, "The payment failed", "10")],
)
def test_a_delayed_payment_comes_by_itself(page: Page, shop: Shop, paid: bool, words: str, credits: str) -> None:
    shop.enter(page, f"Delayed{paid}")
    page.goto("/billing/")
    page.get_by_role("button", name=BUY).click()
    page.get_by_role("button", name="Pay by bank debit").click()
    expect(page.get_by_role("heading", name="Your payment is on its way")).to_be_visible()
    assert (faults_of(page), overflow_of(page)) == ([], 0)
    address = page.url

    session = shop.sessions_of(page)[0]["id"]
    shop.stripe.settle_session(session, paid=paid)
    expect(page.get_by_role("heading", name=words)).to_be_visible()
    assert page.url == address
    assert faults_of(page) == []
    expect_credits(page, credits)


def test_two_tabs_buy_once(page: Page, shop: Shop, troubles: Troubles) -> None:
    second = page.context.new_page()
    troubles.watch(second)
    second.goto("/billing/")
    page.get_by_role("button", name=BUY).click()
    second.get_by_role("button", name=BUY).click()
    expect(second).to_have_url(STRIPES_PAGE)
    assert second.url == page.url

    shop.pay(page)
    expect(page).to_have_url(ORDER)
    second.reload()
    expect(second.get_by_text("This session is complete.")).to_be_visible()
    second.get_by_role("link", name="Back to the shop").click()
    expect(second.get_by_role("heading", name="Paid: 1,000 credits are yours")).to_be_visible()
    expect_credits(second, "1,010")


def test_a_double_click_opens_one_page(page: Page, shop: Shop) -> None:
    before = len(shop.sessions_of(page))
    page.get_by_role("button", name=BUY).dblclick()
    expect(page).to_have_url(STRIPES_PAGE)

    assert len(shop.sessions_of(page)) == before + 1
    shop.pay(page)
    expect_credits(page, "1,010")


def test_going_back_after_paying(page: Page, shop: Shop, troubles: Troubles) -> None:
    bought(page, shop)
    page.go_back()
    expect(page.get_by_text("This session is complete.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Buy credits")).to_be_visible()
    expect(page.locator(".balance .figure")).to_have_text("1,010")

    page.get_by_role("button", name=BUY).click()
    expect(page).to_have_url(STRIPES_PAGE)
    expect(page.get_by_role("button", name="Pay", exact=True)).to_be_visible()
    expect_credits(page, "1,010")


def test_leaving_stripe_s_page(page: Page, shop: Shop) -> None:
    page.get_by_role("button", name=BUY).click()
    page.get_by_role("link", name="Back to the shop").click()
    expect(page.get_by_text("Nothing was bought, and nothing was charged.")).to_be_visible()
    assert (faults_of(page), overflow_of(page)) == ([], 0)
    expect(page.locator(".balance .figure")).to_have_text("10")

    page.get_by_role("link", name="Go back to it").click()
    page.get_by_role("button", name="Let the session expire").click()
    expect(page.get_by_text("This session is expired.")).to_be_visible()
    shop.stripe.wait_until_sent()
    page.goto("/billing/orders/")
    expect(page.get_by_text("left unpaid")).to_be_visible()


def test_a_refund_and_a_dispute_reach_the_page(page: Page, shop: Shop, seller: StripeClient) -> None:
    bought(page, shop)
    charge = shop.charge_of(page)
    order = page.url

    seller.v1.refunds.create({"charge": charge["id"], "amount": 2000})
    shop.stripe.wait_until_sent()
    page.reload()
    expect(page.get_by_role("heading", name="A part of this was refunded")).to_be_visible()
    expect_credits(page, "760")

    dispute = shop.stripe.open_dispute(charge["id"])
    shop.stripe.wait_until_sent()
    page.goto(order)
    expect(page.get_by_role("heading", name="This payment is disputed")).to_be_visible()
    assert (faults_of(page), overflow_of(page)) == ([], 0)
    expect_credits(page, "10")
    expect(page.get_by_text("API keys rest")).to_be_visible()

    shop.stripe.settle_dispute(dispute["id"], outcome="won")
    shop.stripe.wait_until_sent()
    expect_credits(page, "760")
    expect(page.get_by_text("API keys rest")).to_have_count(0)


def test_an_unreachable_stripe(page: Page, shop: Shop, troubles: Troubles) -> None:
    shop.stripe.order_fault("/v1/.*", kind="hang", hang_s=4)
    page.get_by_role("button", name=BUY).click()
    expect(page.get_by_role("heading", name="Stripe does not answer")).to_be_visible()
    assert (faults_of(page), overflow_of(page)) == ([], 0)
    troubles.forgive("503")
    shop.stripe.clear_faults()

    page.get_by_role("button", name="Try again").click()
    expect(page).to_have_url(STRIPES_PAGE)
    shop.pay(page)
    expect(page.get_by_role("heading", name="Paid: 1,000 credits are yours")).to_be_visible()


def test_lost_events_and_no_javascript(chromium: Browser, shop: Shop) -> None:
    """The page asks Stripe itself, and a link looks again."""
    context = open_context(chromium, shop.site, DESKTOP, java_script_enabled=False)
    page = context.new_page()
    shop.enter(page, "Nora")
    page.goto("/billing/")
    shop.stripe.hold_webhooks()
    page.get_by_role("button", name=BUY).click()
    page.get_by_role("button", name="Pay by bank debit").click()
    expect(page.get_by_role("heading", name="Your payment is on its way")).to_be_visible()
    shop.stripe.settle_session(shop.stripe.objects("checkout.session")[0]["id"], paid=True)
    page.wait_for_timeout(2100)  # sooner Stripe is not asked again

    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="Paid: 1,000 credits are yours")).to_be_visible()
    shop.stripe.release_webhooks()
    shop.stripe.wait_until_sent()
    expect_credits(page, "1,010")
    context.close()
