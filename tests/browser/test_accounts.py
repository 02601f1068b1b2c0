"""A person's way through the site's door: sign-up, codes, passkeys, an app, a forgotten password, an invitation."""

import hashlib
import hmac
import re
import struct
import time
from base64 import b32decode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import last_mail_to
from tests.browser.people import enter
from tests.factories import PASSWORD

CODE = re.compile(r"^[A-Z]{4}-[A-Z]{4}$", re.MULTILINE)
IN = re.compile(r"/(try|dashboard)/$")


@pytest.fixture
def address(request):
    """An address that no other test uses, at this width."""
    return hashlib.sha1(request.node.nodeid.encode()).hexdigest()[:12] + "@example.com"


def look_over(page: Page) -> None:
    """What every page must be."""
    assert faults_of(page) == []
    assert overflow_of(page) == 0
    assert page.locator("h1").count() == 1


def code_for(site, address, *, containing=""):
    found = CODE.search(last_mail_to(site, address, containing=containing))
    assert found
    return found[0]


def sign_up(page: Page, site, address):
    page.goto("/account/signup/")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign up").click()
    page.get_by_label("Code").fill(code_for(site, address))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(IN)


def log_in(page: Page, address, password=PASSWORD):
    page.goto("/account/login/")
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("Password").fill(password)
    page.locator("main").get_by_role("button", name="Log in", exact=True).click()


def log_out(page: Page):
    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    page.wait_for_url(re.compile(r"/$"))


def prove_it(page: Page):
    """Give the password once more where the page asks for it."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    look_over(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def test_from_a_stranger_to_somebody_with_credits_by_keyboard(window, site, address):
    window.goto("/account/signup/")
    window.get_by_label("E-mail address").focus()
    window.keyboard.type(address)
    window.keyboard.press("Tab")
    window.keyboard.type("short")
    window.keyboard.press("Enter")
    expect(window.get_by_text("too short")).to_be_visible()
    look_over(window)
    window.get_by_label("Password").focus()
    window.keyboard.type(PASSWORD)
    window.keyboard.press("Enter")
    expect(window.get_by_role("heading", level=1)).to_have_text("Check your mail")
    look_over(window)
    window.get_by_label("Code").focus()
    window.keyboard.type("AAAA-AAAA")
    window.keyboard.press("Enter")
    expect(window.get_by_text("Incorrect code")).to_be_visible()
    look_over(window)
    window.get_by_label("Code").fill(code_for(site, address).lower())
    window.keyboard.press("Enter")
    window.wait_for_url(IN)

    window.goto("/dashboard/")
    expect(window.locator("main")).to_contain_text("50")
    expect(window.get_by_role("region", name="Your organization")).to_contain_text("organization")


def test_somebody_is_invited_and_joins(window, site, address):
    enter(window, site, email=f"owner-{address}", organization=f"Shop of {address}")
    window.goto("/people/")
    look_over(window)
    window.get_by_label("E-mail address").fill(address)
    window.get_by_label("Admin").check()
    window.get_by_role("button", name="Send the invitation").click()
    expect(window.get_by_role("cell", name=address, exact=True)).to_be_visible()
    look_over(window)
    mail = last_mail_to(site, address, containing="invites you to work")
    link = re.search(r"http://\S+/invitations/\S+/", mail)
    assert link
    log_out(window)

    window.goto(link[0])
    look_over(window)
    window.get_by_role("link", name="Sign up to join").click()
    expect(window.get_by_label("E-mail address")).to_have_value(address)
    look_over(window)
    window.get_by_label("Password").fill(PASSWORD)
    window.locator("main").get_by_role("button", name="Sign up").click()
    window.get_by_label("Code").fill(code_for(site, address))
    window.get_by_role("button", name="Continue").dblclick()
    window.wait_for_url(IN)

    window.goto("/people/")
    expect(window.get_by_role("row", name=re.compile("^" + re.escape(address) + ".*Admin"))).to_be_visible()
    expect(window.get_by_role("region", name="Your organization")).to_contain_text(f"Shop of {address}")


def add_virtual_authenticator(page: Page):
    """Give the browser a device that holds passkeys and always recognises its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def at_localhost(site, path):
    """Passkeys belong to a name; an address of numbers is none."""
    return f"http://localhost:{site.port}{path}"


def test_a_passkey_is_added_and_opens_the_account_alone(window, site, address):
    window.goto(at_localhost(site, "/account/signup/"))
    window.get_by_label("E-mail address").fill(address)
    window.get_by_label("Password").fill(PASSWORD)
    window.locator("main").get_by_role("button", name="Sign up").click()
    window.get_by_label("Code").fill(code_for(site, address))
    window.get_by_role("button", name="Continue").click()
    window.wait_for_url(IN)
    add_virtual_authenticator(window)

    window.goto(at_localhost(site, "/account/2fa/"))
    look_over(window)
    window.get_by_role("link", name="Add a passkey").click()
    prove_it(window)
    look_over(window)
    window.get_by_label("Name").fill("Anna's laptop")
    window.get_by_role("button", name="Add the passkey").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    look_over(window)
    window.goto(at_localhost(site, "/account/2fa/webauthn/"))
    expect(window.get_by_role("row", name=re.compile("Anna's laptop.*passkey"))).to_be_visible()
    look_over(window)
    log_out(window)

    window.goto(at_localhost(site, "/account/login/"))
    window.get_by_role("button", name="Use a passkey").click()

    window.wait_for_url(re.compile("/dashboard/$"))
    assert "A passkey was added" in last_mail_to(site, address, containing="passkey")


