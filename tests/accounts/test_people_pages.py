"""The page of people, and what hangs on it."""

from uuid import uuid4

import pytest
from django.core.cache import cache

from accounts import invitations
from accounts.models import Membership, Role
from tests.factories import make_key, make_member, make_organization, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def shop():
    organization = make_organization()
    make_member(organization, "alice@example.com", Role.OWNER)
    make_member(organization, "bob@example.com", Role.ADMIN)
    make_member(organization, "carol@example.com", Role.MEMBER)
    return organization


def member(email):
    return Membership.objects.get(user__email=email)


def as_(client, email):
    client.force_login(member(email).user)
    return client


def test_everybody_sees_who_is_here_but_only_who_may_sees_what_to_do(client, shop):
    invitations.invite(member("alice@example.com"), email="nina@example.com", role=Role.MEMBER)

    seen = {
        email: as_(client, email).get("/people/").content.decode()
        for email in ("alice@example.com", "carol@example.com")
    }

    for page in seen.values():
        assert all(email in page for email in ("alice@example.com", "bob@example.com", "carol@example.com"))
    assert "Manage bob@example.com" in seen["alice@example.com"]
    assert "nina@example.com" in seen["alice@example.com"]
    assert "Send the invitation" in seen["alice@example.com"]
    assert "Manage" not in seen["carol@example.com"]
    assert "nina@example.com" not in seen["carol@example.com"]
    assert "Send the invitation" not in seen["carol@example.com"]
    assert "/people/leave/" in seen["carol@example.com"]


def test_an_admin_is_not_offered_what_owners_do(client, shop):
    page = as_(client, "bob@example.com").get("/people/").content.decode()

    assert "Manage carol@example.com" in page
    assert "Manage alice@example.com" not in page
    assert 'value="owner"' not in page
    assert client.get(f"/people/{member('alice@example.com').pk}/").status_code == 403


def test_a_role_is_changed_on_the_person_s_page(client, shop):
    carol = member("carol@example.com")

    answer = as_(client, "alice@example.com").post(f"/people/{carol.pk}/", {"role": "admin"}, follow=True)

    assert b"carol@example.com has another role now." in answer.content
    assert member("carol@example.com").role == "admin"


def test_the_last_owner_is_told_why_not(client, shop):
    alice = member("alice@example.com")
    as_(client, "alice@example.com")

    changed = client.post(f"/people/{alice.pk}/", {"role": "member"})
    left = client.post("/people/leave/", follow=True)

    for answer in (changed, left):
        assert b"An organization needs an owner." in answer.content
    assert member("alice@example.com").role == "owner"


def test_a_forged_role_is_no_choice(client, shop):
    carol = member("carol@example.com")

    answer = as_(client, "bob@example.com").post(f"/people/{carol.pk}/", {"role": "owner"})

    assert answer.status_code == 200
    assert member("carol@example.com").role == "member"


def test_removing_asks_first_and_names_the_person(client, shop):
    bob = member("bob@example.com")
    page = as_(client, "alice@example.com").get(f"/people/{bob.pk}/remove/").content.decode()
    assert "Remove bob@example.com</button>" in page

    client.post(f"/people/{bob.pk}/remove/")

    assert not Membership.objects.filter(pk=bob.pk).exists()


def test_handing_over(client, shop):
    bob = member("bob@example.com")
    as_(client, "alice@example.com").post(f"/people/{bob.pk}/hand-over/")

    assert (member("bob@example.com").role, member("alice@example.com").role) == ("owner", "admin")


def test_a_form_shown_for_another_organization_does_nothing(client, shop):
    alice = as_(client, "alice@example.com")
    other = make_organization(name="Other shop", credits=0)
    Membership.objects.create(user=member("alice@example.com").user, organization=other, role=Role.OWNER)
    alice.post("/organizations/switch/", {"organization": other.public_id})

    answer = alice.post(
        "/people/invite/",
        {"email": "nina@example.com", "role": "owner", "shown_organization": shop.public_id},
        follow=True,
    )

    assert "you work in Other shop now" in answer.content.decode()
    assert not other.invitations.exists() and not shop.invitations.exists()


def test_a_person_s_invitations_are_counted_over_all_their_organizations(client, shop, settings):
    settings.INVITATION_RATE = "1/h"
    alice = as_(client, "alice@example.com")
    alice.post("/people/invite/", {"email": "nina@example.com", "role": "member"})
    alice.post("/organizations/new/", {"name": "Second", "token": uuid4()})

    answer = alice.post("/people/invite/", {"email": "nora@example.com", "role": "member"})

    assert "Too many invitations" in answer.content.decode()


