"""Who asks v1.0 has an answer within V1_0_ANSWER_WITHIN_S: some clients stop listening after 20 seconds."""

import time

from processing import services
from processing.slots import Slots
from tests.photos import photo_bytes
from tests.processing.api.conftest import picture_bytes, upload

REMOVE = "/v1.0/removebg"


def test_the_line_is_left_in_time(alice, alice_credits, disc, settings, monkeypatch):
    settings.V1_0_ANSWER_WITHIN_S = 0.3
    line = Slots(places=1, waiting_places=1, wait_s=30)
    monkeypatch.setattr(services, "image_slots", line)
    began = time.monotonic()

    with line.acquire():
        response = alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes())})

    assert time.monotonic() - began < 5
    assert (response.status_code, response.json()["errors"][0]["code"]) == (429, "server_busy")
    assert "Retry-After" in response
    assert alice_credits() == 10


def test_a_run_of_the_network_is_given_up_in_time(alice, alice_credits, settings):
    photo = photo_bytes("grace_hopper")
    assert alice.post(REMOVE, {"image_file": upload("x.jpg", photo)}).status_code == 200
    settings.V1_0_ANSWER_WITHIN_S = 0.25
    began = time.monotonic()

    response = alice.post(REMOVE, {"image_file": upload("x.jpg", photo)})

    assert time.monotonic() - began < 5
    assert (response.status_code, response.json()["errors"][0]["code"]) == (429, "server_busy")
    assert alice_credits() == 9
    settings.V1_0_ANSWER_WITHIN_S = 18
    again = alice.post(REMOVE, {"image_file": upload("x.jpg", photo)})
    assert again.status_code == 200, "the session is none the worse"


def test_v1_waits_as_long_as_it_takes(alice, disc, settings):
    settings.V1_0_ANSWER_WITHIN_S = 0.0001

    assert alice.post("/v1/remove", {"image_file": upload("x.png", picture_bytes())}).status_code == 200


def test_another_photos_run_is_not_waited_for_longer(alice, alice_credits, settings):
    session = services.engine.session()
    settings.V1_0_ANSWER_WITHIN_S = 2
    began = time.monotonic()

    with session._one_run:
        response = alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes())})

    assert 1.5 < time.monotonic() - began < 10
    assert (response.status_code, response.json()["errors"][0]["code"]) == (429, "server_busy")
    assert alice_credits() == 10
