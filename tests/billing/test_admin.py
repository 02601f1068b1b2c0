import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts import api_keys
from accounts.errors import AuthenticationError
from accounts.models import ApiKey, Organization, User
from billing import ledger
from billing.charging import held_credits
from billing.models import LedgerEntry, Plan
from tests.factories import PASSWORD, make_key, make_member, make_organization, make_staff, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]

MODELS = [
    "accounts_user",
    "accounts_organization",
    "accounts_apikey",
    "billing_plan",
    "billing_creditaccount",
    "billing_credithold",
    "billing_ledgerentry",
    "billing_idempotencyclaim",
    "billing_keymonth",
]
LOOK_ONLY = ["billing_credithold", "billing_ledgerentry", "billing_idempotencyclaim", "billing_keymonth"]


@pytest.fixture
def shop():
    """Alice's shop with one of everything."""
    organization = make_organization()
    make_member(organization)
    key = make_key(organization).api_key
    with held_credits(organization.credit_account, amount=1, idempotency_key="k", fingerprint="f", api_key=key):
        pass
    return organization


@pytest.fixture
def sam(client):
    """Sam, who is staff and logged in."""
    staff = make_staff()
    client.force_login(staff)
    return staff


def rows_of(name):
    return apps.get_model(*name.split("_")).objects.all()


@pytest.mark.parametrize("name", MODELS)
def test_staff_see_lists_and_rows(client, sam, shop, name):
    assert client.get(reverse(f"admin:{name}_changelist"), {"q": "shop"}).status_code == 200
    for row in rows_of(name):
        assert client.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("name", MODELS)
def test_others_are_sent_away(client, shop, name):
    for page in (reverse(f"admin:{name}_changelist"), reverse("admin:index")):
        assert client.get(page).headers["Location"].startswith("/admin/login/")
    client.force_login(User.objects.get(email="alice@example.com"))
    for page in (reverse(f"admin:{name}_changelist"), reverse("admin:index")):
        assert client.get(page).headers["Location"].startswith("/admin/login/")


def test_others_cannot_grant(client, shop):
    page = reverse("admin:billing_creditaccount_grant", args=[shop.credit_account.pk])
    client.force_login(User.objects.get(email="alice@example.com"))

    assert client.post(page, {"amount": 5, "reason": "Mine!"}).headers["Location"].startswith("/admin/login/")
    assert LedgerEntry.objects.filter(kind="grant").count() == 1


def test_staff_without_the_permission_cannot_grant(client, shop):
    staff = make_user("tom@example.com", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=["view_creditaccount", "view_ledgerentry"]))
    client.force_login(staff)
    page = reverse("admin:billing_creditaccount_grant", args=[shop.credit_account.pk])

    assert client.get(page).status_code == 403
    assert client.post(page, {"amount": 5, "reason": "Friend"}).status_code == 403
    change = client.get(reverse("admin:billing_creditaccount_change", args=[shop.credit_account.pk]))
    assert "Grant credits" not in change.content.decode()


@pytest.mark.parametrize("name", LOOK_ONLY)
def test_nothing_in_the_ledger_is_added_changed_or_deleted_by_hand(client, sam, shop, name):
    row = rows_of(name).first()

    assert client.get(reverse(f"admin:{name}_add")).status_code == 403
    assert client.post(reverse(f"admin:{name}_change", args=[row.pk]), {"amount": 1}).status_code == 403
    assert client.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(reverse(f"admin:{name}_changelist"), chosen)
    assert rows_of(name).filter(pk=row.pk).exists()


def grant_form(client, account):
    page = reverse("admin:billing_creditaccount_grant", args=[account.pk])
    token = re.search(r'name="token" value="([^"]+)"', client.get(page).content.decode())
    assert token is not None
    return page, {"token": token[1]}


def test_staff_grant_credits_and_the_ledger_remembers_who(client, sam, shop):
    account = shop.credit_account
    page, form = grant_form(client, account)
    answer = client.post(page, {**form, "amount": 5, "reason": "Sorry about Tuesday."}, follow=True)
    entry = LedgerEntry.objects.latest("pk")
    account.refresh_from_db()

    assert "5 credits were granted." in answer.content.decode()
    assert (entry.kind, entry.amount, entry.reason, entry.actor) == ("grant", 5, "Sorry about Tuesday.", sam)
    assert account.balance == 14
    assert LogEntry.objects.get().get_change_message() == "Granted 5 credits: Sorry about Tuesday."


