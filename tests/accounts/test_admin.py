"""Staff in the admin of people: who runs the server is said by superusers alone."""

import pytest
from django.contrib.auth.models import Permission
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
    return reverse(
        f"admin:accounts_user_{what}" if what == "change" else "admin:auth_user_password_change", args=[person.pk]
    )


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