def test_a_passkey_that_does_not_answer_is_told_in_words(desktop, site):
    session, authenticator = add_virtual_authenticator(desktop)
    session.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": authenticator, "enabled": True})
    desktop.goto(at_localhost(site, "/account/login/"))

    desktop.get_by_role("button", name="Use a passkey").click()

    expect(desktop.get_by_role("alert")).to_contain_text("Nothing came from your passkey")


def code_of_app(secret: str) -> str:
    """RFC 6238: six digits of this half minute."""
    digest = hmac.new(b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", int(time.time()) // 30), "sha1")
    offset = digest.digest()[-1] & 15
    return f"{(struct.unpack('>I', digest.digest()[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def test_an_app_is_set_up_and_asked_for(window, site, address):
    sign_up(window, site, address)
    window.goto("/account/2fa/")
    window.get_by_role("link", name="Set up an app").click()
    prove_it(window)
    look_over(window)
    secret = window.get_by_label("Key for the app").input_value()
    window.get_by_label("Authenticator code").fill(code_of_app(secret))
    window.get_by_role("button", name="Turn it on").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    recovery_code = window.locator("pre code").inner_text().split()[0]
    log_out(window)

    log_in(window, address)
    expect(window.get_by_role("heading", level=1)).to_have_text("One more step")
    look_over(window)
    window.get_by_label("Code").fill(recovery_code)
    window.locator("main").get_by_role("button", name="Log in").click()

    window.wait_for_url(re.compile("/dashboard/$"))


def test_a_forgotten_password_is_replaced(window, site, address):
    sign_up(window, site, address)
    log_out(window)
    window.goto("/account/login/")
    window.get_by_role("link", name="Forgot your password?").click()
    look_over(window)
    window.get_by_label("E-mail address").fill(address)
    window.get_by_role("button", name="Mail me a code").click()
    look_over(window)
    window.get_by_label("Code").fill(code_for(site, address, containing="choose a new password"))
    window.get_by_role("button", name="Continue").click()
    look_over(window)
    window.get_by_label("New password", exact=True).fill("another good phrase")
    window.get_by_label("New password, once more").fill("another good phrase")
    window.get_by_role("button", name="Save the new password").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("Your new password works")
    look_over(window)

    log_in(window, address, "another good phrase")

    window.wait_for_url(re.compile("/dashboard/$"))


def test_a_code_by_mail_needs_no_password(window, site, address):
    sign_up(window, site, address)
    log_out(window)
    window.goto("/account/login/")
    window.get_by_role("link", name="Mail me a code").click()
    look_over(window)
    window.get_by_label("E-mail address").fill(address)
    window.get_by_role("button", name="Mail me a code").click()
    look_over(window)
    window.get_by_label("Code").fill(code_for(site, address, containing="you log in"))
    window.get_by_role("button", name="Continue").click()

    window.wait_for_url(re.compile("/dashboard/$"))


def test_an_account_is_deleted_by_who_owns_it(window, site, address):
    sign_up(window, site, address)
    window.goto("/account/data/")
    look_over(window)
    with window.expect_download() as download:
        window.get_by_role("link", name="Download everything as JSON").click()
    assert address in download.value.path().read_text()
    window.get_by_role("link", name="Delete your account").click()
    prove_it(window)
    look_over(window)
    window.get_by_label("Type your e-mail address").fill(address)
    window.get_by_role("button", name="Delete my account").click()

    expect(window.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    log_in(window, address)
    expect(window.get_by_role("alert")).to_contain_text("not correct")


PLACES = [
    "/people/",
    "/people/leave/",
    "/organization/",
    "/organization/close/",
    "/organizations/new/",
    "/account/email/",
    "/account/password/change/",
    "/account/2fa/",
    "/account/2fa/webauthn/",
    "/account/sessions/",
    "/account/3rdparty/",
    "/account/data/",
    "/account/logout/",
]


@pytest.mark.parametrize("path", PLACES)
def test_a_private_page_is_accessible_and_fits(window, site, path):
    enter(window, site, email="a.rather.long.name@department.example.com")
    window.goto(path)

    assert window.url.endswith(path)
    look_over(window)


def test_changing_the_address_works_without_leaving_the_account(window, site, address):
    sign_up(window, site, address)
    window.goto("/account/email/")
    window.get_by_label("New address").fill(f"new-{address}")
    window.get_by_role("button", name="Change the address").click()
    prove_it(window)
    expect(window.get_by_role("heading", level=1)).to_have_text("Check your mail")
    look_over(window)
    window.get_by_label("Code").fill(code_for(site, f"new-{address}"))
    window.get_by_role("button", name="Continue").click()

    window.goto("/account/email/")
    expect(window.locator("main")).to_contain_text(f"You log in as new-{address}")