def test_a_double_click_grants_once(client, sam, shop):
    page, form = grant_form(client, shop.credit_account)
    for _ in range(2):
        client.post(page, {**form, "amount": 5, "reason": "Sorry."})
    shop.credit_account.refresh_from_db()

    assert shop.credit_account.balance == 14


@pytest.mark.parametrize("amount", [5, 8])
def test_the_form_that_back_shows_grants_nothing_and_says_so(client, sam, shop, amount):
    page, form = grant_form(client, shop.credit_account)
    client.post(page, {**form, "amount": 5, "reason": "Sorry."})
    answer = client.post(page, {**form, "amount": amount, "reason": "For the holidays."}, follow=True)
    shop.credit_account.refresh_from_db()

    assert "This form was sent before, and moved +5 credits then. Nothing was done now." in answer.content.decode()
    assert shop.credit_account.balance == 14
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": "1.5"},
        {"amount": 10**10},
        {"reason": ""},
        {"reason": "\0"},
        {"token": "x"},
    ],
)
def test_a_bad_grant_is_shown_again(client, sam, shop, fields):
    page, form = grant_form(client, shop.credit_account)
    answer = client.post(page, {**form, "amount": 5, "reason": "Sorry.", **fields})

    assert answer.status_code == 200
    assert LedgerEntry.objects.filter(kind="grant").count() == 1


def test_granting_to_nobody_is_not_found(client, sam):
    assert client.get(reverse("admin:billing_creditaccount_grant", args=[999])).status_code == 404


def test_the_numbers_of_an_account_cannot_be_typed_in(client, sam, shop):
    account = shop.credit_account
    page = reverse("admin:billing_creditaccount_change", args=[account.pk])
    client.post(page, {"plan": Plan.objects.get(slug="pro").pk, "balance": 1000, "held": 5, "debt": 7})
    account.refresh_from_db()

    assert (account.plan.slug, account.balance, account.held, account.debt) == ("pro", 9, 0, 0)


def test_a_new_organization_gets_an_empty_account(client, sam):
    inlines = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    accounts = {"credit_account-TOTAL_FORMS": 0, "credit_account-INITIAL_FORMS": 0}
    answer = client.post(reverse("admin:accounts_organization_add"), {"name": "Bob's shop", **inlines, **accounts})
    organization = Organization.objects.get(name="Bob's shop")

    assert answer.status_code == 302
    assert (organization.credit_account.balance, organization.credit_account.plan.slug) == (0, "free")


def test_an_organization_cannot_be_deleted(client, sam, shop):
    assert (
        client.post(reverse("admin:accounts_organization_delete", args=[shop.pk]), {"post": "yes"}).status_code == 403
    )


def test_a_new_key_is_shown_once(client, sam, shop):
    page = reverse("admin:accounts_apikey_add")
    answer = client.post(page, {"organization": shop.pk, "name": "Till", "scopes": ["remove"]}, follow=True)
    shown = re.search(r"rb_live_[0-9A-Za-z]{38}", answer.content.decode())
    assert shown is not None
    found = api_keys.find_active(shown[0])

    assert (found.name, found.scopes, found.created_by, found.organization) == ("Till", ["remove"], sam, shop)
    again = client.get(reverse("admin:accounts_apikey_changelist")).content.decode()
    assert shown[0] not in again
    assert ApiKey.objects.filter(name="Till").count() == 1


def test_a_new_key_s_secret_is_in_one_answer_and_neither_in_a_cookie_nor_in_a_session(client, sam, shop):
    fields = {"organization": shop.pk, "name": "Till", "scopes": ["remove"]}
    answer = client.post(reverse("admin:accounts_apikey_add"), fields)
    [secret] = set(re.findall(r"rb_live_[0-9A-Za-z]{38}", answer.content.decode()))

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert api_keys.find_active(secret).name == "Till"
    for kept in [*(morsel.OutputString() for morsel in client.cookies.values()), str(dict(client.session.items()))]:
        assert secret not in kept
    assert "messages" not in client.cookies
    assert "_messages" not in client.session


