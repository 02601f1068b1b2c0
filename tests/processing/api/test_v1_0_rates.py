"""The v1.0 rate: megapixels of input a minute, in a bucket of its own (api_reference 2.8, decisions 6)."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Organization
from billing import ledger
from billing.models import EntryKind
from billing.selectors import account_of
from processing import services
from processing.slots import Slots
from tests.factories import make_key
from tests.processing.api.conftest import Caller, picture_bytes, upload

REMOVE = "/v1.0/removebg"


def plan_with(shop: Organization, megapixels: int) -> None:
    plan = account_of(shop).plan
    plan.megapixels_per_minute = megapixels
    plan.save()


@pytest.fixture
def clock():
    with time_machine.travel(4_000_000_000 // 60 * 60, tick=False) as travel:
        yield travel


@pytest.mark.parametrize(
    ("size", "cost"), [((625, 400), 1), ((1200, 800), 1), ((1600, 1200), 2), ((2500, 1600), 4), ((4000, 2500), 10)]
)
def test_a_call_costs_its_inputs_megapixels_rounded_up(alice, shop, disc, size, cost, clock):
    response = alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes(*size))})

    assert response.status_code == 200
    assert response["X-RateLimit-Limit"] == "500"
    assert response["X-RateLimit-Remaining"] == str(500 - cost)
    assert int(response["X-RateLimit-Reset"]) == time.time() + 60


def test_an_empty_bucket_refuses_at_once_and_says_when_to_come_back(alice, shop, disc, alice_credits, clock):
    plan_with(shop, 3)
    assert alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes(2500, 1600))}).status_code == 200
    clock.shift(20)

    refused = alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes())})

    assert refused.status_code == 429
    assert refused.json()["errors"][0]["code"] == "rate_limit_exceeded"
    assert refused.json()["errors"][0]["title"] == "Rate limit exceeded"
    assert refused["Retry-After"] == "40"
    assert refused["X-RateLimit-Remaining"] == "0"
    assert alice_credits() == 9
    clock.shift(40)
    assert alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes())}).status_code == 200


def test_a_refused_rate_is_not_counted(alice, shop, disc, clock):
    plan_with(shop, 1)
    alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes())})

    left = [alice.post(REMOVE, {})["X-RateLimit-Remaining"] for _ in range(3)]

    assert left == ["0", "0", "0"]


def test_what_is_refused_unseen_costs_the_least(alice, shop, clock):
    assert [alice.post(REMOVE, {})["X-RateLimit-Remaining"] for _ in range(2)] == ["499", "498"]


def test_each_dialect_has_a_bucket_of_its_own(alice, shop, disc, clock):
    plan_with(shop, 1)
    alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes())})

    assert alice.post(REMOVE, {}).status_code == 429
    assert alice.post("/v1/remove", {}).status_code == 400


def test_keys_of_one_organization_share_the_megapixels(alice, shop, disc, clock):
    plan_with(shop, 2)
    second = Caller(make_key(shop).secret)
    alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes(1600, 1200))})

    assert second.post(REMOVE, {"image_file": upload("x.png", picture_bytes())}).status_code == 429


def test_own_limit_of_a_key_counts_its_v1_0_requests(shop, disc, clock):
    caller = Caller(make_key(shop, requests_per_minute=1).secret)

    answers = [caller.post(REMOVE, {"image_file": upload("x.png", picture_bytes())}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["errors"][0]["code"] == "rate_limit_exceeded"
    assert answers[1]["X-RateLimit-Limit"] == "1"
    assert caller.get("/v1.0/account").status_code == 200


def test_the_account_can_be_asked_whatever_the_rate(alice, shop, disc, clock):
    plan_with(shop, 1)
    alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes())})

    answer = alice.get("/v1.0/account")

    assert answer.status_code == 200
    assert answer["X-RateLimit-Remaining"] == "0"
    assert answer.json() == {
        "data": {
            "attributes": {
                "credits": {"subscription": 0, "payg": 9, "enterprise": 0, "total": 9},
                "api": {"free_calls": 0, "sizes": "all"},
            }
        }
    }
    assert list(answer.json()["data"]["attributes"]["credits"]) == ["subscription", "payg", "enterprise", "total"]


def test_the_account_tells_what_a_plan_brought_from_all_else(alice, shop, disc):
    account, soon = account_of(shop), timezone.now() + timedelta(days=9)
    ledger.grant(account, amount=20, kind=EntryKind.PURCHASE, reason="20 credits.", reference="pi_1")
    ledger.grant(account, amount=30, kind=EntryKind.PLAN, reason="A month.", reference="in_1", expires_at=soon)
    alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes())})  # of what expires first

    credits = alice.get("/v1.0/account").json()["data"]["attributes"]["credits"]

    assert credits == {"subscription": 29, "payg": 30, "enterprise": 0, "total": 59}


def test_a_busy_server_is_429_with_retry_after_for_clients_that_save_a_5xx(alice, alice_credits, disc, monkeypatch):
    full = Slots(places=1, waiting_places=0, wait_s=9)
    monkeypatch.setattr(services, "image_slots", full)

    with full.acquire():
        response = alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes())})

    assert (response.status_code, response.json()["errors"][0]["code"]) == (429, "server_busy")
    assert int(response["Retry-After"]) >= 1
    assert alice_credits() == 10
