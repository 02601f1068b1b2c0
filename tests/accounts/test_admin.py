"""Staff in the admin of people: who runs the server is said by superusers alone."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import User
from tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db
NO_MEMBERS = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}


@pytest.fixture
def tom(client):
    """Tom, who is staff and may change people."""
    tom = make_user("tom@example.com", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user", "add_user"]))
    client.force_login(tom)
    return tom


def page(person, what="change"):
    route = "auth_user_password_change" if what == "password" else f"accounts_user_{what}"
    return reverse(f"admin:{route}", args=[person.pk])


def test_staff_do_not_make_themselves_superusers(client, tom):
    fields = {"email": tom.email, "first_name": "Tom", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    client.post(page(tom), {**fields, **NO_MEMBERS})
    tom.refresh_from_db()

    assert (tom.first_name, tom.is_superuser) == ("Tom", False)


def test_staff_do_not_change_superusers(client, tom):
    sam = make_staff()
    before = User.objects.get(pk=sam.pk).password
    assert client.post(page(sam), {"email": "mine@example.com", **NO_MEMBERS}).status_code == 403
    new = {"usable_password": "true", "password1": "a new long password", "password2": "a new long password"}
    assert client.post(page(sam, "password"), new).status_code == 403
    sam.refresh_from_db()

    assert (sam.email, sam.password) == ("sam@example.com", before)


def test_superusers_do(client):
    client.force_login(make_staff())
    tom = make_user("tom@example.com")
    client.post(page(tom), {"email": tom.email, "is_active": "on", "is_staff": "on", **NO_MEMBERS})
    tom.refresh_from_db()

    assert tom.is_staff


@pytest.fixture
def colleague():
    """Rita, who may return money; whoever sets her password or her address may do that, too."""
    rita = make_user("rita@example.com", is_staff=True)
    rita.user_permissions.set(Permission.objects.filter(codename="add_refundrequest"))
    return rita


def test_staff_do_not_change_other_staff(client, tom, colleague):
    before = colleague.password
    assert client.post(page(colleague), {"email": "mine@example.com", **NO_MEMBERS}).status_code == 403
    new = {"usable_password": "true", "password1": "a new long password", "password2": "a new long password"}
    assert client.post(page(colleague, "password"), new).status_code == 403
    colleague.refresh_from_db()

    assert (colleague.email, colleague.password) == ("rita@example.com", before)


def test_staff_change_people_who_are_no_staff(client, tom):
    alice = make_user()
    client.post(page(alice), {"email": alice.email, "first_name": "Alice", "is_active": "on", **NO_MEMBERS})
    alice.refresh_from_db()

    assert alice.first_name == "Alice"


def test_staff_delete_no_staff(client, tom, colleague):
    tom.user_permissions.add(*Permission.objects.filter(codename__in=["delete_user", "view_user"]))
    everybody = [make_staff(), colleague]
    for person in everybody:
        assert client.post(page(person, "delete"), {"post": "yes"}).status_code == 403
    chosen = [person.pk for person in everybody]
    many = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    client.post(reverse("admin:accounts_user_changelist"), many)

    assert User.objects.filter(pk__in=chosen).count() == 2


def test_staff_take_second_factors_from_people_who_are_no_staff(client, tom, colleague):
    tom.user_permissions.add(*Permission.objects.filter(codename__in=["delete_authenticator", "view_authenticator"]))
    factors = [
        Authenticator.objects.create(user=user, type="totp", data={}) for user in (make_staff(), colleague, make_user())
    ]
    answers = [
        client.post(reverse("admin:mfa_authenticator_delete", args=[factor.pk]), {"post": "yes"}).status_code
        for factor in factors
    ]

    assert answers == [403, 403, 302]
    assert Authenticator.objects.count() == 2


@pytest.mark.parametrize("what", ["add", "change", "delete"])
def test_superusers_alone_say_what_groups_may_do(client, tom, what):
    tom.user_permissions.add(*Permission.objects.filter(codename__endswith="_group"))
    group = Group.objects.create(name="Support")
    tom.groups.add(group)
    all_of_it = {"name": "Support", "permissions": [Permission.objects.get(codename="add_refundrequest").pk]}
    address = reverse(f"admin:auth_group_{what}", args=[] if what == "add" else [group.pk])

    assert client.get(reverse("admin:auth_group_changelist")).status_code == 200
    assert client.post(address, {**all_of_it, "post": "yes"}).status_code == 403
    assert list(Group.objects.values_list("name", "permissions")) == [("Support", None)]

    client.force_login(make_staff())
    assert client.post(address, {**all_of_it, "name": "Others", "post": "yes"}).status_code == 302