def test_staff_issue_a_limited_test_key_and_what_it_is_stays_as_it_is(client, sam, shop):
    fields = {
        "organization": shop.pk,
        "name": "Till",
        "scopes": ["remove"],
        "is_test": "on",
        "monthly_credit_cap": 5,
        "allowed_networks": '["192.0.2.0/24"]',
    }
    answer = client.post(reverse("admin:accounts_apikey_add"), fields, follow=True)
    key = ApiKey.objects.get(name="Till")

    assert re.search(r"rb_test_[0-9A-Za-z]{38}", answer.content.decode())
    assert (key.is_test, key.monthly_credit_cap, key.allowed_networks) == (True, 5, ["192.0.2.0/24"])
    page = reverse("admin:accounts_apikey_change", args=[key.pk])
    client.post(page, {"name": "Till", "scopes": ["remove"], "is_test": "", "monthly_credit_cap": 7})
    key.refresh_from_db()
    assert (key.is_test, key.monthly_credit_cap, key.allowed_networks) == (True, 7, None)
    wrong = client.post(page, {"name": "Till", "scopes": ["remove"], "allowed_networks": '["everywhere"]'})
    assert "everywhere is no network" in wrong.content.decode()


def test_a_key_without_scopes_is_not_issued(client, sam, shop):
    page = reverse("admin:accounts_apikey_add")

    assert client.post(page, {"organization": shop.pk, "name": "Till", "scopes": []}).status_code == 200
    assert not ApiKey.objects.filter(name="Till").exists()


def test_a_stored_key_changes_its_name_scopes_and_expiry_only(client, sam, shop):
    api_key = shop.api_keys.get()
    bob = make_organization("Bob's shop")
    tomorrow = timezone.now() + timedelta(days=1)
    changes = {"name": "Counter", "scopes": ["account:read"], "digest": "0" * 64, "organization": bob.pk}
    when = {"expires_at_0": f"{tomorrow:%Y-%m-%d}", "expires_at_1": "12:00:00"}
    client.post(reverse("admin:accounts_apikey_change", args=[api_key.pk]), {**changes, **when})
    changed = ApiKey.objects.get(pk=api_key.pk)

    assert (changed.name, changed.scopes) == ("Counter", ["account:read"])
    assert changed.expires_at is not None
    assert (changed.digest, changed.organization) == (api_key.digest, shop)


def test_the_digest_is_not_on_the_page(client, sam, shop):
    api_key = shop.api_keys.get()
    page = client.get(reverse("admin:accounts_apikey_change", args=[api_key.pk])).content.decode()

    assert api_key.digest not in page
    assert api_key.last_four in page


def test_staff_revoke_keys(client, sam, shop):
    issued = make_key(shop)
    chosen = {"action": "revoke_keys", "_selected_action": [issued.api_key.pk]}
    answer = client.post(reverse("admin:accounts_apikey_changelist"), chosen, follow=True)

    assert "1 keys are revoked." in answer.content.decode()
    with pytest.raises(AuthenticationError):
        api_keys.find_active(issued.secret)
    assert shop.api_keys.filter(revoked_at=None).count() == 1


def test_staff_add_people_by_email(client, sam):
    fields = {"email": "carol@example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    inlines = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    client.post(reverse("admin:accounts_user_add"), {**fields, **inlines})

    assert User.objects.get(email="carol@example.com").check_password(PASSWORD)


def test_an_email_taken_in_another_case_is_a_form_error(client, sam):
    make_user("alice@example.com")
    fields = {"email": "ALICE@example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    answer = client.post(reverse("admin:accounts_user_add"), fields)

    assert answer.status_code == 200
    assert User.objects.filter(email__iexact="alice@example.com").count() == 1


def test_open_holds_are_listed(client, sam, shop):
    credit_hold = ledger.hold(shop.credit_account, amount=2)
    page = client.get(reverse("admin:billing_credithold_changelist"), {"state__exact": "held"}).content.decode()

    assert "MainThread" in page
    ledger.release(credit_hold)
