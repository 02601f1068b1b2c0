"""One live server and one Chromium for all pages; each test gets its own window, and nothing may go wrong in it."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.chromium import find_chromium
from tests.live.server import LiveServer

PHONE, DESKTOP = {"width": 360, "height": 780}, {"width": 1280, "height": 900}
MAIL_WITHIN_S = 15.0
expect.set_options(timeout=30_000)  # a photo takes seconds, and more of them on a busy machine


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose mails go to its log, so that tests can read them."""
    server = LiveServer(
        tmp_path_factory.mktemp("site"),
        environ={
            "MODEL_NAME": "u2netp",
            "SLOT_WAITING_PLACES": "20",
            "SLOT_WAIT_S": "120",
            "STRANGER_RATE": "1000/m",
            "TRIAL_PREVIEWS": "1000/d",
            "FREE_CREDITS_GRANTS_PER_ADDRESS": "1000",
            "FREE_CREDITS_GRANTS_PER_NETWORK": "1000",
            "FREE_CREDITS_GRANTS_PER_DOMAIN": "1000",
            "PYTHONUNBUFFERED": "1",
        },
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@dataclass
class Troubles:
    """What a browser complained of: script errors, refused resources, policy reports."""

    seen: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.seen.append(f"{page.url}: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.append(f"{message.location.get('url', '')}: {message.text}")

    def forgive(self, pattern: str) -> None:
        """Leave out complaints that a test provoked, such as Chromium's about an answer of 4xx."""
        self.seen = [trouble for trouble in self.seen if not re.search(pattern, trouble)]


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    """Collect complaints; the test fails at its end where any is left."""
    troubles = Troubles()
    yield troubles
    assert troubles.seen == []


@pytest.fixture(params=["phone", "desktop"])
def window(request: pytest.FixtureRequest, chromium: Browser, site: LiveServer, troubles: Troubles) -> Iterator[Page]:
    """A page at phone width and once more at desktop width, with the site as its base address."""
    context = open_context(chromium, site, PHONE if request.param == "phone" else DESKTOP)
    page = context.new_page()
    troubles.watch(page)
    yield page
    context.close()


@pytest.fixture
def desktop(chromium: Browser, site: LiveServer, troubles: Troubles) -> Iterator[Page]:
    """A page at desktop width."""
    context = open_context(chromium, site, DESKTOP)
    page = context.new_page()
    troubles.watch(page)
    yield page
    context.close()


def open_context(chromium: Browser, site: LiveServer, viewport: dict[str, int], **options: object) -> BrowserContext:
    context = chromium.new_context(base_url=site.url, viewport=viewport, **options)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    return context


def last_mail_to(site: LiveServer, address: str, *, containing: str = "") -> str:
    """Return the newest mail to this address that the server printed, waiting for it a little."""
    deadline = time.monotonic() + MAIL_WITHIN_S
    while time.monotonic() < deadline:
        mails = [mail for mail in re.split(r"(?m)^-{60,}$", site.log) if f"To: {address}" in mail]
        wanted = [mail for mail in mails if containing in mail]
        if wanted:
            return wanted[-1]
        time.sleep(0.1)
    raise AssertionError(f"no mail to {address} with {containing!r}:\n{site.log[-3000:]}")
