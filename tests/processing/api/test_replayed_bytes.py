"""A replay is known by the bytes that were paid for, also of images that are fetched by their address."""

import pytest
from django.test import Client

from billing.models import MAX_REPLAYS, IdempotencyClaim
from processing import services
from processing.slots import Slots
from tests.factories import make_member
from tests.processing.api.conftest import picture_bytes, upload

PATHS = ("/v1/remove", "/v1.0/removebg")


def code_of(answer):
    body = answer.json()
    return body["errors"][0]["code"] if "errors" in body else body["code"]


@pytest.mark.parametrize("path", PATHS)
def test_changed_image_behind_the_address_is_refused_under_the_same_key(alice, alice_credits, disc, picture_host, path):
    fields = {"image_url": picture_host.url("photo")}
    first = alice.post(path, fields, idempotency_key="k")
    again = alice.post(path, fields, idempotency_key="k")
    answers = []
    for colour in ("blue", "green"):
        picture_host.pictures["photo"] = picture_bytes(colour=colour)
        answers.append(alice.post(path, fields, idempotency_key="k"))

    assert (first["X-Credits-Charged"], again["X-Credits-Charged"]) == ("1", "0")
    assert again["Idempotent-Replayed"] == "true"
    assert [(answer.status_code, code_of(answer)) for answer in answers] == [(422, "idempotency_key_reused")] * 2
    assert alice_credits() == 9, "the first delivery stays charged, the others cost nothing"


def test_changed_background_behind_the_address_is_refused(alice, alice_credits, disc, picture, picture_host):
    def send():
        fields = {"image_file": picture(), "bg_image_url": picture_host.url("wall")}
        return alice.post("/v1.0/removebg", fields, idempotency_key="k")

    assert [send()["X-Credits-Charged"] for _ in range(2)] == ["1", "0"]
    picture_host.pictures["wall"] = picture_bytes(colour="blue")
    refused = send()

    assert (refused.status_code, code_of(refused)) == (422, "idempotency_key_reused")
    assert alice_credits() == 9


def test_swapped_image_and_background_are_other_bytes(alice, disc, picture_host):
    fields = {"image_url": picture_host.url("photo"), "bg_image_url": picture_host.url("wall")}
    alice.post("/v1.0/removebg", fields, idempotency_key="k")
    pictures = picture_host.pictures
    pictures["photo"], pictures["wall"] = pictures["wall"], pictures["photo"]

    assert alice.post("/v1.0/removebg", fields, idempotency_key="k").status_code == 422


def test_bytes_are_compared_before_a_slot_is_taken(alice, disc, picture_host, monkeypatch):
    fields = {"image_url": picture_host.url("photo")}
    alice.post("/v1/remove", fields, idempotency_key="k")
    picture_host.pictures["photo"] = picture_bytes(colour="blue")
    full = Slots(places=1, waiting_places=0, wait_s=9)
    monkeypatch.setattr(services, "image_slots", full)

    with full.acquire():
        assert alice.post("/v1/remove", fields, idempotency_key="k").status_code == 422


def test_playground_is_held_to_the_same_bytes(shop, alice_credits, disc, picture_host):
    person = Client(raise_request_exception=False)
    person.force_login(make_member(shop))
    fields = {"image_url": picture_host.url("photo")}
    first = person.post("/try/remove", fields, headers={"Idempotency-Key": "k"})
    picture_host.pictures["photo"] = picture_bytes(colour="blue")
    refused = person.post("/try/remove", fields, headers={"Idempotency-Key": "k"})

    assert (first.status_code, refused.status_code, refused.json()["code"]) == (200, 422, "idempotency_key_reused")
    assert alice_credits() == 9


@pytest.mark.parametrize("dialect", ["v1", "v1.0"])
def test_run_form_is_held_to_the_same_bytes(shop, alice_credits, disc, picture_host, dialect):
    person = Client(raise_request_exception=False, HTTP_ORIGIN="http://testserver")
    person.force_login(make_member(shop))
    fields = {"image_url": picture_host.url("photo"), "run": "abc123", "files": "", "then": "download"}
    first = person.post(f"/docs/migrate/run/{dialect}", fields)
    picture_host.pictures["photo"] = picture_bytes(colour="blue")
    refused = person.post(f"/docs/migrate/run/{dialect}", fields)

    assert (first.status_code, refused.status_code) == (200, 422)
    assert alice_credits() == 9


@pytest.mark.parametrize("path", PATHS)
def test_eleventh_replay_is_refused_and_costs_nothing(alice, alice_credits, disc, picture, path, monkeypatch):
    def send():
        return alice.post(path, {"image_file": picture()}, idempotency_key="k")

    charged = [send()["X-Credits-Charged"] for _ in range(1 + MAX_REPLAYS)]
    refused = send()

    assert charged == ["1"] + ["0"] * MAX_REPLAYS
    assert (refused.status_code, code_of(refused)) == (422, "idempotency_key_reused")
    assert "10 times" in refused.content.decode()
    assert alice_credits() == 9


def test_replay_that_fails_is_not_counted(alice, disc, picture, monkeypatch):
    alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")

    def crash(*args, **kwargs):
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr(services, "cut_out_opened", crash)
        statuses = [
            alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k").status_code for _ in range(3)
        ]

    assert statuses == [500] * 3
    assert IdempotencyClaim.objects.get().replays == 0


def test_digest_is_kept_with_the_delivered_key_only(alice, disc, picture, monkeypatch):
    refused = alice.post("/v1/remove", {"image_file": upload("x.jpg", b"no image")}, idempotency_key="other")
    alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")

    assert refused.status_code == 400
    assert len(IdempotencyClaim.objects.get().image_digest) == 64
