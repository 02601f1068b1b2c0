"""From a stranger to somebody with an organization, and who may not take that way."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts import invitations
from accounts.models import Membership, Role, User
from tests.accounts.entrance import code_for, last_mail_to, log_in, sign_up, verify
from tests.factories import PASSWORD, make_member, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


def test_a_new_person_types_in_the_code_and_has_an_organization_with_free_credits(client, settings):
    asked = sign_up(client, "Nina@example.com")
    assert (asked.status_code, asked["Location"]) == (302, "/account/confirm-email/")
    assert not Membership.objects.exists()

    landed = verify(client, "nina@example.com")

    membership = Membership.objects.get()
    assert (landed.status_code, landed["Location"]) == (302, "/try/")
    assert (membership.user.email, membership.role) == ("nina@example.com", "owner")
    assert membership.organization.credit_account.balance == settings.FREE_CREDITS == 50
    page = client.get("/dashboard/").content.decode()
    assert "nina&#x27;s organization" in page


def test_without_the_code_nobody_is_in(client):
    sign_up(client)

    wrong = client.post("/account/confirm-email/", {"code": "WRON-GWRO"})

    assert wrong.status_code == 200
    assert b"Incorrect code" in wrong.content
    assert client.get("/dashboard/").status_code == 302
    assert not Membership.objects.exists()
    assert not EmailAddress.objects.get().verified


def test_a_code_is_not_guessed(client):
    sign_up(client)
    code = code_for("nina@example.com")

    for _ in range(3):
        client.post("/account/confirm-email/", {"code": "WRON-GWRO"})
    client.post("/account/confirm-email/", {"code": code})

    assert not EmailAddress.objects.get().verified


def test_a_code_in_small_letters_without_the_dash_is_the_same(client):
    sign_up(client)

    client.post("/account/confirm-email/", {"code": code_for("nina@example.com").lower().replace("-", " ")})

    assert EmailAddress.objects.get().verified


def test_another_address_may_take_the_place_of_a_mistyped_one(client):
    sign_up(client, "nian@example.com")

    wrong = client.post("/account/confirm-email/", {"action": "change", "email": "nina@example"})
    cache.clear()
    client.post("/account/confirm-email/", {"action": "change", "email": "nina@example.com"})
    verify(client, "nina@example.com")

    assert (wrong.status_code, b"Enter a valid email address" in wrong.content) == (200, True)
    assert Membership.objects.get().user.email == "nina@example.com"
    assert EmailAddress.objects.count() == 1


def test_signing_up_with_a_taken_address_tells_only_its_owner(client):
    make_member(make_organization(), "alice@example.com")

    answer = sign_up(client, "ALICE@example.com")

    assert (answer.status_code, answer["Location"]) == (302, "/account/confirm-email/")
    assert "has an account already" in last_mail_to("alice@example.com").body
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "password123", "1234567890123", "nina@example.com"])
def test_a_weak_password_is_told_at_the_field(client, password):
    answer = client.post("/account/signup/", {"email": "nina@example.com", "password1": password})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(r'<input[^>]*name="password1"[^>]*aria-invalid="true"', page)
    described = re.search(r'<input[^>]*name="password1"[^>]*aria-describedby="([^"]+)"', page)
    assert described
    for name in described[1].split():
        assert f'id="{name}"' in page
    assert not User.objects.exists()


def test_where_sign_up_is_closed_strangers_are_told_so(client, settings):
    settings.SIGNUP_OPEN = False

    page = client.get("/account/signup/")
    tried = sign_up(client)

    assert b"Sign-up is closed" in page.content
    assert b"Sign-up is closed" in tried.content
    assert not User.objects.exists()


def invite(role=Role.MEMBER, email="nina@example.com"):
    organization = make_organization("Alice's shop")
    make_member(organization)
    invitation, secret = invitations.invite(organization.memberships.get(), email=email, role=role)
    return invitation, secret


@pytest.mark.parametrize("is_open", [True, False])
def test_who_was_invited_signs_up_into_that_organization_and_gets_none_of_their_own(client, settings, is_open):
    settings.SIGNUP_OPEN = is_open
    invitation, secret = invite(Role.ADMIN)
    page = client.get(f"/invitations/{secret}/").content.decode()
    assert "Sign up to join" in page
    form = client.get("/account/signup/?email=nina@example.com").content.decode()
    assert 'value="nina@example.com"' in form
    assert "invited to <strong>Alice&#x27;s shop</strong>" in form

    sign_up(client)
    verify(client)

    membership = Membership.objects.get(user__email="nina@example.com")
    assert (membership.organization, membership.role) == (invitation.organization, "admin")
    assert b"Alice&#x27;s shop" in client.get("/dashboard/").content
    assert client.get(f"/invitations/{secret}/").status_code == 404


def test_following_the_link_verifies_nothing(client):
    _invitation, secret = invite()
    client.get(f"/invitations/{secret}/")

    sign_up(client)

    assert not EmailAddress.objects.get(email="nina@example.com").verified
    assert not Membership.objects.filter(user__email="nina@example.com").exists()


def test_where_sign_up_is_closed_an_invitation_is_for_one_address(client, settings):
    settings.SIGNUP_OPEN = False
    _invitation, secret = invite()
    client.get(f"/invitations/{secret}/")

    other = sign_up(client, "mallory@example.com")
    sign_up(client)
    changed = client.post("/account/confirm-email/", {"action": "change", "email": "mallory@example.com"})

    assert b"another address" in other.content
    assert b"another address" in changed.content
    assert not EmailAddress.objects.filter(email="mallory@example.com").exists()
    assert not [sent for sent in mail.outbox if sent.to == ["mallory@example.com"]]


def test_an_invitation_that_ended_opens_no_closed_door(client, settings):
    settings.SIGNUP_OPEN = False
    invitation, secret = invite()
    client.get(f"/invitations/{secret}/")
    invitation.delete()

    assert b"Sign-up is closed" in sign_up(client).content


def test_who_signs_up_with_another_address_than_the_invited_has_an_organization_of_their_own(client):
    invitation, secret = invite()
    client.get(f"/invitations/{secret}/")

    sign_up(client, "other@example.com")
    verify(client, "other@example.com")

    assert Membership.objects.get(user__email="other@example.com").organization != invitation.organization
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_logging_in_with_a_code_needs_no_password(client):
    make_member(make_organization(), "alice@example.com")

    client.post("/account/login/code/", {"email": "ALICE@example.com"})
    landed = client.post("/account/login/code/confirm/", {"code": code_for("alice@example.com")})

    assert (landed.status_code, landed["Location"]) == (302, "/dashboard/")


@pytest.mark.parametrize("path", ["/account/login/code/", "/account/password/reset/"])
def test_a_code_for_an_unknown_address_is_answered_alike_and_not_sent(path):
    make_member(make_organization(), "alice@example.com")
    pages = []
    for email in ("alice@example.com", "nobody@example.com"):
        client = Client()
        answer = client.post(path, {"email": email})
        page = client.get(answer["Location"]).content.decode().replace(email, "ADDRESS")
        pages.append((answer.status_code, answer["Location"], re.sub(r'value="[^"]{64}"', "", page)))

    assert pages[0] == pages[1]
    assert [sent.to for sent in mail.outbox] == [["alice@example.com"]]


def test_a_forgotten_password_is_replaced_with_a_code(client):
    alice = make_member(make_organization(), "alice@example.com")

    client.post("/account/password/reset/", {"email": "alice@example.com"})
    client.post("/account/password/reset/confirm/", {"code": code_for("alice@example.com")})
    new = {"password1": "another good phrase", "password2": "another good phrase"}
    client.post("/account/password/reset/complete/", new)

    alice.refresh_from_db()
    assert alice.check_password("another good phrase")
    assert "replaced by a new one" in last_mail_to("alice@example.com").body
    client.logout()
    assert log_in(client, "alice@example.com", "another good phrase").status_code == 302


def test_changing_the_address_takes_a_code_and_tells_the_old_one(client):
    alice = make_member(make_organization(), "alice@example.com")
    client.force_login(alice)

    client.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/email/"})
    client.post("/account/email/", {"email": "alice@new.example.com", "action_add": ""})
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    client.post("/account/confirm-email/", {"code": code_for("alice@new.example.com")})

    alice.refresh_from_db()
    assert alice.email == "alice@new.example.com"
    assert EmailAddress.objects.get(user=alice).email == "alice@new.example.com"
    assert "alice@new.example.com" in last_mail_to("alice@example.com").body
    assert Membership.objects.filter(user=alice).count() == 1


def test_who_is_closed_out_cannot_come_in(client):
    alice = make_member(make_organization(), "alice@example.com")
    alice.is_active = False
    alice.save()

    answer = log_in(client, "alice@example.com")

    assert (answer.status_code, answer["Location"]) == (302, "/account/inactive/")
    assert client.get("/dashboard/").status_code == 302
    assert b"This account is closed" in client.get("/account/inactive/").content
