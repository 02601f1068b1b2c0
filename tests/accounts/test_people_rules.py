"""Who may do what to whom, and that an organization keeps an owner: the rules behind the page of people."""

import pytest

from accounts import invitations, people
from accounts.models import Invitation, Membership, Role
from tests.factories import make_organization, make_user

pytestmark = pytest.mark.django_db

OWNER, ADMIN, MEMBER = Role.OWNER, Role.ADMIN, Role.MEMBER


@pytest.fixture
def shop():
    return make_organization()


def somebody(organization, role, number=0):
    user = make_user(f"{role}{number}@example.com")
    return Membership.objects.create(user=user, organization=organization, role=role)


MAY_CHANGE = {
    (OWNER, OWNER): {OWNER, ADMIN, MEMBER},
    (OWNER, ADMIN): {OWNER, ADMIN, MEMBER},
    (OWNER, MEMBER): {OWNER, ADMIN, MEMBER},
    (ADMIN, OWNER): set(),
    (ADMIN, ADMIN): {ADMIN, MEMBER},
    (ADMIN, MEMBER): {ADMIN, MEMBER},
    (MEMBER, OWNER): set(),
    (MEMBER, ADMIN): set(),
    (MEMBER, MEMBER): set(),
}


@pytest.mark.parametrize("wanted", list(Role))
@pytest.mark.parametrize("target", list(Role))
@pytest.mark.parametrize("actor", list(Role))
def test_nobody_raises_anybody_above_themselves_or_touches_who_is(shop, actor, target, wanted):
    somebody(shop, OWNER, 9)
    acting, other = somebody(shop, actor, 1), somebody(shop, target, 2)

    if wanted in MAY_CHANGE[(actor, target)]:
        people.change_role(acting, other.pk, wanted)
        other.refresh_from_db()
        assert other.role == wanted
    else:
        with pytest.raises(people.NotYours):
            people.change_role(acting, other.pk, wanted)
        other.refresh_from_db()
        assert other.role == target


@pytest.mark.parametrize("target", list(Role))
@pytest.mark.parametrize("actor", list(Role))
def test_who_may_be_removed_by_whom(shop, actor, target):
    somebody(shop, OWNER, 9)
    acting, other = somebody(shop, actor, 1), somebody(shop, target, 2)

    if MAY_CHANGE[(actor, target)]:
        people.remove(acting, other.pk)
    else:
        with pytest.raises(people.NotYours):
            people.remove(acting, other.pk)
    assert Membership.objects.filter(pk=other.pk).exists() == (not MAY_CHANGE[(actor, target)])


@pytest.mark.parametrize(
    "go",
    [
        people.leave,
        lambda alice: people.remove(alice, alice.pk),
        lambda alice: people.change_role(alice, alice.pk, MEMBER),
        lambda alice: people.change_role(alice, alice.pk, ADMIN),
    ],
    ids=["leave", "remove", "member", "admin"],
)
def test_the_last_owner_stays(shop, go):
    alice = somebody(shop, OWNER)
    somebody(shop, ADMIN)

    with pytest.raises(people.LastOwner):
        go(alice)

    alice.refresh_from_db()
    assert alice.role == OWNER


def test_one_of_two_owners_may_go(shop):
    alice, bob = somebody(shop, OWNER, 1), somebody(shop, OWNER, 2)

    people.leave(alice)

    with pytest.raises(people.LastOwner):
        people.leave(bob)


def test_an_owner_of_another_organization_changes_nothing_here(shop):
    stranger, alice = somebody(make_organization("Bob's shop"), OWNER, 1), somebody(shop, MEMBER, 2)

    for act in (people.remove, people.hand_over, lambda actor, pk: people.change_role(actor, pk, ADMIN)):
        with pytest.raises(people.NoSuchMember):
            act(stranger, alice.pk)
    assert Membership.objects.filter(pk=alice.pk, role=MEMBER).exists()


def test_a_role_that_was_taken_meanwhile_counts_no_more(shop):
    somebody(shop, OWNER, 9)
    acting, other = somebody(shop, ADMIN, 1), somebody(shop, MEMBER, 2)
    Membership.objects.filter(pk=acting.pk).update(role=MEMBER)  # `acting` still says admin, as a page did

    with pytest.raises(people.NotYours):
        people.remove(acting, other.pk)
    with pytest.raises(people.NotYours):
        invitations.invite(acting, email="new@example.com", role=MEMBER)


def test_handing_over_makes_one_owner_and_one_admin(shop):
    alice, bob = somebody(shop, OWNER), somebody(shop, MEMBER)

    people.hand_over(alice, bob.pk)

    assert dict(shop.memberships.values_list("user__email", "role")) == {
        "owner0@example.com": "admin",
        "member0@example.com": "owner",
    }


def test_handing_over_to_oneself_changes_nothing(shop):
    alice = somebody(shop, OWNER)

    people.hand_over(alice, alice.pk)

    alice.refresh_from_db()
    assert alice.role == OWNER


@pytest.mark.parametrize("role", [ADMIN, MEMBER])
def test_only_owners_hand_over(shop, role):
    somebody(shop, OWNER)
    acting, other = somebody(shop, role, 1), somebody(shop, MEMBER, 2)

    with pytest.raises(people.NotYours):
        people.hand_over(acting, other.pk)


def test_nobody_comes_in_through_who_is_out(shop):
    alice, bob = somebody(shop, OWNER, 1), somebody(shop, ADMIN, 2)
    invitations.invite(bob, email="accomplice@example.com", role=ADMIN)
    invitations.invite(alice, email="friend@example.com", role=ADMIN)

    people.remove(alice, bob.pk)

    assert [pending.email for pending in Invitation.objects.all()] == ["friend@example.com"]


def test_who_is_lowered_keeps_only_invitations_that_they_could_still_send(shop):
    alice, bob = somebody(shop, OWNER, 1), somebody(shop, OWNER, 2)
    invitations.invite(bob, email="owner@example.com", role=OWNER)
    invitations.invite(bob, email="member@example.com", role=MEMBER)

    people.change_role(alice, bob.pk, ADMIN)

    assert [pending.email for pending in Invitation.objects.all()] == ["member@example.com"]


def test_the_list_names_owners_first(shop):
    for role in (MEMBER, ADMIN, OWNER):
        somebody(shop, role)

    assert [person.role for person in people.people_of(shop)] == ["owner", "admin", "member"]
