"""Who may call what: one table."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests.factories import make_key, make_organization

CALLS = [("POST", "/v1/remove"), ("GET", "/v1/me"), ("GET", "/v1/nothing")]
V1_0_CALLS = [
    ("POST", "/v1.0/removebg"),
    ("GET", "/v1.0/account"),
    ("POST", "/v1.0/improve"),
    ("GET", "/v1.0/nothing"),
]
REACHED = 400
"""A cutout asked for without an image: whoever gets this far may send one."""

TABLE = [
    # caller,                           remove,   me,  an unknown address
    ("nobody", 401, 401, 404),
    ("a wrong key", 401, 401, 404),
    ("a revoked key", 401, 401, 404),
    ("an expired key", 401, 401, 404),
    ("a key with every scope", REACHED, 200, 404),
    ("a key that may only remove", REACHED, 403, 404),
    ("a key that may only read the account", 403, 200, 404),
    ("a key of a suspended organization", 403, 403, 404),
]


V1_0_TABLE = [
    # caller,                           removebg, account, improve, an unknown address
    ("nobody", 403, 403, 403, 404),
    ("a wrong key", 403, 403, 403, 404),
    ("a revoked key", 403, 403, 403, 404),
    ("an expired key", 403, 403, 403, 404),
    ("a key with every scope", REACHED, 200, REACHED, 404),
    ("a key that may only remove", REACHED, 403, REACHED, 404),
    ("a key that may only read the account", 403, 200, 403, 404),
    ("a key of a suspended organization", 403, 403, 403, 404),
]


def secret_of(caller: str) -> str | None:
    now = timezone.now()
    organization = make_organization()
    match caller:
        case "nobody":
            return None
        case "a wrong key":
            return make_key(organization).secret[:-1] + "!"
        case "a revoked key":
            issued = make_key(organization)
            issued.api_key.revoked_at = now
            issued.api_key.save()
            return issued.secret
        case "an expired key":
            return make_key(organization, expires_at=now).secret
        case "a key with every scope":
            return make_key(organization).secret
        case "a key that may only remove":
            return make_key(organization, scopes=["remove"]).secret
        case "a key that may only read the account":
            return make_key(organization, scopes=["account:read"]).secret
        case "a key of a suspended organization":
            organization.suspended_at = now
            organization.save()
            return make_key(organization).secret
    raise AssertionError(caller)


@pytest.mark.django_db
@pytest.mark.parametrize(("caller", "remove", "me", "unknown"), TABLE)
def test_each_caller_gets_as_far_as_the_table_says(caller, remove, me, unknown):
    cache.clear()
    assert [answer.status_code for answer in answers(caller, CALLS)] == [remove, me, unknown]


@pytest.mark.django_db
@pytest.mark.parametrize(("caller", "removebg", "account", "improve", "unknown"), V1_0_TABLE)
def test_v1_0_lets_the_same_callers_in_and_says_403_to_the_others(caller, removebg, account, improve, unknown):
    cache.clear()
    answered = answers(caller, V1_0_CALLS)

    assert [answer.status_code for answer in answered] == [removebg, account, improve, unknown]
    codes = {answer.json()["errors"][0]["code"] for answer in answered if answer.status_code == 403}
    assert codes <= {"auth_failed"}


def answers(caller, calls):
    secret = secret_of(caller)
    headers = {"x-api-key": secret} if secret else {}
    return [Client().generic(method, path, headers=headers) for method, path in calls]
