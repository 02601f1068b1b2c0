"""Invitations: one for an address, accepted once, by whoever proved that it is theirs."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import invitations, people
from accounts.closing import close_organization
from accounts.models import Invitation, Membership, Role, User
from tests.accounts.entrance import last_mail_to, log_in
from tests.factories import PASSWORD, make_member, make_organization, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def alice():
    organization = make_organization()
    make_member(organization)
    return organization.memberships.get()


def invite(inviter, email="nina@example.com", role=Role.MEMBER):
    return invitations.invite(inviter, email=email, role=role)


def test_whoever_owns_the_address_joins_once(alice):
    invitation, secret = invite(alice, role=Role.ADMIN)
    nina = make_user("nina@example.com")

    joined = invitations.accept(secret, nina)

    assert (joined.organization, joined.role) == (alice.organization, "admin")
    with pytest.raises(invitations.NotOpen):
        invitations.accept(secret, nina)
    invitation.refresh_from_db()
    assert invitation.accepted_by == nina


def test_an_address_in_another_case_is_the_same(alice):
    _invitation, secret = invite(alice, "NINA@Example.com")

    assert invitations.accept(secret, make_user("nina@example.com"))


def test_another_person_with_the_link_is_refused(alice):
    _invitation, secret = invite(alice)

    with pytest.raises(invitations.ForSomebodyElse):
        invitations.accept(secret, make_user("mallory@example.com"))

    assert Membership.objects.count() == 1


def test_an_address_that_is_not_verified_is_not_theirs(alice):
    _invitation, secret = invite(alice)
    claimant = User.objects.create_user("nina@example.com", PASSWORD)
    EmailAddress.objects.create(user=claimant, email="nina@example.com", verified=False, primary=True)

    with pytest.raises(invitations.ForSomebodyElse):
        invitations.accept(secret, claimant)


def ended_by_time(invitation, alice):
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def ended_by_withdrawal(invitation, alice):
    invitations.withdraw(alice, invitation)


def ended_by_a_newer_one(invitation, alice):
    invitations.renew(alice, invitation)


def ended_by_closing(invitation, alice):
    close_organization(alice.organization)


@pytest.mark.parametrize("end", [ended_by_time, ended_by_withdrawal, ended_by_a_newer_one, ended_by_closing])
def test_an_invitation_ends(client, alice, end):
    invitation, secret = invite(alice)
    nina = make_user("nina@example.com")
    end(invitation, alice)

    with pytest.raises(invitations.NotOpen):
        invitations.accept(secret, nina)
    page = client.get(f"/invitations/{secret}/")
    assert (page.status_code, b"not open any more" in page.content) == (404, True)
    assert not nina.memberships.exists()


def test_who_is_there_already_is_neither_invited_nor_lowered(alice):
    nina = make_user("nina@example.com")
    _invitation, secret = invite(alice)
    Membership.objects.create(user=nina, organization=alice.organization, role=Role.OWNER)

    assert invitations.accept(secret, nina).role == "owner"
    with pytest.raises(invitations.AlreadyHere):
        invite(alice, "Nina@example.com")


def test_an_address_has_one_pending_invitation(alice):
    invite(alice)
    _newer, secret = invite(alice, "NINA@example.com", Role.ADMIN)

    assert Invitation.objects.count() == 1
    assert invitations.find_open(secret).role == "admin"
    row = Invitation.objects.get()
    row.pk, row.digest, row.email = None, "0" * 64, "nina@EXAMPLE.com"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER])
def test_nobody_invites_above_themselves(alice, role):
    make_member(alice.organization, "bob@example.com", role)
    bob = Membership.objects.get(user__email="bob@example.com")

    with pytest.raises(people.NotYours):
        invite(bob, role=Role.OWNER)
    if role == Role.MEMBER:
        with pytest.raises(people.NotYours):
            invite(bob, role=Role.MEMBER)


def test_an_admin_does_not_replace_or_withdraw_the_invitation_of_an_owner(alice):
    invitation, secret = invite(alice, role=Role.OWNER)
    make_member(alice.organization, "bob@example.com", Role.ADMIN)
    bob = Membership.objects.get(user__email="bob@example.com")

    with pytest.raises(people.NotYours):
        invite(bob, role=Role.MEMBER)
    with pytest.raises(people.NotYours):
        invitations.withdraw(bob, invitation)
    assert invitations.find_open(secret) == invitation


def test_the_secret_is_not_kept(alice):
    _invitation, secret = invite(alice)

    row = Invitation.objects.values().get()
    assert secret not in str(row)
    assert len(secret) >= 40


def test_the_page_sends_a_mail_with_the_only_link(client, alice, settings):
    client.force_login(alice.user)

    answer = client.post("/people/invite/", {"email": "nina@example.com", "role": "member"}, follow=True)

    sent = last_mail_to("nina@example.com")
    secret = sent.body.split("/invitations/")[1].split("/")[0]
    assert b"nina@example.com is invited." in answer.content
    assert sent.subject == "alice@example.com invites you to Alice's shop"
    assert f"{settings.PUBLIC_URL}/invitations/{secret}/" in sent.body
    assert "127.0.0.1" in sent.body
    assert invitations.find_open(secret)


def test_sending_again_ends_the_old_link_and_withdrawing_ends_all(client, alice):
    client.force_login(alice.user)
    invitation, secret = invite(alice)

    client.post(f"/people/invitations/{invitation.pk}/resend/")
    newer = Invitation.objects.get()
    assert invitations.find_open(secret) is None
    assert last_mail_to("nina@example.com")
    client.post(f"/people/invitations/{newer.pk}/withdraw/")

    assert not Invitation.objects.exists()


def test_an_organization_sends_only_so_many(client, alice, settings):
    settings.INVITATION_RATE = "2/h"
    client.force_login(alice.user)

    pages = [client.post("/people/invite/", {"email": f"n{n}@example.com", "role": "member"}) for n in range(3)]

    assert [page.status_code for page in pages] == [302, 302, 200]
    assert b"Too many invitations" in pages[-1].content
    assert len(mail.outbox) == Invitation.objects.count() == 2


def test_somebody_who_is_logged_in_joins_with_one_button(client, alice):
    _invitation, secret = invite(alice)
    make_user("nina@example.com")
    client.get(f"/invitations/{secret}/")
    landed = log_in(client, "nina@example.com", next=f"/invitations/{secret}/")
    assert landed["Location"] == f"/invitations/{secret}/"
    page = client.get(landed["Location"]).content.decode()
    assert "Join Alice&#x27;s shop</button>" in page

    joined = client.post(f"/invitations/{secret}/", follow=True)

    assert b"You are in Alice&#x27;s shop now." in joined.content
    assert Membership.objects.filter(user__email="nina@example.com", role="member").exists()


def test_somebody_else_who_is_logged_in_is_told_why_not(client, alice):
    _invitation, secret = invite(alice)
    client.force_login(make_user("mallory@example.com"))

    page = client.get(f"/invitations/{secret}/").content.decode()
    pressed = client.post(f"/invitations/{secret}/")

    assert "You are logged in as mallory@example.com" in page
    assert pressed.status_code == 403
    assert not Membership.objects.filter(user__email="mallory@example.com").exists()


def test_a_stranger_who_presses_the_button_is_not_let_in(client, alice):
    _invitation, secret = invite(alice)

    assert client.post(f"/invitations/{secret}/").status_code == 403
    assert Membership.objects.count() == 1
