"""Operators end sessions, revoke keys, deactivate people and change their addresses, in the admin."""

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, User
from accounts.security_models import Event, SecurityEvent
from tests.accounts.entrance import code_for, last_mail_to, log_in
from tests.factories import make_key, make_member, make_organization, make_staff, make_user
from tests.rendered_form import RenderedForm

pytestmark = pytest.mark.django_db
SHOWN = {"is_active": "on", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def sam(client):
    sam = make_staff()
    client.force_login(sam)
    return sam


@pytest.fixture
def alice():
    return make_member(make_organization(), "alice@example.com")


@pytest.fixture
def alices_browser(alice):
    browser = Client()
    log_in(browser, alice.email)
    assert browser.get("/dashboard/").status_code == 200
    return browser


def page(what, person):
    return reverse(f"admin:accounts_user_{what}", args=[person.pk])


def change(client, person, **typed):
    address = page("change", person)
    form = RenderedForm(client.get(address).content.decode(), "user_form")
    fields = {**form.fields, **typed}
    return client.post(address, {name: value for name, value in fields.items() if value is not None}, follow=True)


def events_of(person):
    return list(SecurityEvent.objects.filter(user=person).order_by("pk").values_list("event", flat=True))


def test_sessions_are_ended_with_a_reason(client, sam, alice, alices_browser):
    assert b"logged out in every browser" in client.get(page("end_sessions", alice)).content
    client.post(page("end_sessions", alice), {"reason": ""})
    assert alices_browser.get("/dashboard/").status_code == 200

    client.post(page("end_sessions", alice), {"reason": "Laptop stolen"})

    assert alices_browser.get("/dashboard/").status_code == 302
    assert not UserSession.objects.filter(user=alice).exists()
    assert "Laptop stolen" in LogEntry.objects.get(user=sam).change_message
    assert events_of(alice)[-1] == Event.SESSIONS_ENDED


def test_sessions_of_many_people_are_ended(client, sam, alice, alices_browser):
    bob = make_user("bob@example.com")
    chosen = {"action": "end_sessions_of_selected", "_selected_action": [alice.pk, bob.pk]}
    client.post(reverse("admin:accounts_user_changelist"), chosen)

    assert alices_browser.get("/dashboard/").status_code == 302
    assert LogEntry.objects.filter(user=sam).count() == 2


def test_operators_stay_logged_in_when_they_end_their_own_sessions(client, sam):
    elsewhere = Client()
    log_in(elsewhere, sam.email)
    client.post(page("end_sessions", sam), {"reason": "Tidying up"})

    assert client.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302


def test_keys_that_a_person_made_are_revoked(client, sam, alice):
    theirs = make_key(alice.memberships.get().organization, created_by=alice)
    others = make_key(make_organization("Bob's shop"))
    words = client.get(page("revoke_keys", alice)).content.decode()
    assert "Laptop (" in words
    assert "shop" in words

    client.post(page("revoke_keys", alice), {"reason": "They left"})

    assert client.get("/v1/me", headers={"x-api-key": theirs.secret}).status_code == 401
    assert client.get("/v1/me", headers={"x-api-key": others.secret}).status_code == 200
    assert "They left" in LogEntry.objects.get(user=sam).change_message
    assert events_of(alice) == [Event.KEYS_REVOKED]


@pytest.mark.parametrize("what", ["end_sessions", "revoke_keys"])
def test_staff_without_the_permission_do_neither(client, alice, alices_browser, what):
    key = make_key(alice.memberships.get().organization, created_by=alice)
    tom = make_user("tom@example.com", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename="view_user"))
    client.force_login(tom)

    assert client.post(page(what, alice), {"reason": "No reason"}).status_code == 403
    assert alices_browser.get("/dashboard/").status_code == 200
    assert ApiKey.objects.get(pk=key.api_key.pk).revoked_at is None


