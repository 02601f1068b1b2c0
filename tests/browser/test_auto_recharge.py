"""Auto-recharge in Chromium: agree, save a card, be charged once, answer the bank, be stopped, end it."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import DESKTOP, PHONE, Troubles, last_mail_to, open_context
from tests.browser.shop import GOOD_CARD, Shop, open_shop

DECLINED_LATER, WANTS_PERSON = "4000000000000341", "4000002760003184"
STRIPES_PAGE, OUR_PAGE = re.compile(r"/pay/cs_"), re.compile(r"/billing/auto-recharge/$")
PATIENCE_S = 60

USE = """
from billing import ledger
from billing.models import CreditAccount
account = CreditAccount.objects.get(organization__name={organization!r})
ledger.capture(ledger.hold(account, amount={amount}))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    environ = {"SWEEP_EVERY_S": "1", "RECHARGE_BACK_OFF_S": "1", "RECHARGE_DECLINES": "3"}
    with open_shop(tmp_path_factory.mktemp("shop"), environ) as shop:
        yield shop


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return "".join(part.title() for part in request.node.originalname.removeprefix("test_").split("_")[:4])


@pytest.fixture(params=["phone", "desktop"])
def page(
    request: pytest.FixtureRequest, chromium: Browser, shop: Shop, troubles: Troubles, name: str
) -> Iterator[Page]:
    """Somebody's window; each test has an organization of its own, with 20 credits."""
    context = open_context(chromium, shop.site, PHONE if request.param == "phone" else DESKTOP)
    page = context.new_page()
    troubles.watch(page)
    shop.enter(page, name, credits=20)
    page.goto("/billing/auto-recharge/")
    yield page
    context.close()


def use_credits(page: Page, shop: Shop, name: str, amount: int) -> None:
    """Use credits of the person's organization; the server finds out by itself."""
    assert page.viewport_size is not None
    organization = f"{name}{page.viewport_size['width']}'s"
    shop.site.manage("shell", "-v", "0", "-c", USE.format(organization=organization, amount=amount))


def agree(page: Page) -> None:
    """Choose to be charged below 15 credits, twice a month at the most, and agree."""
    page.get_by_label("When fewer credits are left than").fill("15")
    page.get_by_label("At most so many times a month").fill("2")
    page.get_by_label(re.compile("I allow")).check()
    page.get_by_role("button", name=re.compile("^Agree")).click()


def save_card(page: Page, shop: Shop, card: str = GOOD_CARD) -> None:
    expect(page).to_have_url(STRIPES_PAGE)
    shop.pay(page, card, "Save card")
    expect(page).to_have_url(OUR_PAGE)


def wait_for(page: Page, words: str) -> None:
    """Look at the page of auto-recharge until it says so."""
    deadline = time.monotonic() + PATIENCE_S
    page.goto("/billing/auto-recharge/")
    while page.get_by_text(words).count() == 0 and time.monotonic() < deadline:
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_text(words).first).to_be_visible()


def assert_sound(page: Page) -> None:
    assert (faults_of(page), overflow_of(page)) == ([], 0)


def test_setting_it_up_being_charged_once_and_ending_it(page: Page, shop: Shop, name: str) -> None:
    page.goto("/billing/")
    page.get_by_role("navigation", name="Pages about money").get_by_role("link", name="Auto-recharge").click()
    expect(page.get_by_label("Buy this pack")).to_contain_text(re.compile("100 credits\\W+for \\W+10.00 EUR"))
    assert_sound(page)
    agree(page)
    save_card(page, shop)
    expect(page.get_by_text("The card was saved. Auto-recharge is on.")).to_be_visible()
    expect(page.get_by_text("Visa •••• 4242")).to_be_visible()
    expect(page.get_by_text("0 of 2")).to_be_visible()

    use_credits(page, shop, name, 10)
    wait_for(page, "1 of 2")
    expect(page.get_by_role("table")).to_contain_text("paid")
    assert_sound(page)
    assert page.viewport_size is not None
    mail = last_mail_to(shop.site, f"{name.lower()}{page.viewport_size['width']}@example.com", containing="was bought")
    assert "was bought for 10.00 EUR, as agreed." in mail.replace("=\n", "")
    page.get_by_role("table").get_by_role("link", name="100 credits", exact=True).click()
    expect(page.get_by_role("heading", name="Paid: 100 credits are yours")).to_be_visible()
    page.go_back()

    page.get_by_role("button", name="Turn it off", exact=True).click()
    expect(page.get_by_text("Auto-recharge is off.")).to_be_visible()
    page.get_by_role("button", name="Remove the card").click()
    expect(page.get_by_text("The card was removed. Auto-recharge is off.")).to_be_visible()
    expect(page.get_by_text("•••• 4242")).to_have_count(0)


def test_nothing_is_agreed_without_the_tick(page: Page) -> None:
    page.get_by_label("When fewer credits are left than").fill("500")
    page.get_by_role("button", name="Agree and save a card").click()

    expect(page.get_by_text("Choose at most 100: one pack has to lift the credits above it.")).to_be_visible()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    assert_sound(page)
    assert not STRIPES_PAGE.search(page.url)


def test_the_most_that_a_month_can_cost_fits_however_much_it_is(page: Page, shop: Shop) -> None:
    offers = page.get_by_label("Buy this pack")
    offers.select_option(offers.get_by_role("option", name="75,000 JPY").get_attribute("value"))
    page.get_by_label("At most so many times a month").fill("1000")
    page.get_by_label(re.compile("I allow")).check()
    page.get_by_role("button", name=re.compile("^Agree")).click()
    save_card(page, shop)

    expect(page.get_by_text("75,000,000 JPY")).to_be_visible()
    assert_sound(page)


def test_leaving_the_page_of_stripe_changes_nothing(page: Page) -> None:
    agree(page)
    expect(page).to_have_url(STRIPES_PAGE)
    page.get_by_role("link", name="Back to the shop").click()

    expect(page).to_have_url(OUR_PAGE)
    expect(page.get_by_role("button", name="Agree and save a card")).to_be_visible()


def test_answering_the_bank(page: Page, shop: Shop, name: str) -> None:
    agree(page)
    save_card(page, shop, WANTS_PERSON)
    use_credits(page, shop, name, 10)
    wait_for(page, "The bank wants you to confirm a payment.")
    assert_sound(page)

    page.get_by_role("button", name="Confirm with the bank").click()
    page.get_by_role("button", name="Refuse").click()
    expect(page).to_have_url(OUR_PAGE)
    page.get_by_role("button", name="Confirm with the bank").click()
    page.get_by_role("button", name="Agree").click()

    expect(page).to_have_url(OUR_PAGE)
    expect(page.get_by_text("1 of 2")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm with the bank")).to_have_count(0)
    page.goto("/billing/")
    expect(page.locator(".balance .figure")).to_have_text("110")


def test_being_stopped_and_starting_again(page: Page, shop: Shop, name: str) -> None:
    agree(page)
    save_card(page, shop, DECLINED_LATER)
    use_credits(page, shop, name, 10)
    wait_for(page, "The card was declined several times.")
    assert_sound(page)

    page.get_by_label("Save another card for it").check()
    agree(page)
    save_card(page, shop)
    wait_for(page, "1 of 2")
    page.goto("/billing/")
    expect(page.locator(".balance .figure")).to_have_text("110")
