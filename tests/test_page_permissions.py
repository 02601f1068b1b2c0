"""Who may open which page: every route of the site, against everybody who may come.

A view behind `requires` says what it needs; every other route must be in one of the lists below. A route in none of
them fails `test_every_route_is_classified`: say there who may open it.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import invitations
from accounts.abilities import ABILITIES, Ability, can
from accounts.models import Membership, Role
from processing.history.choosing import turn_on
from tests.factories import (
    keep_result,
    make_key,
    make_member,
    make_order,
    make_organization,
    make_pack,
    make_staff,
    make_user,
)

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parent.parent

PUBLIC = {
    "front", "error-index", "error-page", "livez", "readyz", "openapi", "invitation", "v1-remove", "v1-me",
    "v1-0-removebg", "v1-0-account", "v1-0-improve", "metrics",
    "docs", "docs-api", "docs-endpoint", "docs-migrate", "docs-migrate-keep",
    "docs-migrate-run-v1", "docs-migrate-run-v1.0", "docs-quickstart", "docs-swagger", "guide", "pricing",
    "privacy", "terms", "status", "sitemap", "robots", "favicon", "stylesheet", "brand-icon", "brand-logo",
    "words", "choose-language", "stripe-webhook", "trial-remove", "trial-download", "try-remove", "try-download",
    "account_login", "account_logout", "account_inactive", "account_signup", "account_reset_password",
    "account_email_verification_sent", "account_confirm_login_code", "account_confirm_password_reset_code",
    "account_complete_password_reset", "account_password_reset_completed", "account_request_login_code",
    "mfa_authenticate", "mfa_login_webauthn", "socialaccount_login_cancelled", "socialaccount_login_error",
    "socialaccount_signup", "google_login", "google_callback", "google_login_by_token", "github_login",
    "github_callback",
}  # fmt: skip
"""Whoever asks gets an answer; the API asks for keys, not for people, and is tested in tests/processing/api.

The playground's own calls answer in JSON whom they refuse, too: tests/processing/playground.
"""

LOG_IN_ONLY = {
    "your-data", "data-export", "account-delete", "session-end", "organization-new", "organization-switch",
    "account_reauthenticate", "account_email", "account_change_password", "account_set_password",
    "mfa_index", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn", "usersessions_list",
    "socialaccount_connections", "staff-second-factor",
}  # fmt: skip
"""A person's own account: any role, and none."""

ELSEWHERE = ("v1/", "v1.0/", "^(?:/*)[vV]1", "admin/", "account/social/")
"""Tested in tests/processing/api and tests/*/test_admin.py; the last are allauth's redirects of before."""

ARGUMENTS: dict[str, dict[str, Any]] = {
    "error-page": {"slug": "validation-error"},
    "invitation": {"secret": "secret"},
    "docs-endpoint": {"slug": "v1-remove"},
    "guide": {"slug": "poof"},
    "words": {"language": "de"},
    "mfa_remove_webauthn": {"pk": 1},
    "mfa_edit_webauthn": {"pk": 1},
    "session-end": {"pk": 1},
}
"""What goes into the addresses of routes that are not behind `requires`."""


@dataclass(frozen=True)
class Route:
    """One named route, and what its view asks for."""

    name: str
    pattern: str
    ability: Ability | None

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.pattern)


def walk(patterns, prefix="", namespace=""):
    for entry in patterns:
        where = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from walk(entry.url_patterns, where, inner)
        elif isinstance(entry, URLPattern):
            yield Route(namespace + (entry.name or f"unnamed {where}"), where, getattr(entry.callback, "ability", None))


ROUTES = {route.name: route for route in walk(get_resolver().url_patterns) if not route.pattern.startswith(ELSEWHERE)}
GUARDED = {name: route for name, route in ROUTES.items() if route.ability}


def test_every_route_is_classified():
    nobody_knows = sorted(set(ROUTES) - set(GUARDED) - PUBLIC - LOG_IN_ONLY)

    assert nobody_knows == [], (
        f"Who may open {nobody_knows}? Put `@requires(Ability.X)` on the view, or name the route in PUBLIC or "
        f"LOG_IN_ONLY of {__name__}."
    )


def test_no_route_is_in_two_lists():
    assert not PUBLIC & LOG_IN_ONLY
    assert not set(GUARDED) & (PUBLIC | LOG_IN_ONLY)


