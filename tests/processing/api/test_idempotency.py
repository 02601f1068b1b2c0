"""One Idempotency-Key, one credit: the promises of decisions.md 13, by HTTP."""

import pytest

from billing import idempotency
from billing.selectors import account_of
from processing import services
from tests.processing.api.conftest import picture_bytes, upload


def test_the_same_request_again_is_computed_again_for_free(alice, alice_credits, disc, picture):
    first = alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="order-1")
    again = alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="order-1")

    assert (first.status_code, first["X-Credits-Charged"]) == (200, "1")
    assert (again.status_code, again["X-Credits-Charged"]) == (200, "0")
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert alice_credits() == 9


def test_a_repetition_needs_no_credits(alice, alice_credits, disc, picture, shop):
    alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="order-1")
    account = account_of(shop)
    type(account).objects.filter(pk=account.pk).update(held=9)

    assert alice.post("/v1/remove", {"image_file": picture()}).status_code == 402
    assert alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="order-1").status_code == 200


def test_spelling_and_packing_do_not_make_another_request(alice, alice_credits, disc):
    data = picture_bytes()
    alice.post(
        "/v1/remove", {"image_file": upload("a.png", data), "format": "jpg", "bg_color": "white"}, idempotency_key='"k"'
    )

    again = alice.post(
        "/v1/remove", {"bg_color": "#fff", "format": "jpg", "file": upload("b.jpg", data)}, idempotency_key="k"
    )

    assert again["X-Credits-Charged"] == "0"
    assert alice_credits() == 9


@pytest.mark.parametrize("change", [{"format": "webp"}, {"size": "preview"}, {"crop": "true"}, {"image_file": None}])
def test_another_request_under_the_key_is_422(alice, alice_credits, disc, picture, change):
    alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")
    other = upload("other.png", picture_bytes(colour="red"))
    fields = {"image_file": picture(), **change} if "image_file" not in change else {"image_file": other}

    answer = alice.post("/v1/remove", fields, idempotency_key="k")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert alice_credits() == 9


def test_a_request_still_running_is_409_with_retry_after(alice, alice_credits, disc, picture, monkeypatch):
    seen = []

    def ask_again_meanwhile(*args, **kwargs):
        monkeypatch.setattr(services, "cut_out_opened", real)
        seen.append(alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k"))
        return real(*args, **kwargs)

    real = services.cut_out_opened
    monkeypatch.setattr(services, "cut_out_opened", ask_again_meanwhile)

    first = alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")

    assert first.status_code == 200
    assert (seen[0].status_code, seen[0].json()["code"]) == (409, "request_in_progress")
    assert int(seen[0]["Retry-After"]) >= 1
    assert alice_credits() == 9


@pytest.mark.parametrize("broken", [b"no image", picture_bytes(200, 200, "JPEG")[:-99]])
def test_a_refusal_is_not_remembered(alice, alice_credits, disc, broken):
    refused = alice.post("/v1/remove", {"image_file": upload("x.jpg", broken)}, idempotency_key="k")
    good = alice.post("/v1/remove", {"image_file": upload("y.png", picture_bytes())}, idempotency_key="k")

    assert (refused.status_code, good.status_code) == (400, 200)
    assert alice_credits() == 9


def test_our_own_crash_frees_the_key(alice, alice_credits, disc, picture, monkeypatch):
    def crash(*args, **kwargs):
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(services, "cut_out_opened", crash)
        crashed = alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")
    again = alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")

    assert (crashed.status_code, again.status_code, again["X-Credits-Charged"]) == (500, 200, "1")
    assert alice_credits() == 9


def test_two_organizations_may_use_the_same_key(alice, disc, picture):
    from tests.factories import make_key, make_organization
    from tests.processing.api.conftest import Caller

    bob = Caller(make_key(make_organization("Bob's", credits=5)).secret)
    alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")

    assert bob.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")["X-Credits-Charged"] == "1"


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é", '"unclosed', "tab\there"])
def test_a_malformed_key_is_400(alice, alice_credits, disc, picture, key):
    answer = alice.post("/v1/remove", {"image_file": picture()}, idempotency_key=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert alice_credits() == 10


def test_a_key_whose_lease_has_passed_is_taken_over(alice, disc, picture, shop, settings):
    settings.IDEMPOTENCY_LEASE_S = 0
    fingerprint_of_the_dead = "0" * 64
    idempotency.claim(account_of(shop), key="k", fingerprint=fingerprint_of_the_dead)

    assert alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k").status_code == 200


def test_v1_0_repeats_free_under_the_same_key_too(alice, alice_credits, disc, picture):
    first = alice.post("/v1.0/removebg", {"image_file": picture()}, idempotency_key="k")
    again = alice.post("/v1.0/removebg", {"image_file": picture()}, idempotency_key="k")
    other = alice.post("/v1.0/removebg", {"image_file": picture(), "size": "full"}, idempotency_key="k")

    assert (first.status_code, first["X-Credits-Charged"]) == (200, "1")
    assert (again.status_code, again["X-Credits-Charged"], again["Idempotent-Replayed"]) == (200, "0", "true")
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "idempotency_key_reused")
    assert alice_credits() == 9


def test_other_spellings_are_the_same_request(alice, alice_credits, disc, picture):
    spellings = [{"crop": "true", "format": "png"}, {"crop": "1", "format": "auto"}]
    answers = [
        alice.post("/v1/remove", {"image_file": picture(), **fields}, idempotency_key="k") for fields in spellings
    ]

    assert [answer["X-Credits-Charged"] for answer in answers] == ["1", "0"]
    assert alice_credits() == 9
