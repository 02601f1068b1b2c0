"""A new administrator of a server that requires a second factor: led to set up a passkey, then let in with it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accounts import add_virtual_authenticator, at_localhost, look_over, prove_it
from tests.factories import PASSWORD
from tests.live.server import LiveServer


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose admin requires a second factor."""
    environ = {"MODEL_NAME": "u2netp", "STAFF_SECOND_FACTOR": "true", "PYTHONUNBUFFERED": "1"}
    server = LiveServer(tmp_path_factory.mktemp("staff"), environ=environ)
    server.start()
    yield server
    server.stop()


def test_a_new_administrator_adds_a_passkey_and_opens_the_admin(window: Page, site: LiveServer) -> None:
    email = f"sam{window.viewport_size['width']}@example.com"  # type: ignore[index]
    words = f"from accounts.models import User; User.objects.create_superuser({email!r}, {PASSWORD!r})"
    site.manage("shell", "-v", "0", "-c", words)
    add_virtual_authenticator(window)

    window.goto(at_localhost(site, "/admin/"))
    window.get_by_label("E-mail address").fill(email)
    window.get_by_label("Password").fill(PASSWORD)
    window.locator("main").get_by_role("button", name="Log in", exact=True).click()
    expect(window.get_by_role("heading", level=1)).to_have_text("The admin needs a second factor")
    look_over(window)

    window.get_by_role("link", name="Add a passkey").click()
    prove_it(window)
    window.get_by_label("Name").fill("Sam's key")
    window.get_by_role("button", name="Add the passkey").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Recovery codes")

    window.goto(at_localhost(site, "/admin/"))
    expect(window.get_by_text("You have not used it in this session yet.")).to_be_visible()
    look_over(window)
    window.get_by_role("link", name="Use a passkey").click()
    window.get_by_role("button", name="Use a passkey").click()

    window.wait_for_url(re.compile("/admin/$"))
    expect(window.get_by_role("heading", name="What waits for somebody")).to_be_visible()