def test_nobody_hands_over_to_themselves(client, shop):
    alice = member("alice@example.com")

    assert as_(client, "alice@example.com").get(f"/people/{alice.pk}/hand-over/").status_code == 404


@pytest.mark.parametrize("path", ["/account/email/", "/account/2fa/", "/account/sessions/", "/", "/docs/"])
def test_no_page_of_a_person_is_kept_by_a_browser(client, shop, path):
    assert "no-store" in as_(client, "alice@example.com").get(path)["Cache-Control"]


def test_leaving(client, shop):
    as_(client, "carol@example.com").post("/people/leave/")

    assert not Membership.objects.filter(user__email="carol@example.com").exists()
    assert client.get("/dashboard/")["Location"] == "/organizations/new/"


def test_people_of_another_organization_are_not_found(client, shop):
    other = make_organization("Bob's shop")
    make_member(other, "olga@example.com")
    invitation, _secret = invitations.invite(member("olga@example.com"), email="x@example.com", role=Role.MEMBER)
    pk = member("olga@example.com").pk
    as_(client, "alice@example.com")

    for path in (f"/people/{pk}/", f"/people/{pk}/remove/", f"/people/{pk}/hand-over/"):
        assert client.get(path).status_code == 404
        assert client.post(path, {"role": "member"}).status_code == 404
    for act in ("resend", "withdraw"):
        assert client.post(f"/people/invitations/{invitation.pk}/{act}/").status_code == 404


def test_nothing_is_changed_by_looking(client, shop):
    bob = member("bob@example.com")
    invitation, _secret = invitations.invite(member("alice@example.com"), email="x@example.com", role=Role.MEMBER)
    as_(client, "alice@example.com")

    for path in (f"/people/{bob.pk}/remove/", f"/people/{bob.pk}/hand-over/", "/people/leave/"):
        assert client.get(path).status_code == 200
    for act in ("resend", "withdraw"):
        assert client.get(f"/people/invitations/{invitation.pk}/{act}/")["Location"] == "/people/"
    assert shop.memberships.count() == 3
    assert shop.invitations.count() == 1


def test_the_list_costs_the_same_however_many_are_in_it(client, shop, django_assert_max_num_queries):
    for number in range(30):
        make_member(shop, f"m{number}@example.com", Role.MEMBER)
        invitations.invite(member("alice@example.com"), email=f"i{number}@example.com", role=Role.MEMBER)
    as_(client, "alice@example.com")
    client.get("/people/")

    with django_assert_max_num_queries(16):
        client.get("/people/")


def test_an_organization_is_renamed(client, shop):
    answer = as_(client, "bob@example.com").post("/organization/", {"name": "The shop"}, follow=True)

    assert b"Saved." in answer.content
    shop.refresh_from_db()
    assert shop.name == "The shop"
    assert b"This field is required" in client.post("/organization/", {"name": " "}).content


def test_closing_takes_the_name_and_ends_keys_and_access(client, shop):
    issued = make_key(shop)
    invitations.invite(member("alice@example.com"), email="x@example.com", role=Role.MEMBER)
    as_(client, "alice@example.com")

    wrong = client.post("/organization/close/", {"name": "Bob's shop"})
    assert b"This is not its name" in wrong.content
    client.post("/organization/close/", {"name": "alice's SHOP"})

    shop.refresh_from_db()
    issued.api_key.refresh_from_db()
    assert shop.closed_at and shop.suspended_at and issued.api_key.revoked_at
    assert not shop.invitations.exists()
    assert client.get("/v1/me", headers={"x-api-key": issued.secret}).status_code == 401
    for email in ("alice@example.com", "carol@example.com"):
        assert as_(client, email).get("/dashboard/")["Location"] == "/organizations/new/"
    assert shop.credit_account.entries.count() == 1


def test_who_works_in_two_changes_between_them(client, shop):
    second = make_organization("Second shop")
    carol = member("carol@example.com").user
    Membership.objects.create(user=carol, organization=second, role=Role.OWNER)
    client.force_login(carol)

    client.post("/organizations/switch/", {"organization": second.public_id})
    assert b"Send the invitation" in client.get("/people/").content
    client.post("/organizations/switch/", {"organization": shop.public_id})
    assert b"Send the invitation" not in client.get("/people/").content
    other = make_organization("Not hers")
    assert client.post("/organizations/switch/", {"organization": other.public_id}).status_code == 404


def test_who_is_in_none_opens_one(client):
    client.force_login(make_user("una@example.com"))

    answer = client.post("/organizations/new/", {"name": "Una's", "token": uuid4()}, follow=True)

    assert answer.redirect_chain == [("/dashboard/", 302)]
    assert b"Una&#x27;s" in answer.content
