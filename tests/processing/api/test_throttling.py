"""Rate limits: the plan's minute, the burst rule, strangers by address, and a cache that is gone."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from prometheus_client import REGISTRY

from accounts import api_keys
from billing.selectors import account_of
from tests.factories import make_key, make_member, make_organization
from tests.processing.api.conftest import Caller

LATER_THAN_ANY_TEST = 4_000_000_000


def limit_plan(organization, *, a_minute, a_second=1000):
    plan = account_of(organization).plan
    plan.requests_per_minute, plan.requests_per_second = a_minute, a_second
    plan.save()


@pytest.fixture
def clock():
    """A clock that stands still in the first second of a window of any length, until told."""
    with time_machine.travel(LATER_THAN_ANY_TEST, tick=False) as travel:
        yield travel


def test_the_headers_count_down(alice, shop):
    limit_plan(shop, a_minute=3)

    answers = [alice.post("/v1/remove") for _ in range(3)]

    assert [answer["X-RateLimit-Limit"] for answer in answers] == ["3", "3", "3"]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0"]
    assert all(time.time() < int(answer["X-RateLimit-Reset"]) <= time.time() + 61 for answer in answers)


def test_one_too_many_is_429_and_says_when_to_come_back(alice, shop, clock):
    limit_plan(shop, a_minute=2)
    alice.post("/v1/remove")
    alice.post("/v1/remove")

    refused = alice.post("/v1/remove")

    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limit_exceeded")
    assert refused["X-RateLimit-Remaining"] == "0"
    wait_s = int(refused["Retry-After"])
    assert int(refused["X-RateLimit-Reset"]) == time.time() + wait_s
    clock.shift(wait_s - 1)
    assert alice.post("/v1/remove").status_code == 429, "Retry-After is not longer than needed"
    clock.shift(1)
    assert alice.post("/v1/remove").status_code == 400, "nor shorter: the key is let in again"


def test_a_burst_is_refused_for_a_second(alice, shop, clock):
    limit_plan(shop, a_minute=100, a_second=2)

    answers = [alice.post("/v1/remove").status_code for _ in range(3)]
    clock.shift(1)

    assert answers == [400, 400, 429]
    assert alice.post("/v1/remove").status_code == 400


def test_keys_of_one_organization_share_the_rate_of_its_plan(alice, shop, clock):
    limit_plan(shop, a_minute=3)
    callers = [alice, *(Caller(make_key(shop).secret) for _ in range(3))]

    statuses = [caller.post("/v1/remove").status_code for caller in callers]

    assert statuses == [400, 400, 400, 429]
    other = Caller(make_key(make_organization("Bob's", plan="pro")).secret)
    assert other.post("/v1/remove").status_code == 400


def test_pages_and_keys_share_the_rate_of_the_plan(alice, shop, clock, picture, disc):
    limit_plan(shop, a_minute=2)
    person = Client()
    person.force_login(make_member(shop))

    statuses = [
        alice.post("/v1/remove").status_code,
        person.post("/try/remove", {"image_file": picture()}).status_code,
        person.post("/try/remove", {"image_file": picture()}).status_code,
        alice.post("/v1/remove").status_code,
    ]

    assert statuses == [400, 200, 429, 429]


def test_key_with_its_own_limit_is_refused_beyond_it_and_the_others_are_not(alice, shop, clock):
    limit_plan(shop, a_minute=5)
    slow = Caller(make_key(shop, requests_per_minute=2).secret)

    answers = [slow.post("/v1/remove") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [400, 400, 429, 429]
    assert "own rate limit" in answers[2].json()["message"]
    assert [answer["X-RateLimit-Limit"] for answer in answers] == ["2"] * 4
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0", "0"]
    assert alice.post("/v1/remove")["X-RateLimit-Remaining"] == "2", "its refusals do not count for the organization"


def test_headers_show_the_limit_with_fewer_requests_left(alice, shop, clock):
    limit_plan(shop, a_minute=4)
    slow = Caller(make_key(shop, requests_per_minute=3).secret)
    first = slow.post("/v1/remove")
    for _ in range(2):
        alice.post("/v1/remove")

    assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"]) == ("3", "2")
    assert (slow.get("/v1/me")["X-RateLimit-Limit"], slow.get("/v1/me")["X-RateLimit-Remaining"]) == ("4", "1")


def test_rotated_key_shares_its_own_limit_with_the_key_before(shop, clock):
    old = make_key(shop, requests_per_minute=2)
    new = api_keys.rotate(old.api_key, overlap=timedelta(hours=1))

    statuses = [Caller(secret).post("/v1/remove").status_code for secret in (old.secret, new.secret, new.secret)]

    assert new.api_key.requests_per_minute == 2
    assert statuses == [400, 400, 429]


def test_a_refused_key_can_still_read_its_account(alice, shop):
    limit_plan(shop, a_minute=1)
    assert [alice.post("/v1/remove").status_code for _ in range(2)] == [400, 429]

    assert alice.get("/v1/me").status_code == 200


@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v1/me", "/v1/remove"])
def test_strangers_see_their_numbers_on_every_answer(stranger, path):
    answer = stranger.post(path)

    assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("60", "59")


def test_strangers_are_counted_by_address_and_keys_are_not(alice, stranger, settings):
    settings.STRANGER_RATE = "2/m"

    answers = [stranger.post("/v1/remove").status_code for _ in range(3)]

    assert answers == [401, 401, 429]
    assert stranger.get("/v1/nothing").status_code == 429
    assert alice.post("/v1/remove").status_code == 400, "a valid key from the same address passes"


def test_a_strangers_address_is_the_one_the_trusted_proxy_saw(stranger, settings):
    settings.STRANGER_RATE, settings.TRUSTED_PROXIES = "1/m", 1

    def ask(seen):
        return stranger.post("/v1/remove", x_forwarded_for=f"1.1.1.1, {seen}").status_code

    assert [ask("203.0.113.7"), ask("203.0.113.7"), ask("203.0.113.8")] == [401, 429, 401]


@pytest.mark.parametrize(
    ("twin", "is_the_same"),
    [("2001:db8:9:9::7", True), ("2001:db8:9:9:ffff::1%eth0", True), ("2001:db8:9:8::1", False)],
)
def test_a_line_of_ipv6_is_one_stranger(stranger, settings, twin, is_the_same):
    settings.STRANGER_RATE, settings.TRUSTED_PROXIES = "1/m", 1

    stranger.get("/v1/me", x_forwarded_for="2001:db8:9:9::1")

    assert (stranger.get("/v1/me", x_forwarded_for=twin).status_code == 429) is is_the_same


def test_ipv4_written_as_ipv6_is_ipv4(stranger, settings):
    settings.STRANGER_RATE, settings.TRUSTED_PROXIES = "1/m", 1
    stranger.get("/v1/me", x_forwarded_for="::ffff:203.0.113.9")

    assert stranger.get("/v1/me", x_forwarded_for="203.0.113.9").status_code == 429
    assert stranger.get("/v1/me", x_forwarded_for="::ffff:203.0.113.10").status_code == 401


def test_a_forged_forwarded_header_is_not_believed_without_a_proxy(stranger, settings):
    settings.STRANGER_RATE = "1/m"

    answers = [stranger.post("/v1/remove", x_forwarded_for=f"203.0.113.{n}").status_code for n in range(2)]

    assert answers == [401, 429]


def test_with_the_cache_gone_requests_pass_credits_guard_and_a_metric_counts(settings, disc, picture):
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1},
        }
    }
    organization = make_organization("Carol's", credits=1)
    limit_plan(organization, a_minute=1)
    carol = Caller(make_key(organization).secret)
    before = REGISTRY.get_sample_value("removebg_rate_limit_unavailable_total") or 0

    answers = [carol.post("/v1/remove", {"image_file": picture()}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 402, 402]
    assert all(answer["X-RateLimit-Limit"] == "1" for answer in answers)
    assert (REGISTRY.get_sample_value("removebg_rate_limit_unavailable_total") or 0) > before
