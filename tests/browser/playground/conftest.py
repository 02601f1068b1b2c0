"""The playground, with Pat logged in."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PHONE, Troubles, open_context
from tests.browser.people import enter
from tests.live.server import LiveServer


def open_playground(page: Page, site: LiveServer) -> Page:
    enter(page, site, email="pat@example.com", organization="Pat's studio", credits=500)
    page.goto("/try/")
    return page


@pytest.fixture
def playground(window: Page, site: LiveServer) -> Page:
    return open_playground(window, site)


@pytest.fixture
def wide(desktop: Page, site: LiveServer) -> Page:
    return open_playground(desktop, site)


@pytest.fixture
def touch(chromium: Browser, site: LiveServer, troubles: Troubles) -> Iterator[Page]:
    """A phone: its screen is touched, there is no mouse."""
    context = open_context(chromium, site, PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    troubles.watch(page)
    yield open_playground(page, site)
    context.close()
