"""Free work steps aside for paid work before each of its steps; paid work does not."""

import pytest

from processing import services
from tests.factories import make_key
from tests.processing.api.conftest import Caller, picture_bytes, upload

STEPS = 7
"""Six steps and a run of the network."""


@pytest.fixture
def steps(monkeypatch):
    """Return a list with an entry for each time that work stepped aside."""
    steps = []
    monkeypatch.setattr(services.image_slots, "step_aside", lambda: steps.append(1))
    return steps


def send(caller, quality="standard", **headers):
    sent = {"image_file": upload("x.png", picture_bytes()), "quality": quality}
    return caller.post("/v1/remove", sent, **headers).status_code


def test_a_paid_call_steps_aside_for_nobody_and_its_replay_does(alice, alice_credits, disc, steps):
    assert send(alice, idempotency_key="k") == 200
    assert not steps

    assert send(alice, idempotency_key="k") == 200
    assert len(steps) == STEPS


def test_a_call_of_a_test_key_steps_aside(shop, disc, steps):
    assert send(Caller(make_key(shop, is_test=True).secret)) == 200
    assert len(steps) == STEPS


def test_a_free_call_that_looks_twice_steps_aside_between_its_looks(shop, disc, steps):
    assert send(Caller(make_key(shop, is_test=True).secret), quality="best") == 200
    assert len(steps) == STEPS + 1


def test_a_preview_steps_aside(disc, steps):
    services.preview(picture_bytes(), side_px=100)
    assert len(steps) == STEPS
