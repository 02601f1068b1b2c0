"""An operator looks at the site as a person sees it: with a reason, for a while, changing nothing; they are told."""

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import support_visits
from accounts.models import Role, User
from accounts.support_models import SupportVisit
from tests.factories import make_member, make_organization, make_staff, make_user

pytestmark = pytest.mark.django_db
BANNER = "You look at the site as alice@example.com and can change nothing."


@pytest.fixture
def alice():
    cache.clear()
    return make_member(make_organization())


@pytest.fixture
def sam(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


def door(person):
    return reverse("admin:accounts_user_visit", args=[person.pk])


@pytest.fixture
def visit(client, sam, alice):
    answer = client.post(door(alice), {"reason": "Ticket 7: no keys shown."})
    assert answer["Location"] == "/dashboard/"
    return SupportVisit.objects.get()


def test_the_operator_sees_the_person_s_pages_with_a_banner_on_each(client, visit):
    for address in ("/dashboard/", "/keys/", "/usage/", "/people/", "/", "/pricing/", "/docs/"):
        page = client.get(address).content.decode()
        assert BANNER in page, address
        assert reverse("admin:accounts_user_leave") in page
    assert "Alice&#x27;s shop" in client.get("/dashboard/").content.decode()
    missing = client.get("/nowhere/")
    assert (missing.status_code, BANNER in missing.content.decode()) == (404, True)


def test_it_is_written_down_with_its_reason(client, visit, sam, alice):
    assert (visit.operator, visit.person, visit.reason) == (sam, alice, "Ticket 7: no keys shown.")
    assert LogEntry.objects.get().get_change_message() == "Logged in as them: Ticket 7: no keys shown."


def test_in_the_admin_the_operator_is_who_they_are(client, visit, sam):
    answer = client.get(reverse("admin:index"))
    assert answer.wsgi_request.user == sam
    assert "you are logged in as alice@example.com" in answer.content.decode()
    assert client.get("/dashboard/").wsgi_request.user == visit.person


def test_leaving_ends_it(client, visit, sam, alice):
    page = reverse("admin:accounts_user_leave")
    client.get(page)
    assert BANNER in client.get("/dashboard/").content.decode()

    answer = client.post(page)
    visit.refresh_from_db()
    assert answer["Location"] == reverse("admin:accounts_user_change", args=[alice.pk])
    assert visit.ended_at is not None
    assert client.get("/account/data/").wsgi_request.user == sam


@pytest.mark.parametrize("door", ["/account/logout/", "/admin/logout/"])
def test_logging_out_ends_it_and_logs_the_operator_out(client, visit, door):
    client.post(door)
    visit.refresh_from_db()

    assert visit.ended_at is not None
    assert client.get("/dashboard/").status_code == 302
    assert client.get(reverse("admin:index")).status_code == 302


def test_it_ends_by_itself(client, visit, sam, settings):
    with time_machine.travel(timezone.now() + timedelta(minutes=settings.SUPPORT_VISIT_MINUTES, seconds=1)):
        assert client.get("/account/data/").wsgi_request.user == sam


def test_it_ends_when_the_operator_is_no_superuser_any_more(client, visit, sam, alice):
    User.objects.filter(pk=sam.pk).update(is_superuser=False)

    assert client.get("/account/data/").wsgi_request.user == sam


def test_it_ends_when_the_person_becomes_staff(client, visit, sam, alice):
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    assert client.get("/account/data/").wsgi_request.user == sam


CLOSED = (
    "/account/email/",
    "/account/password/change/",
    "/account/2fa/",
    "/account/2fa/totp/activate/",
    "/account/2fa/recovery-codes/",
    "/account/2fa/webauthn/add/",
    "/account/sessions/",
    "/account/data/",
    "/account/data/export/",
    "/account/data/delete/",
    "/account/reauthenticate/",
    "/invitations/secret/",
)


@pytest.mark.parametrize("address", CLOSED)
def test_the_person_s_own_account_is_closed(client, visit, address):
    for method in (client.get, client.post):
        answer = method(address)
        assert answer.status_code == 403
        assert "closed while you look at the site as somebody else" in answer.content.decode()


SENT = (
    "/keys/new/",
    "/people/invite/",
    "/people/leave/",
    "/organization/",
    "/organization/close/",
    "/organizations/new/",
    "/credits/warning/",
    "/try/remove",
    "/docs/migrate/run/v1/",
    "/language/",
)


@pytest.mark.parametrize("address", SENT)
def test_nothing_can_be_sent(client, visit, alice, address):
    answer = client.post(address, {"name": "Mine", "email": "x@example.com", "language": "de"})

    assert answer.status_code == 403
    alice.refresh_from_db()
    organization = alice.memberships.get().organization
    assert (organization.name, organization.closed_at, alice.language) == ("Alice's shop", None, "")
    assert not organization.api_keys.exists()
    assert not organization.invitations.exists()


def test_every_form_of_every_page_is_refused(client, visit):
    """Whatever route there is and will be: what is sent changes nothing while it lasts."""
    from tests.test_page_permissions import GUARDED, LOG_IN_ONLY, ROUTES

    names = (set(GUARDED) | (LOG_IN_ONLY & set(ROUTES))) - {"organization-switch"}
    for name in sorted(names):
        address = "/" + ROUTES[name].pattern
        for parameter in ("<int:pk>", "<str:name>", "<uuid:token>"):
            address = address.replace(parameter, "1")
        assert client.post(address).status_code == 403, name


def test_the_person_s_sessions_are_not_touched(client, visit, alice):
    client.get("/dashboard/")

    assert not UserSession.objects.filter(user=alice).exists()


def test_the_person_is_shown_it_among_their_sessions(client, visit, alice, sam):
    client.post(reverse("admin:accounts_user_leave"))
    client.force_login(alice)

    page = client.get("/account/sessions/").content.decode()
    assert "Ticket 7: no keys shown." in page
    assert sam.email not in page
    assert BANNER not in page


def test_it_is_in_the_data_that_the_person_takes_along(client, visit, alice):
    client.post(reverse("admin:accounts_user_leave"))
    client.force_login(alice)

    [told] = client.get("/account/data/export/").json()["visits_by_operators"]
    assert (told["was_the_operator"], told["reason"]) == (False, "Ticket 7: no keys shown.")
    assert told["ended_at"] is not None


def test_who_was_never_looked_at_reads_nothing_of_it(client, alice):
    client.force_login(alice)

    assert "Looked at by" not in client.get("/account/sessions/").content.decode()


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"is_staff": True, "is_superuser": True}, {"is_active": False}])
def test_who_runs_the_server_or_is_gone_cannot_be_visited(client, sam, fields):
    other = make_user("tom@example.com", **fields)

    for method in (client.get, client.post):
        assert method(door(other), {"reason": "Why not?"}).status_code == 403
    assert not SupportVisit.objects.exists()


