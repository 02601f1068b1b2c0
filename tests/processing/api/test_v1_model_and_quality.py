"""The fields `model` and `quality`: what may be asked, what ran, what it costs."""

import numpy as np
import pytest
from prometheus_client import REGISTRY

from billing.models import CreditAccount
from processing import engine as engine_module
from processing import services
from processing.engine import Engine
from processing.matting.session import open_session
from processing.models import ModelChoice, RemovalRecord
from processing.slots import Slots
from tests.photos import photo_bytes
from tests.processing.api.conftest import opened, upload


@pytest.fixture
def two_models(settings):
    settings.ALLOWED_MODELS = ["isnet-general-use", "u2netp"]


def test_another_model_cuts_a_photo_out_for_the_same_price(alice, alice_credits, two_models, monkeypatch):
    monkeypatch.setattr(services, "engine", Engine())
    photo = upload("grace.jpg", photo_bytes("grace_hopper"))

    response = alice.post("/v1/remove", {"image_file": photo, "model": "u2netp", "quality": "best"})

    alpha = np.asarray(opened(response))[..., 3]
    assert (alpha[300, 256], alpha[5, 5]) == (255, 0)
    assert (response["X-Model"], response["X-Quality"]) == ("u2netp", "best")
    assert alice_credits() == 9
    record = RemovalRecord.objects.get()
    assert (record.model, record.quality) == ("u2netp", "best")


@pytest.mark.parametrize(
    ("fields", "model", "quality"),
    [
        ({}, "isnet-general-use", "standard"),
        ({"model": "", "quality": ""}, "isnet-general-use", "standard"),
        ({"model": "isnet-general-use", "quality": "fast"}, "isnet-general-use", "fast"),
        ({"model": "u2netp", "quality": "standard"}, "u2netp", "standard"),
    ],
)
def test_the_answer_and_the_record_say_what_ran(alice, disc, picture, two_models, fields, model, quality):
    response = alice.post("/v1/remove", {"image_file": picture(), **fields})

    assert (response["X-Model"], response["X-Quality"]) == (model, quality)
    record = RemovalRecord.objects.get()
    assert (record.model, record.quality) == (model, quality)


def test_the_time_it_took_is_counted_by_model_and_quality(alice, disc, picture, two_models):
    def counted() -> float:
        labels = {"model": "u2netp", "quality": "fast"}
        return REGISTRY.get_sample_value("removebg_removal_seconds_count", labels) or 0

    before = counted()
    alice.post("/v1/remove", {"image_file": picture(), "model": "u2netp", "quality": "fast"})
    alice.post("/v1/remove", {"image_file": picture()})

    assert counted() == before + 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"model": "u3net"}, "model: must be one of: isnet-general-use, u2netp."),
        ({"model": "silueta"}, "model: must be one of: isnet-general-use, u2netp."),
        ({"quality": "9"}, "quality: must be one of: fast, standard, best."),
    ],
)
def test_what_is_not_offered_is_refused_with_the_choices(alice, alice_credits, disc, picture, two_models, fields, told):
    response = alice.post("/v1/remove", {"image_file": picture(), **fields})

    assert (response.status_code, response.json()["code"]) == (400, "validation_error")
    assert response.json()["message"] == told
    assert list(response.json()["details"]) == list(fields)
    assert alice_credits() == 10


def test_only_the_default_model_is_offered_unless_the_operator_allows_more(alice, disc, picture):
    response = alice.post("/v1/remove", {"image_file": picture(), "model": "u2netp"})

    assert response.json()["message"] == "model: must be one of: isnet-general-use."


def test_an_organizations_own_model_runs_where_none_is_named(alice, shop, disc, picture, two_models):
    ModelChoice.objects.create(organization=shop, model="u2netp")

    by_choice = alice.post("/v1/remove", {"image_file": picture()})
    by_name = alice.post("/v1/remove", {"image_file": picture(), "model": "isnet-general-use"})

    assert (by_choice["X-Model"], by_name["X-Model"]) == ("u2netp", "isnet-general-use")


def test_a_model_without_its_weights_is_503_and_free(alice, alice_credits, picture, settings, tmp_path, monkeypatch):
    real_folder, settings.MODEL_CACHE_DIR = settings.MODEL_CACHE_DIR, tmp_path
    settings.ALLOWED_MODELS = ["isnet-general-use", "u2netp"]
    monkeypatch.setattr(services, "engine", Engine())

    response = alice.post("/v1/remove", {"image_file": picture(), "model": "u2netp"}, idempotency_key="k")

    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert "u2netp is not ready" in response.json()["message"]
    assert int(response["Retry-After"]) > 0
    assert alice_credits() == 10
    settings.MODEL_CACHE_DIR = real_folder
    monkeypatch.setattr(services, "engine", Engine())
    later = alice.post("/v1/remove", {"image_file": picture(), "model": "u2netp"}, idempotency_key="k")
    assert later.status_code == 200
    assert alice_credits() == 9


def test_whoever_cannot_pay_has_no_model_opened(alice, shop, picture, two_models, monkeypatch):
    engine = Engine()
    monkeypatch.setattr(services, "engine", engine)
    CreditAccount.objects.filter(organization=shop).update(held=10)

    response = alice.post("/v1/remove", {"image_file": picture(), "model": "u2netp"}, idempotency_key="k")

    assert response.status_code == 402
    assert engine.status("u2netp").state == "closed"


def test_a_model_is_opened_without_a_slot(alice, alice_credits, picture, two_models, monkeypatch):
    engine, slots = Engine(), Slots(places=1, waiting_places=0, wait_s=0)
    working = []

    def open_and_look(*args, **kwargs):
        working.append(slots.working)
        return open_session(*args, **kwargs)

    monkeypatch.setattr(engine_module, "open_session", open_and_look)
    monkeypatch.setattr(services, "engine", engine)
    monkeypatch.setattr(services, "image_slots", slots)

    response = alice.post("/v1/remove", {"image_file": picture(), "model": "u2netp"})

    assert response.status_code == 200
    assert working == [0]
    assert alice_credits() == 9


@pytest.mark.parametrize("change", [{"quality": "best"}, {"quality": "fast"}, {"model": "u2netp"}])
def test_another_model_or_quality_is_another_request(alice, alice_credits, disc, picture, two_models, change):
    alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")

    answer = alice.post("/v1/remove", {"image_file": picture(), **change}, idempotency_key="k")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert alice_credits() == 9


def test_naming_the_defaults_is_no_other_request(alice, alice_credits, disc, picture, two_models):
    alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")
    named = {"quality": "standard", "model": "isnet-general-use"}

    again = alice.post("/v1/remove", {"image_file": picture(), **named}, idempotency_key="k")

    assert (again.status_code, again["X-Credits-Charged"]) == (200, "0")
    assert alice_credits() == 9


def test_when_the_organizations_model_changed_naming_the_old_one_repeats_the_old_request(
    alice, alice_credits, shop, disc, picture, two_models
):
    alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")
    ModelChoice.objects.create(organization=shop, model="u2netp")

    changed = alice.post("/v1/remove", {"image_file": picture()}, idempotency_key="k")
    named = alice.post("/v1/remove", {"image_file": picture(), "model": "isnet-general-use"}, idempotency_key="k")

    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_key_reused")
    assert (named.status_code, named["X-Credits-Charged"]) == (200, "0")
    assert alice_credits() == 9
