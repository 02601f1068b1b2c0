"""The end of an account: every way in is gone, the books stay, and nobody is left without an owner."""

import json
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache

from accounts import invitations
from accounts.models import Invitation, Membership, Role, User
from billing import ledger
from billing.models import LedgerEntry
from tests.accounts.entrance import confirm_it_is_you, log_in
from tests.factories import make_key, make_member, make_organization, make_staff

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def alice(client):
    """Alice, logged in, who has left a trace of each kind."""
    organization = make_organization()
    alice = make_member(organization)
    alice.first_name = "Alice"
    alice.save()
    make_key(organization, created_by=alice)
    SocialAccount.objects.create(user=alice, provider="github", uid="77", extra_data={"login": "alice"})
    ledger.grant(organization.credit_account, amount=1, reference="x", reason="By hand.", actor=alice)
    invitations.invite(organization.memberships.get(), email="nina@example.com", role=Role.MEMBER)
    log_in(client, "alice@example.com")
    client.get("/people/")
    return alice


def delete(client, email="alice@example.com"):
    return client.post("/account/data/delete/", {"email": email})


def test_deleting_asks_who_you_are_then_for_your_address(client, alice):
    asked = client.get("/account/data/delete/")
    assert asked["Location"].startswith("/account/reauthenticate/")
    confirm_it_is_you(client)
    page = client.get("/account/data/delete/").content.decode()
    assert "Alice&#x27;s shop is closed" in page

    wrong = delete(client, "bob@example.com")

    assert b"This is not your address" in wrong.content
    assert User.objects.filter(email="alice@example.com").exists()


def test_without_proof_nothing_is_deleted(client, alice):
    assert delete(client).status_code == 302
    assert User.objects.filter(email="alice@example.com", is_active=True).exists()


def test_the_person_is_forgotten_and_the_books_stay(client, alice):
    organization = Membership.objects.get().organization
    Authenticator.objects.create(user=alice, type="webauthn", data={"name": "Laptop"})
    entries = list(LedgerEntry.objects.values_list("pk", "amount"))
    client.post("/account/reauthenticate/", {"password": "correct horse battery staple"})

    answer = delete(client)

    alice.refresh_from_db()
    organization.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert alice.email.endswith("@deleted.invalid")
    assert (alice.first_name, alice.is_active, alice.has_usable_password()) == ("", False, False)
    for model in (EmailAddress, SocialAccount, Authenticator, UserSession, Membership, Invitation):
        assert not model.objects.exists(), model
    assert not [one for one in Session.objects.all() if one.get_decoded().get("_auth_user_id") == str(alice.pk)]
    assert organization.closed_at and not organization.api_keys.filter(revoked_at=None).exists()
    assert list(LedgerEntry.objects.values_list("pk", "amount")) == entries
    assert client.get("/dashboard/").status_code == 302
    assert log_in(client, "alice@example.com").status_code == 200


def test_nothing_in_the_database_says_who_it_was(client, alice, transactional_db):
    """Every text of every table, after the end."""
    from django.apps import apps
    from django.core import serializers

    client.post("/account/reauthenticate/", {"password": "correct horse battery staple"})
    delete(client)

    for model in apps.get_models():
        rows = serializers.serialize("json", model._default_manager.all())
        left = rows.lower().replace("alice's shop", "")
        assert "alice" not in left, (model, left)


def test_an_organization_with_others_keeps_its_owner(client, alice):
    organization = Membership.objects.get().organization
    make_member(organization, "bob@example.com", Role.ADMIN)
    confirm_it_is_you(client)

    page = client.get("/account/data/delete/").content.decode()
    delete(client)

    assert "you are the only owner of these" in page
    assert User.objects.filter(email="alice@example.com", is_active=True).exists()
    assert organization.memberships.count() == 2


def test_with_another_owner_one_may_go_and_the_organization_stays_open(client, alice):
    organization = Membership.objects.get().organization
    make_member(organization, "bob@example.com", Role.OWNER)
    confirm_it_is_you(client)

    delete(client)

    organization.refresh_from_db()
    assert organization.closed_at is None
    assert [person.user.email for person in organization.memberships.all()] == ["bob@example.com"]
    assert organization.api_keys.get().revoked_at is None


def test_who_runs_the_server_is_taken_off_by_somebody_else(client):
    make_staff("sam@example.com")
    log_in(client, "sam@example.com")
    confirm_it_is_you(client)

    answer = delete(client, "sam@example.com")

    assert b"You help to run this server" in answer.content
    assert User.objects.get(email="sam@example.com").is_active


def test_the_export_has_every_trace_and_no_secret(client, alice):
    answer = client.get("/account/data/export/")
    data = json.loads(answer.content)
    text = answer.content.decode()

    assert answer["Content-Disposition"] == 'attachment; filename="your-data.json"'
    assert data["person"]["email"] == "alice@example.com"
    assert data["addresses"] == [{"email": "alice@example.com", "verified": True, "primary": True}]
    assert data["organizations"][0]["role"] == "owner"
    assert data["api_keys_made"][0]["organization"] == "Alice's shop"
    assert data["connected_accounts"][0]["uid"] == "77"
    assert data["credits_moved"][0]["amount"] == 1
    assert data["sessions"][0]["ip"] == "127.0.0.1"
    assert data["invitations_sent"][0]["role"] == "member"
    alice.refresh_from_db()
    digest = Membership.objects.get().organization.api_keys.get().digest
    for secret in (alice.password, digest, Invitation.objects.get().digest):
        assert secret not in text


def test_the_export_has_nothing_of_others(client, alice):
    bob = make_member(make_organization("Bob's shop"), "bob@example.com")
    make_key(Membership.objects.get(user=bob).organization, created_by=bob)
    client.force_login(bob)

    text = client.get("/account/data/export/").content.decode()

    assert "alice" not in text.lower()


def test_the_export_covers_every_table_that_knows_people():
    """A new table with a person in it fails here until the export, or this list, knows it."""
    from django.apps import apps

    known = {
        "account.emailaddress", "accounts.membership", "accounts.invitation", "accounts.apikey", "billing.ledgerentry",
        "billing.order", "billing.rechargeconsent", "billing.refundrequest", "billing.subscription",
        "billing.planchange", "mfa.authenticator",
        "socialaccount.socialaccount", "usersessions.usersession", "admin.logentry", "processing.keptresult",
        "accounts.supportvisit", "accounts.suspension", "accounts.securityevent", "accounts.wrongpasswords",
        "billing.dailyfreeusage", "billing.freecreditrequest",
    }  # fmt: skip
    no_facts = {"accounts.user_groups", "accounts.user_user_permissions", "account.emailconfirmation"}
    found = {
        model._meta.label_lower
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model is User
    }
    assert found - no_facts == known


def test_organizations_are_locked_in_one_place():
    """Another lock, such as FOR UPDATE, would wait for the foreign keys of rows that others insert meanwhile."""
    locking = [
        path.relative_to(ROOT).as_posix()
        for app in ("accounts", "billing", "processing", "removebg")
        for path in (ROOT / app).rglob("*.py")
        if "Organization.objects.select_for_update" in path.read_text(encoding="utf-8")
    ]
    assert locking == ["accounts/organization_lock.py"]