def test_nobody_visits_themselves(client, sam):
    assert client.post(door(sam), {"reason": "Hm."}).status_code == 403


def test_staff_who_are_no_superusers_cannot(client, alice):
    from django.contrib.auth.models import Permission

    tom = make_user("tom@example.com", is_staff=True)
    tom.user_permissions.set(Permission.objects.all())
    client.force_login(tom)

    assert client.post(door(alice), {"reason": "Curious."}).status_code == 403
    shown = client.get(reverse("admin:accounts_user_change", args=[alice.pk])).content.decode()
    assert "Log in as this person" not in shown


def test_a_person_cannot(client, alice):
    client.force_login(alice)
    bob = make_user("bob@example.com")

    assert client.post(door(bob), {"reason": "Curious."})["Location"].startswith("/admin/login/")


def test_it_needs_a_reason(client, sam, alice):
    answer = client.post(door(alice), {"reason": " "})

    assert (answer.status_code, SupportVisit.objects.count()) == (200, 0)


def test_another_visit_ends_the_first(client, visit):
    bob = make_member(make_organization("Bob's shop"), "bob@example.com", Role.MEMBER)
    client.post(door(bob), {"reason": "Ticket 8."})
    visit.refresh_from_db()

    assert visit.ended_at is not None
    assert "as bob@example.com" in client.get("/dashboard/").content.decode()


def test_a_session_that_names_a_visit_of_somebody_else_is_nobody_s(client, visit, alice):
    tom = User.objects.create_superuser("tom@example.com", "correct horse battery staple")
    client.force_login(tom)
    session = client.session
    session[support_visits.SESSION_KEY] = visit.pk
    session.save()

    assert client.get("/account/data/").wsgi_request.user == tom


def test_keys_of_the_api_are_not_concerned(client, visit):
    assert client.post("/v1/remove").status_code == 401
    assert "Cookie" not in Client().get("/v1/me").headers.get("Vary", "")