def test_staff_do_not_end_sessions_of_other_staff(client, sam):
    browser = Client()
    log_in(browser, sam.email)
    tom = make_user("tom@example.com", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(tom)

    assert client.post(page("end_sessions", sam), {"reason": "No reason"}).status_code == 403
    chosen = {"action": "end_sessions_of_selected", "_selected_action": [sam.pk]}
    client.post(reverse("admin:accounts_user_changelist"), chosen)
    assert browser.get("/admin/").status_code == 200


def test_the_page_of_a_person_says_what_deactivating_does_to_their_keys(client, sam, alice):
    make_key(alice.memberships.get().organization, created_by=alice)
    words = client.get(page("change", alice)).content.decode()

    assert "keep working until you revoke them" in words
    assert "1 active" in words
    assert f"created_by__id__exact={alice.pk}" in words


def test_deactivating_ends_sessions_and_offers_to_revoke_keys(client, sam, alice, alices_browser):
    key = make_key(alice.memberships.get().organization, created_by=alice)
    answer = change(client, alice, is_active=None).content.decode()
    alice.refresh_from_db()

    assert not alice.is_active
    assert not UserSession.objects.filter(user=alice).exists()
    assert "1 API keys that alice@example.com made still work" in answer
    assert page("revoke_keys", alice) in answer
    assert client.get("/v1/me", headers={"x-api-key": key.secret}).status_code == 200
    assert events_of(alice)[-1] == Event.DEACTIVATED


def test_a_session_from_before_does_not_work_after_reactivation(client, sam, alice, alices_browser):
    change(client, alice, is_active=None)
    change(client, alice, is_active="on")

    assert User.objects.get(pk=alice.pk).is_active
    assert alices_browser.get("/dashboard/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_new_address_replaces_the_others_ends_sessions_and_is_mailed_to_both(client, sam, alice, alices_browser):
    EmailAddress.objects.create(user=alice, email="attacker@example.com", verified=True)
    answer = change(client, alice, email="alice@example.org")

    assert answer.status_code == 200
    addresses = EmailAddress.objects.filter(user=alice).values_list("email", "primary", "verified")
    assert list(addresses) == [("alice@example.org", True, True)]
    assert alices_browser.get("/dashboard/").status_code == 302
    for address in ("alice@example.com", "alice@example.org"):
        body = last_mail_to(address).body
        assert "from alice@example.com to alice@example.org" in body
        assert "127.0.0.1 (" not in body
    assert Event.EMAIL_CHANGED in events_of(alice)
    assert log_in(Client(), "alice@example.org").status_code == 302
    assert log_in(Client(), "attacker@example.com").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_secondary_address_becomes_the_only_one(client, sam, alice):
    EmailAddress.objects.create(user=alice, email="alice@example.org", verified=False)
    change(client, alice, email="Alice@example.org")

    addresses = EmailAddress.objects.filter(user=alice).values_list("email", "primary", "verified")
    assert list(addresses) == [("alice@example.org", True, True)]


def test_an_address_of_another_person_is_refused(client, sam, alice):
    bob = make_user("bob@example.com")
    EmailAddress.objects.create(user=bob, email="robert@example.com", verified=True)
    for taken in ("bob@example.com", "Robert@Example.com"):
        answer = client.post(page("change", alice), {"email": taken, **SHOWN})
        assert answer.status_code == 200
        assert answer.context["errors"]
    new = {
        "email": "robert@example.com",
        "usable_password": "true",
        "password1": "x9 long one",
        "password2": "x9 long one",
    }
    assert client.post(reverse("admin:accounts_user_add"), new).status_code == 200

    assert User.objects.get(pk=alice.pk).email == "alice@example.com"
    assert EmailAddress.objects.get(user=alice).primary


@pytest.mark.django_db(transaction=True)
def test_the_address_changes_even_if_the_mail_server_is_away(client, sam, alice, monkeypatch):
    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    answer = change(client, alice, email="alice@example.org").content.decode()

    assert User.objects.get(pk=alice.pk).email == "alice@example.org"
    assert "could not be sent" in answer
    assert mail.outbox == []


def refuse(*args, **kwargs):
    raise OSError("The mail server is away.")


@pytest.mark.django_db(transaction=True)
def test_a_log_in_code_sent_to_the_old_address_is_worth_nothing(client, sam, alice):
    attacker = Client()
    attacker.post("/account/login/code/", {"email": alice.email})
    code = code_for(alice.email)
    change(client, alice, email="alice@example.org")
    answer = attacker.post("/account/login/code/confirm/", {"code": code}, follow=True)

    assert "_auth_user_id" not in attacker.session
    assert b"no longer belongs to the account" in answer.content


@pytest.mark.django_db(transaction=True)
def test_a_reset_code_sent_to_the_old_address_changes_no_password(client, sam, alice):
    attacker = Client()
    attacker.post("/account/password/reset/", {"email": alice.email})
    attacker.post("/account/password/reset/confirm/", {"code": code_for(alice.email)})
    change(client, alice, email="alice@example.org")
    new = "a quite different long secret"
    answer = attacker.post("/account/password/reset/complete/", {"password1": new, "password2": new})

    assert b"no longer belongs to the account" in answer.content
    assert User.objects.get(pk=alice.pk).password == alice.password


@pytest.mark.django_db(transaction=True)
def test_nothing_changes_if_the_change_fails_halfway(client, sam, alice, alices_browser, monkeypatch):
    monkeypatch.setattr("accounts.operator_actions.vouch_for", refuse)
    with pytest.raises(OSError, match="away"):
        change(client, alice, email="alice@example.org")

    assert User.objects.get(pk=alice.pk).email == "alice@example.com"
    assert EmailAddress.objects.get(user=alice).email == "alice@example.com"
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_superusers_stay_logged_in_when_they_change_their_own_address(client, sam):
    change(client, sam, email="sam@example.org")

    assert client.get("/admin/").status_code == 200
    assert User.objects.get(pk=sam.pk).email == "sam@example.org"


def test_a_password_that_an_operator_sets_is_logged(client, sam, alice):
    new = {"usable_password": "true", "password1": "a new long password", "password2": "a new long password"}
    address = reverse("admin:auth_user_password_change", args=[alice.pk])
    client.post(address, {**new, "password2": "another"})
    assert events_of(alice) == []
    client.post(address, new)

    assert events_of(alice) == [Event.PASSWORD_CHANGED]


def test_changing_a_name_ends_nothing(client, sam, alice, alices_browser):
    change(client, alice, first_name="Alice")

    assert alices_browser.get("/dashboard/").status_code == 200
    assert mail.outbox == []
