"""Mails: the same words in text and in HTML, one button at most, who caused it, and how to stop it."""

import re
from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import RequestFactory
from django.utils import timezone

from accounts import mails
from accounts.models import Invitation, Organization, User

PLAIN = [
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/login_code",
    "account/email/password_reset_code",
    "account/email/account_already_exists",
    "organizations/emails/invitation",
]
NOTICES = [
    "account/email/email_changed",
    "account/email/email_confirm",
    "account/email/email_deleted",
    "account/email/password_changed",
    "account/email/password_reset",
    "account/email/password_set",
    "mfa/email/recovery_codes_generated",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
    "socialaccount/email/account_connected",
    "socialaccount/email/account_disconnected",
]
OURS = ["account/email/wrong_passwords", "account/email/changed_by_operator"]
"""Caused by nobody who asked for them: they name no address and no browser."""
SHOP = "Alice's <b>shop</b>"

ADDRESSES = {"from_email": "old@example.com", "to_email": "new@example.com"}


class Words(HTMLParser):
    """The words of a page and the targets of its links."""

    def __init__(self, page):
        super().__init__()
        self._text, self.links, self.buttons = "", [], 0
        self._skip = False
        self.feed(page)
        self.words = self._text.split()

    def handle_starttag(self, tag, attrs):
        self._skip = tag == "title"
        if tag == "br":
            self._text += "\n"
        if tag == "a":
            self.links.append(dict(attrs)["href"])
            self.buttons += "background" in dict(attrs).get("style", "")

    def handle_endtag(self, tag):
        self._skip = False

    def handle_data(self, data):
        if not self._skip:
            self._text += data


def context():
    request = RequestFactory(headers={"user-agent": "Firefox/140"}).get("/", REMOTE_ADDR="203.0.113.9")
    alice = User(email="alice@example.com")
    shop = Organization(name=SHOP)
    invitation = Invitation(organization=shop, email="nina@example.com", role="member", expires_at=timezone.now())
    return {
        **mails.cause_of(request),
        "user": alice,
        "inviter": alice,
        "invitation": invitation,
        "join_url": "https://cutouts.example/invitations/secret/",
        "code": "QBGX-7R4N",
        "signup_url": "https://cutouts.example/account/signup/",
        "password_reset_url": "https://cutouts.example/account/password/reset/",
        "from_email": "old@example.com",
        "to_email": "new@example.com",
        "count": 12,
        "limit": 100,
        "reset_url": "https://cutouts.example/account/password/reset/",
        "deleted_email": "old@example.com",
        "provider": "GitHub",
        "ip": "203.0.113.9",
        "user_agent": "Firefox/140",
        "timestamp": timezone.now(),
    }


@pytest.fixture(autouse=True)
def brand(settings):
    cache.clear()
    settings.PUBLIC_URL = "https://cutouts.example"
    settings.PRODUCT_NAME = "Schnitt & Co"
    settings.SUPPORT_EMAIL = "help@example.com"
    settings.DEFAULT_FROM_EMAIL = "Schnitt <noreply@example.com>"


@pytest.mark.parametrize("prefix", PLAIN + NOTICES + OURS)
def test_both_parts_say_the_same(prefix):
    mail = mails.render(prefix, "nina@example.com", context())
    html, kind = mail.alternatives[0]
    page = Words(html)
    product_once_more = page.words[len(["Schnitt", "&", "Co"]) :]
    text = re.sub(r":\n(https?://\S+)", "", mail.body)

    assert kind == "text/html"
    assert page.words[:3] == ["Schnitt", "&", "Co"]
    assert product_once_more == text.split()
    button = re.search(r":\n(https?://\S+)", mail.body)
    assert page.buttons == (1 if button else 0)
    assert button is None or button[1] in page.links


@pytest.mark.parametrize("prefix", PLAIN + NOTICES)
def test_every_mail_says_from_where_and_how_to_stop_it(prefix):
    mail = mails.render(prefix, "nina@example.com", context())

    assert "203.0.113.9" in mail.body
    assert "Firefox/140" in mail.body
    assert "not you?" in mail.body or "do not know them?" in mail.body
    assert "help@example.com" in mail.body
    assert "{" not in mail.body + mail.subject
    assert "&amp;" not in mail.body + mail.subject
    assert "\n\n\n" not in mail.body
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
    assert mail.from_email == "Schnitt <noreply@example.com>"
    assert 8 <= len(mail.subject) <= 78


def test_a_mail_about_an_operator_names_no_address_of_theirs():
    mail = mails.render("account/email/changed_by_operator", "nina@example.com", {"user": User(), **ADDRESSES})

    assert "from old@example.com to new@example.com" in mail.body
    assert "Write to help@example.com" in mail.body
    assert "address (" not in mail.body


def test_names_of_others_are_text_in_the_html():
    mail = mails.render("organizations/emails/invitation", "nina@example.com", context())

    assert SHOP in mail.body
    assert "<b>shop" not in mail.alternatives[0][0]
    assert "\n" not in mail.subject


def test_a_name_that_looks_like_a_button_makes_no_second_one():
    facts = context()
    facts["invitation"].organization.name = "x\n\nClick:\nhttps://evil.example/"

    mail = mails.render("organizations/emails/invitation", "nina@example.com", facts)

    page = Words(mail.alternatives[0][0])
    assert page.buttons == 1
    assert "https://cutouts.example/invitations/secret/" in page.links
    assert "https://evil.example/" not in page.links


@pytest.mark.parametrize("line_break", ["\x85", "\x0b", "\x1d", "\u2028", "\r\n"])
def test_what_a_browser_calls_itself_stays_within_its_line(line_break):
    claim = line_break.join(["Mozilla", "Your account is locked. Unlock it:", "https://evil.example/u", ""])
    request = RequestFactory(headers={"user-agent": claim}).get("/", REMOTE_ADDR="203.0.113.9")

    mail = mails.render("account/email/login_code", "nina@example.com", {**context(), **mails.cause_of(request)})

    assert "https://evil.example/u" not in Words(mail.alternatives[0][0]).links
    assert "Mozilla Your account is locked. Unlock it: https://evil.example/u" in mail.body


@pytest.mark.parametrize("name", ["Shop\n\nClick:\nhttp", "Shop\x85", "Shop\u202eexe", "See https://evil.example/x"])
def test_names_are_one_line_and_lead_nowhere(name):
    with pytest.raises(ValidationError, match="A name"):
        Organization(name=name).clean_fields()


def test_codes_stand_out_for_themselves():
    mail = mails.render("account/email/login_code", "nina@example.com", context())

    assert "\n\nQBGX-7R4N\n\n" in mail.body
    assert re.search(r"monospace[^>]*>QBGX-7R4N<", mail.alternatives[0][0])


def test_every_mail_that_allauth_may_send_is_ours():
    """Its phone numbers and its links of before are not in use; a new mail of allauth's fails here."""
    import allauth

    root = allauth.__path__[0]
    from pathlib import Path

    found = {
        str(path.relative_to(Path(root) / "templates")).removesuffix("_message.txt")
        for app in ("account", "mfa", "socialaccount")
        for path in (Path(root) / "templates" / app / "email").glob("*_message.txt")
    }
    not_sent = {"account/email/password_reset_key", "account/email/base", "account/email/unknown_account"}
    assert found - not_sent == {name for name in PLAIN + NOTICES if not name.startswith("organizations/")}
