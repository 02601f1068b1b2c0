"""Mails come in the language of who gets them, whoever caused them."""

import re

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.utils import timezone

from accounts.models import Role, User
from billing.ledger import open_account
from billing.low_credits import choose_threshold, warn_of_low_credits
from tests.factories import make_member, make_organization, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_organization()


def person(shop, email, language, role=Role.OWNER):
    user = make_member(shop, email, role)
    User.objects.filter(pk=user.pk).update(language=language)
    return user


def html_of(message):
    return next(content for content, kind in message.alternatives if kind == "text/html")


def test_a_job_writes_to_each_in_their_own_language(shop):
    for email, language in (("anna@example.com", "de"), ("bob@example.com", "en"), ("zed@example.com", "")):
        person(shop, email, language)
    choose_threshold(open_account(shop), 1000)
    warn_of_low_credits(timezone.now())

    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert subjects["anna@example.com"] == "Alice's shop: noch 10 Credits"
    assert subjects["bob@example.com"] == subjects["zed@example.com"] == "Alice's shop: 10 credits left"
    german = next(message for message in mail.outbox if message.to == ["anna@example.com"])
    assert german.extra_headers["Content-Language"] == "de"
    assert '<html lang="de" dir="ltr">' in html_of(german)
    assert "Sehen Sie, was übrig ist" in german.body
    assert "Sehen Sie, was übrig ist" in html_of(german)


def invite(client, inviter, email, language):
    client.force_login(inviter)
    client.post("/people/invite/", {"email": email, "role": "member"}, headers={"accept-language": language})


def test_a_mail_that_somebody_else_causes_is_in_the_language_of_who_gets_it(client, shop):
    anna = person(shop, "anna@example.com", "de")
    User.objects.filter(pk=make_user("carl@example.com").pk).update(language="en")
    for email in ("carl@example.com", "new@example.com"):
        invite(client, anna, email, "de")

    to_carl, to_a_stranger = mail.outbox
    assert to_carl.subject == "anna@example.com invites you to Alice's shop"
    assert to_a_stranger.subject == "anna@example.com lädt Sie zu Alice's shop ein"


def test_a_mail_of_allauth_is_in_the_person_s_language_whatever_the_browser_speaks(client, shop):
    person(shop, "anna@example.com", "de")
    client.post("/account/password/reset/", {"email": "anna@example.com"}, headers={"accept-language": "en"})

    assert mail.outbox[0].subject == "Ihr Code für ein neues Passwort"
    assert "Geben Sie ihn dort ein" in mail.outbox[0].body


def test_who_is_not_known_yet_is_written_to_in_the_language_of_the_page(client):
    words = {"email": "new@example.com", "password1": "correct horse battery staple"}
    client.post("/account/signup/", words, headers={"accept-language": "de"})

    assert mail.outbox[0].subject.startswith("Ihr Code für")


def test_a_language_that_is_no_longer_offered_is_not_spoken(shop, settings):
    person(shop, "anna@example.com", "de")
    settings.LANGUAGES = [("en", "English")]
    choose_threshold(open_account(shop), 1000)
    warn_of_low_credits(timezone.now())

    assert mail.outbox[0].subject == "Alice's shop: 10 credits left"


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_a_mail_has_its_button_and_its_direction_in_every_language(client, shop, language):
    invite(client, person(shop, "anna@example.com", "en"), "new@example.com", language)

    html = html_of(mail.outbox[0])
    direction = "rtl" if language == "ar" else "ltr"
    assert html.count(f'lang="{language}" dir="{direction}"') == 2
    assert len(re.findall(r'<a href="[^"]+/invitations/[^"]+" style="display:inline-block', html)) == 1


def test_choosing_a_language_is_remembered_for_mails(client, shop):
    anna = person(shop, "anna@example.com", "")
    client.force_login(anna)
    client.post("/language/", {"language": "de", "next": "/"})
    client.post("/account/logout/")

    anna.refresh_from_db()
    assert anna.language == "de"


@time_machine.travel("2031-02-26T12:00:00Z", tick=False)
def test_dates_in_mails_are_written_as_the_language_does(client, shop):
    invite(client, person(shop, "anna@example.com", "de"), "new@example.com", "de")

    assert "gilt bis 5. März 2031" in mail.outbox[0].body