def test_every_ability_is_in_the_document_as_in_the_code():
    rows = {}
    for line in (PROJECT / "docs/permissions.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].startswith("`"):
            rows[cells[0].strip("`")] = dict(zip(("member", "admin", "owner"), cells[1:4], strict=True))

    assert set(rows) == {ability.value for ability in Ability}
    for ability in Ability:
        said = {role: answer == "yes" for role, answer in rows[ability].items()}
        assert said == {role.value: can(role, ability) for role in Role}, ability


def test_each_role_may_do_what_the_next_one_may():
    assert ABILITIES[Role.MEMBER] < ABILITIES[Role.ADMIN] < ABILITIES[Role.OWNER] == set(Ability)


@dataclass
class World:
    """Alice's shop with one of everything, and another organization."""

    shop: Any
    people: dict[str, Any]

    def address_of(self, route: Route) -> str:
        """Return an address of the route with things of Alice's shop in it."""
        if route.name in ARGUMENTS:
            return reverse(route.name, kwargs=ARGUMENTS[route.name])
        return reverse(route.name, kwargs={name: self.thing(route, name) for name in route.parameters})

    def thing(self, route: Route, parameter: str) -> Any:
        """Return something of the shop that the route is about; raise where a new kind of thing came along."""
        if route.name.startswith("member"):
            return self.shop.memberships.get(user__email="target@example.com").pk
        if route.name.startswith("billing-"):
            return self.shop.orders.get().public_id
        if route.name.startswith("invitation-"):
            return self.shop.invitations.get().pk
        if route.name.startswith("history-"):
            return self.shop.kept_results.get().name
        if "key" in route.name:
            return self.shop.api_keys.get().pk
        raise AssertionError(f"Say in World.thing what <{parameter}> of the route {route.name} is.")


@pytest.fixture
def world(settings, tmp_path):
    place = {**settings.STORAGES["history"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "history": place}
    cache.clear()
    shop, other = make_organization("Alice's shop"), make_organization("Bob's shop")
    people = {role.value: make_member(shop, f"{role}@example.com", role) for role in Role}
    make_member(shop, "target@example.com", Role.MEMBER)
    owner = Membership.objects.get(user=people["owner"])
    invitations.invite(owner, email="nina@example.com", role=Role.MEMBER)
    make_key(shop, created_by=people["member"])
    turn_on(shop.pk, hours=1)
    keep_result(shop, people["member"])
    make_order(shop, make_pack())
    people["owner of another"] = make_member(other, "olga@example.com", Role.OWNER)
    people["nobody's"] = make_user("una@example.com")
    people["staff"] = make_staff()
    return World(shop, people)


ROLES = [role.value for role in Role]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(GUARDED))
def test_a_guarded_page_opens_to_whoever_may(client, world, name, role):
    route, address = GUARDED[name], world.address_of(GUARDED[name])
    client.force_login(world.people[role])
    for method in ("get", "post"):
        answer = getattr(client, method)(address)
        answer.close()
        status = answer.status_code
        if can(role, route.ability):
            assert status in (200, 302, 400, 405, 409), (name, role, method, status)
        elif status != 405:
            assert status == 403, (name, role, method, status)


@pytest.mark.parametrize("name", sorted(GUARDED))
@pytest.mark.parametrize("who", ["stranger", "nobody's", "staff", "owner of another"])
def test_a_guarded_page_is_closed_to_outsiders(client, world, name, who):
    """Strangers log in first; who belongs to none is led on; another organization's owner finds nothing here."""
    route, address = GUARDED[name], world.address_of(GUARDED[name])
    before = snapshot(world.shop)
    if who != "stranger":
        client.force_login(world.people[who])

    for method in ("get", "post"):
        answer = getattr(client, method)(address)
        if answer.status_code == 405:
            continue
        if who == "stranger":
            assert answer["Location"].startswith("/account/login/?next="), (name, method)
        elif who == "owner of another":
            assert b"Alice&#x27;s shop" not in answer.getvalue()
            is_led_away = method == "get" and answer.headers.get("Location") == "/people/"
            if route.parameters and not is_led_away:
                assert answer.status_code == 404, (name, method)
        else:
            assert answer["Location"] == "/organizations/new/", (name, who, method)
    assert snapshot(world.shop) == before


def snapshot(organization):
    """Return what an outsider could have changed."""
    organization.refresh_from_db()
    return (
        organization.name,
        organization.closed_at,
        sorted(organization.memberships.values_list("pk", "role")),
        sorted(organization.invitations.values_list("pk", "role", "digest")),
        sorted(organization.kept_results.values_list("name", "is_whole")),
        sorted(organization.orders.values_list("pk", "state")),
        sorted(organization.api_keys.values_list("pk", "revoked_at", "name")),
    )


@pytest.mark.parametrize("name", sorted(LOG_IN_ONLY & set(ROUTES)))
def test_a_page_of_one_s_own_account_asks_strangers_to_log_in(client, world, name):
    for method in ("get", "post"):
        answer = getattr(client, method)(world.address_of(ROUTES[name]))
        assert answer.status_code in (302, 405), (name, method)
        assert answer.status_code == 405 or answer["Location"].startswith("/account/login/"), answer["Location"]


@pytest.mark.parametrize("who", [*ROLES, "nobody's", "staff"])
@pytest.mark.parametrize("name", sorted(LOG_IN_ONLY & set(ROUTES)))
def test_a_page_of_one_s_own_account_opens_to_everybody_who_is_logged_in(client, world, name, who):
    client.force_login(world.people[who])

    answer = client.get(world.address_of(ROUTES[name]))

    assert answer.status_code in (200, 302, 404, 405)
    assert not answer.headers.get("Location", "").startswith("/account/login/")


# Routes that answer nobody without a word of their own: a token, or a log-in that has begun.
OPEN = PUBLIC - {"metrics", "invitation", "readyz", "brand-logo"}


@pytest.mark.parametrize("name", sorted(OPEN & set(ROUTES)))
def test_a_public_page_answers_strangers(client, world, name):
    answer = client.get(world.address_of(ROUTES[name]))

    # 401: an account elsewhere that did not say who it is; 405: what is only sent to.
    assert answer.status_code in (200, 302, 401, 405)
    assert "?next=" not in answer.headers.get("Location", "")


def test_a_suspended_organization_s_people_still_see_their_pages(client, world):
    """Suspension refuses keys; what was bought and used stays in sight."""
    world.shop.suspended_at = timezone.now()
    world.shop.save()
    client.force_login(world.people["owner"])

    assert client.get("/dashboard/").status_code == 200


def test_a_closed_organization_opens_to_none_of_its_people(client, world):
    world.shop.closed_at = timezone.now()
    world.shop.save()

    for role in ROLES:
        client.force_login(world.people[role])
        for route in GUARDED.values():
            answer = client.get(world.address_of(route))
            assert answer.status_code == 405 or answer["Location"] == "/organizations/new/", route
