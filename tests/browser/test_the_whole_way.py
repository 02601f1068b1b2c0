"""A first visit, whole: sign up, verify, try, make a key, call with it, and see what was used."""

from playwright.sync_api import expect

from tests.browser.playground.acts import cut_out
from tests.browser.test_accounts import sign_up
from tests.browser.test_keys_and_usage import run_as_shown


def test_from_a_stranger_to_a_call_that_usage_shows(window, site, tmp_path):
    width = window.viewport_size["width"]
    sign_up(window, site, f"whole-way-{width}@example.com")

    # Lands where photos are tried.
    window.wait_for_url("**/try/")
    cut_out(window)

    window.goto("/keys/")
    window.get_by_role("link", name="Create key").first.click()
    window.get_by_label("Name").fill("laptop")
    window.get_by_role("button", name="Create key").click()
    command = window.get_by_label("Command line").inner_text()
    assert run_as_shown(command, tmp_path) == "200"
    assert (tmp_path / "cutout.png").read_bytes().startswith(b"\x89PNG")

    window.goto("/usage/")
    expect(window.locator("main")).to_contain_text("laptop")
    rows = window.locator(".requests tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("laptop")
    window.goto("/dashboard/")
    expect(window.locator("main")).to_contain_text("48")
