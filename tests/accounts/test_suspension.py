"""Organizations that an operator suspends: with a reason, which their people read."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts import suspension
from accounts.closing import close_organization
from accounts.support_models import Suspension
from tests.factories import make_key, make_member, make_organization, make_staff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    organization = make_organization()
    make_member(organization)
    return organization


@pytest.fixture
def sam(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


def page(what, organization):
    return reverse(f"admin:accounts_organization_{what}", args=[organization.pk])


def test_it_is_suspended_and_let_go_on(client, sam, shop):
    secret = make_key(shop).secret
    assert "Suspend Alice&#x27;s shop" in client.get(page("suspend", shop)).content.decode()
    client.post(page("suspend", shop), {"reason": "Spam."})
    assert client.get("/v1/me", headers={"X-Api-Key": secret}).status_code == 403

    client.post(page("let_go_on", shop), {"reason": "They explained."})
    assert client.get("/v1/me", headers={"X-Api-Key": secret}).status_code == 200
    rows = Suspension.objects.order_by("pk").values_list("suspends", "reason", "actor__email")
    assert list(rows) == [(True, "Spam.", "sam@example.com"), (False, "They explained.", "sam@example.com")]
    said = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert said == ["Suspend Alice's shop: Spam.", "Let Alice's shop go on: They explained."]


def test_its_people_read_why(client, sam, shop, settings):
    settings.SUPPORT_EMAIL = "help@example.com"
    suspension.suspend(shop, actor=sam, reason="Spam.")
    client.force_login(shop.memberships.get().user)

    told = client.get("/dashboard/").content.decode()
    assert told.count("This organization is suspended: every call with its keys is refused.") == 1
    assert "The reason: Spam." in told
    assert "Write to help@example.com to learn more." in told
    suspension.let_go_on(shop, actor=sam, reason="Fine.")
    assert "is suspended" not in client.get("/dashboard/").content.decode()


def test_a_double_click_is_one_suspension(client, sam, shop):
    for _ in range(2):
        client.post(page("suspend", shop), {"reason": "Spam."})

    assert Suspension.objects.count() == 1
    assert not suspension.suspend(shop, actor=sam, reason="Again.")


def test_it_needs_a_reason(client, sam, shop):
    assert client.post(page("suspend", shop), {"reason": ""}).status_code == 200
    shop.refresh_from_db()
    assert shop.suspended_at is None


def test_what_its_owner_closed_stays_closed(client, sam, shop):
    close_organization(shop)

    assert client.post(page("let_go_on", shop), {"reason": "No."}).status_code == 403
    assert not suspension.let_go_on(shop, actor=sam, reason="No.")


def test_it_cannot_be_typed_in(client, sam, shop):
    members = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    accounts = {"credit_account-TOTAL_FORMS": 0, "credit_account-INITIAL_FORMS": 0}
    when = {"suspended_at_0": "2026-01-01", "suspended_at_1": "00:00:00", "suspended_at": "2026-01-01"}
    client.post(
        reverse("admin:accounts_organization_change", args=[shop.pk]),
        {"name": "Alice and Bob", **when, **members, **accounts},
    )
    shop.refresh_from_db()

    assert (shop.name, shop.suspended_at) == ("Alice and Bob", None)


def test_staff_without_the_permission_cannot(client, shop):
    tom = make_user("tom@example.com", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename="view_organization"))
    client.force_login(tom)

    assert client.post(page("suspend", shop), {"reason": "Spam."}).status_code == 403
    assert "url_path" not in client.get(reverse("admin:accounts_organization_change", args=[shop.pk])).content.decode()
