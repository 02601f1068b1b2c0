import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts import api_keys
from accounts.authentication import ApiKeyAuthentication
from accounts.errors import AuthenticationError, PermissionRefused
from accounts.permissions import scoped
from tests.factories import make_key, make_organization, make_user

AUTHENTICATION = ApiKeyAuthentication()


def request_with(**headers: str) -> Request:
    return Request(APIRequestFactory().post("/v1/remove", headers=headers), authenticators=[AUTHENTICATION])


@pytest.fixture
def issued(db):
    return make_key(make_organization(), created_by=make_user())


def test_a_key_in_x_api_key_is_the_caller(issued):
    request = request_with(**{"x-api-key": issued.secret})

    assert request.auth == issued.api_key
    assert request.user.email == "alice@example.com"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_the_caller(issued, scheme):
    assert request_with(Authorization=f"{scheme} {issued.secret}").auth == issued.api_key


def test_x_api_key_wins_over_bearer(issued):
    other = make_key(make_organization("Bob's shop"))
    request = request_with(**{"x-api-key": issued.secret, "Authorization": f"Bearer {other.secret}"})

    assert request.auth == issued.api_key


def test_a_key_nobody_made_has_an_anonymous_user(db):
    issued = make_key(make_organization())

    assert request_with(**{"x-api-key": issued.secret}).user == AnonymousUser()


def test_use_is_noted(issued):
    assert request_with(**{"x-api-key": issued.secret}).auth == issued.api_key
    issued.api_key.refresh_from_db()

    assert issued.api_key.last_used_from == "127.0.0.1"


@pytest.mark.parametrize(
    "headers", [{}, {"x-api-key": "  "}, {"Authorization": "Basic YWxpY2U6"}, {"Authorization": "Bearer"}]
)
def test_showing_no_key_is_nobody(db, headers):
    assert AUTHENTICATION.authenticate(request_with(**headers)) is None


@pytest.mark.parametrize("secret", ["nonsense", "a\0b", "schlüssel", "rb_live_" + "é" * 38, "x" * 100_000, "'; --"])
def test_any_strange_key_is_refused_in_the_same_words(db, secret):
    for headers in ({"x-api-key": secret}, {"Authorization": f"Bearer {secret}"}):
        with pytest.raises(AuthenticationError) as refused:
            AUTHENTICATION.authenticate(request_with(**headers))
        assert refused.value.public_text == AuthenticationError.public_text


def test_a_revoked_key_is_refused(issued):
    api_keys.revoke(issued.api_key)

    with pytest.raises(AuthenticationError):
        AUTHENTICATION.authenticate(request_with(**{"x-api-key": issued.secret}))


def test_a_401_names_the_scheme(db):
    assert AUTHENTICATION.authenticate_header(request_with()) == 'Bearer realm="api"'


def test_a_key_with_the_scope_may(issued):
    request = request_with(**{"x-api-key": issued.secret})

    assert scoped("remove")().has_permission(request, APIView())


def test_a_key_without_the_scope_may_not(db):
    issued = make_key(make_organization(), scopes=["account:read"])
    request = request_with(**{"x-api-key": issued.secret})

    with pytest.raises(PermissionRefused, match="lacks the scope `remove`"):
        scoped("remove")().has_permission(request, APIView())
    assert scoped("account:read")().has_permission(request, APIView())


def test_a_suspended_organization_may_not(issued):
    issued.api_key.organization.suspended_at = timezone.now()
    issued.api_key.organization.save()

    with pytest.raises(PermissionRefused, match="suspended"):
        scoped("remove")().has_permission(request_with(**{"x-api-key": issued.secret}), APIView())


def test_nobody_is_asked_for_a_key(db):
    with pytest.raises(AuthenticationError):
        scoped("remove")().has_permission(request_with(), APIView())


def test_a_scope_that_does_not_exist_stops_the_start():
    with pytest.raises(ValueError, match="fly"):
        scoped("fly")
