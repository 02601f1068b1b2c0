"""GET /v1/me: what is left, for free."""

from billing import ledger
from billing.selectors import account_of
from tests.processing.api.conftest import upload


def test_me_says_who_is_calling_and_what_is_left(alice, shop, disc, picture):
    alice.post("/v1/remove", {"image_file": picture()})

    assert alice.get("/v1/me").json() == {
        "organizationId": shop.public_id,
        "plan": "Pro",
        "maxCredits": 10,
        "usedCredits": 1,
        "autoRechargeThreshold": None,
    }


def test_an_open_hold_counts_as_used(alice, shop):
    ledger.hold(account_of(shop), amount=3)

    me = alice.get("/v1/me").json()

    assert me["maxCredits"] - me["usedCredits"] == 7


def test_me_shows_the_threshold_of_auto_recharge(alice, shop):
    account = account_of(shop)
    account.auto_recharge_threshold = 5
    account.save(update_fields=["auto_recharge_threshold"])

    assert alice.get("/v1/me").json()["autoRechargeThreshold"] == 5


def test_me_is_free_and_outside_the_rate_limit(alice, alice_credits, shop):
    plan = account_of(shop).plan
    plan.requests_per_minute = plan.requests_per_second = 2
    plan.save()

    answers = [alice.get("/v1/me") for _ in range(10)]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer["X-RateLimit-Remaining"] for answer in answers} == {"2"}
    assert alice_credits() == 10


def test_refused_images_leave_everything_as_it_was(alice):
    before = alice.get("/v1/me").json()

    alice.post("/v1/remove", {"image_file": upload("x.png", b"no image")})

    assert alice.get("/v1/me").json() == before
