"""A key's whole life as its owner sees it, and what was used: at phone and desktop width, by mouse and by keyboard."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import PHONE, open_context
from tests.browser.people import enter
from tests.processing.api.conftest import picture_bytes

SEED = """
from accounts.models import Organization
from accounts import api_keys
from processing.models import RemovalRecord
from datetime import timedelta
from django.utils import timezone
shop = Organization.objects.get(name={organization!r})
now = timezone.now()
key = api_keys.issue(shop, name="A rather long name of a key, as some people have them", monthly_credit_cap=10).api_key
api_keys.issue(shop, name="sandbox", is_test=True, expires_at=now + timedelta(days=2))
api_keys.issue(shop, name="kiosk", allowed_networks=["192.0.2.0/24", "2001:db8::/32"])
api_keys.revoke(api_keys.issue(shop, name="lost").api_key)
RemovalRecord.objects.bulk_create(
    RemovalRecord(
        organization=shop, api_key=key, request_id=f"req_{{n:032d}}", created=now - timedelta(hours=7 * n),
        status=[200, 200, 400, 503][n % 4], code=["", "", "validation_error", "server_busy"][n % 4],
        credits_charged=int(n % 4 < 2), input_width=4000, input_height=3000, input_bytes=1000, took_ms=900 + n,
    )
    for n in range(60)
)
"""


def seed(site, organization):
    site.manage("shell", "-v", "0", "-c", SEED.format(organization=organization))


def assert_sound(page: Page):
    assert faults_of(page) == []
    assert overflow_of(page) == 0


def run_as_shown(command: str, folder: Path) -> str:
    """Run the curl command of a page as it stands there; return the status."""
    (folder / "photo.jpg").write_bytes(picture_bytes(300, 200, "JPEG"))
    arguments = [word for word in shlex.split(command.replace("\\\n", " ")) if word]
    assert arguments[0] == "curl"
    done = subprocess.run(
        [*arguments, "-s", "-w", "%{http_code}"], cwd=folder, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def remove_with(site, secret: str) -> requests.Response:
    files = {"image_file": ("photo.jpg", picture_bytes(300, 200, "JPEG"), "image/jpeg")}
    return requests.post(f"{site.url}/v1/remove", headers={"x-api-key": secret}, files=files, timeout=120)


def test_the_life_of_a_key(window, site, tmp_path):
    name = f"Life {window.viewport_size['width']}"
    enter(window, site, email=f"life{window.viewport_size['width']}@example.com", organization=name)
    window.goto("/keys/")
    window.get_by_role("link", name="Create key").first.click()
    window.get_by_label("Name").fill("shop-import")
    window.get_by_role("button", name="Create key").click()

    # Shown once.
    secret = window.get_by_label("API key").input_value()
    assert re.fullmatch(r"rb_live_[0-9A-Za-z]{38}", secret)
    assert_sound(window)
    assert secret not in window.url + json.dumps(window.context.cookies()) + site.log
    command = window.get_by_label("Command line").inner_text()
    assert run_as_shown(command, tmp_path) == "200"
    assert (tmp_path / "cutout.png").read_bytes().startswith(b"\x89PNG")
    window.get_by_role("link", name="I have saved it").click()
    expect(window.get_by_role("heading", name="API keys")).to_be_visible()
    assert secret not in window.content()

    # Its use is seen.
    window.goto("/usage/")
    row = window.get_by_role("row").filter(has_text="shop-import").first
    expect(row).to_contain_text("200")
    assert_sound(window)

    # Rotated: both work; and a reload shows nothing.
    window.goto("/keys/")
    window.get_by_role("link", name="Rotate key shop-import").click()
    assert_sound(window)
    window.get_by_role("button", name="Rotate key").click()
    second = window.get_by_label("API key").input_value()
    assert second != secret
    expect(window.get_by_text("works until")).to_be_visible()
    assert_sound(window)
    window.reload()
    assert second not in window.content()
    expect(window.get_by_text("shown only once")).to_be_visible()
    assert [remove_with(site, each).status_code for each in (secret, second)] == [200, 200]

    # Revoked: the old one, after a question that names it.
    window.goto("/keys/")
    old = window.get_by_role("row").filter(has_text=f"…{secret[-4:]}")
    old.get_by_role("link", name="Revoke key").click()
    dialog = window.get_by_role("dialog", name="Revoke key “shop-import”?")
    expect(dialog).to_be_visible()
    assert faults_of(window) == []
    dialog.get_by_role("link", name="Keep it").click()
    expect(dialog).to_be_hidden()
    old.get_by_role("link", name="Revoke key").click()
    dialog.get_by_role("button", name="Revoke key “shop-import”").click()
    expect(window.get_by_text("is revoked: nothing works with it")).to_be_visible()
    assert [remove_with(site, each).status_code for each in (secret, second)] == [401, 200]


def test_a_key_is_made_by_keyboard_alone(desktop, site):
    enter(desktop, site, email="keys@example.com", organization="Keyboard")
    desktop.goto("/keys/new/")
    desktop.get_by_label("Name").focus()
    for press in ("t", "i", "l", "l", "Tab", "ArrowDown", "Tab", "Tab", "Space", "Tab", "Enter"):
        desktop.keyboard.press(press)
    expect(desktop.get_by_label("Credits a month")).to_be_visible()
    desktop.get_by_label("Expires after").focus()
    for _ in range(10):
        desktop.keyboard.press("Tab")
        if desktop.evaluate("document.activeElement.name") == "monthly_credit_cap":
            break
    desktop.keyboard.type("25")
    desktop.keyboard.press("Enter")

    secret = desktop.get_by_label("API key").input_value()
    assert secret.startswith("rb_test_"), "the arrow chose the other kind"
    me = requests.get(f"{site.url}/v1/me", headers={"x-api-key": secret}, timeout=30)
    assert me.status_code == 403, "the blank key took away the right to read the account"
    answer = remove_with(site, secret)
    assert (answer.status_code, answer.headers["X-Credits-Charged"]) == (200, "0")
    desktop.get_by_role("link", name="I have saved it").focus()
    desktop.keyboard.press("Enter")
    expect(desktop.get_by_role("heading", name="API keys")).to_be_visible()
    expect(desktop.get_by_role("row").filter(has_text="till")).to_contain_text("free")


def test_a_wrong_field_is_told_beside_it(window, site):
    enter(window, site)
    window.goto("/keys/new/")
    window.get_by_text("Limits: expiry").click()
    window.get_by_label("Works from").fill("my office")
    window.get_by_role("button", name="Create key").click()

    expect(window.get_by_text("my is no address and no network")).to_be_visible()
    expect(window.get_by_label("Works from")).to_have_value("my office")
    assert_sound(window)


PAGES = ["/keys/", "/keys/new/", "/usage/", "/usage/?days=90&outcome=failed", "/dashboard/", "/credits/warning/"]


@pytest.fixture(scope="module")
def busy(site):
    """An organization with keys of every state and sixty requests; made at the first test that asks."""
    done: list[str] = []

    def prepare(page: Page) -> None:
        enter(page, site, email="busy@example.com", organization="Busy shop", credits=8)
        if not done:
            seed(site, "Busy shop")
            done.append("yes")

    return prepare


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_accessible_and_fits(window, busy, path):
    busy(window)
    window.goto(path)
    for fold in window.locator("details.fold > summary").all():
        fold.click()

    assert_sound(window)


@pytest.mark.parametrize("path", ["/keys/", "/usage/", "/dashboard/"])
def test_a_new_organization_s_pages_are_accessible_and_fit(window, site, path):
    enter(window, site, email="new@example.com", organization="New & Co")
    window.goto(path)

    assert_sound(window)


def test_the_list_of_requests_is_leafed_through(window, busy):
    busy(window)
    window.goto("/usage/")
    seen = []
    while True:
        seen += window.locator("code.id").all_inner_texts()
        older = window.get_by_role("link", name="Older")
        if not older.count():
            break
        with window.expect_navigation():
            older.click()
    assert len(seen) == len(set(seen)) == 60
    with window.expect_navigation():
        window.get_by_role("link", name="Newest").click()
    assert window.locator("code.id").all_inner_texts() == seen[:25]


def test_the_csv_holds_what_was_filtered(desktop, busy):
    busy(desktop)
    desktop.goto("/usage/")
    desktop.get_by_label("Outcome").select_option("failed")
    desktop.get_by_role("button", name="Show").click()
    with desktop.expect_download() as download:
        desktop.get_by_role("link", name="Download CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()

    assert len(lines) == 1 + 15
    assert all("server_busy" in line for line in lines[1:])


def test_everything_works_without_javascript(chromium, site):
    context = open_context(chromium, site, PHONE, java_script_enabled=False)
    page = context.new_page()
    enter(page, site, email="plain@example.com", organization="Plain")
    page.goto("/keys/new/")
    page.get_by_label("Name").fill("plain")
    page.get_by_role("button", name="Create key").click()
    secret = page.get_by_label("API key").input_value()
    page.get_by_role("link", name="I have saved it").click()
    page.get_by_role("link", name="Revoke key plain").click()
    expect(page.get_by_role("heading", name="Revoke key “plain”?")).to_be_visible()
    page.get_by_role("button", name="Revoke key “plain”").click()
    expect(page.get_by_text("is revoked: nothing works with it")).to_be_visible()
    assert remove_with(site, secret).status_code == 401

    page.goto("/usage/")
    page.get_by_role("link", name="7 days").click()
    page.get_by_text("The numbers of each day").click()
    expect(page.get_by_role("table", name="Requests a day")).to_be_visible()
    context.close()


def test_the_books_agree_after_all_that(site):
    assert "0 disagreements" in site.manage("audit_ledger")
