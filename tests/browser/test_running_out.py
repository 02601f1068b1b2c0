"""Whoever runs out in the playground is led to the pack that covers what is missing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import DESKTOP, PHONE, Troubles, open_context
from tests.browser.shop import Shop, open_shop
from tests.photos import photo_path

PHOTOS = [str(photo_path("astronaut"))] * 3


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture(params=["phone", "desktop"])
def page(request: pytest.FixtureRequest, chromium: Browser, shop: Shop, troubles: Troubles) -> Iterator[Page]:
    context = open_context(chromium, shop.site, PHONE if request.param == "phone" else DESKTOP)
    page = context.new_page()
    troubles.watch(page)
    yield page
    context.close()


def test_from_the_last_photo_to_the_packs(page: Page, shop: Shop) -> None:
    shop.enter(page, "Rita", credits=0)
    page.goto("/try/")
    page.locator("#photos").set_input_files(PHOTOS)
    broke = page.locator("#broke")
    expect(broke).to_contain_text("3 are missing")
    expect(broke.get_by_role("link", name="Buy 100 credits for 10.00 EUR")).to_be_visible()
    assert (faults_of(page), overflow_of(page)) == ([], 0)
    broke.get_by_role("link").click()

    expect(page.get_by_role("button", name="Buy 100 credits")).to_be_visible()
    expect(page.get_by_text("No credits are left.")).to_be_visible()


def test_the_pricing_page_leads_to_buying(page: Page, shop: Shop) -> None:
    page.goto("/pricing/")
    expect(page.get_by_text("0.08 EUR an image")).to_be_visible()
    assert (faults_of(page), overflow_of(page)) == ([], 0)
    shop.enter(page, "Pia", credits=0)
    page.reload()
    page.get_by_role("link", name="Buy credits").click()

    expect(page.get_by_role("button", name="Buy 1,000 credits")).to_be_visible()
