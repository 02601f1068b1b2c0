"""The cheapest refusal first: 401, 403, 429, 400, 422/409, 402, 503, and 400 again while decoding (decisions.md 1).

Each case breaks everything from one step on and expects that step's answer.
"""

import pytest
from django.utils import timezone

from billing import idempotency
from billing.selectors import account_of
from processing import services
from processing.slots import Slots
from tests.factories import make_key
from tests.processing.api.conftest import Caller, picture_bytes, upload

STEPS = ["key", "suspended", "rate", "field", "header", "claim", "credits", "slots", "pixels"]
EXPECTED = {
    "key": (401, "authentication_error"),
    "suspended": (403, "permission_denied"),
    "rate": (429, "rate_limit_exceeded"),
    "field": (400, "validation_error"),
    "header": (400, "image_too_large"),
    "claim": (422, "idempotency_key_reused"),
    "credits": (402, "payment_required"),
    "slots": (503, "server_busy"),
    "pixels": (400, "validation_error"),
}


V1_0_EXPECTED = {
    "key": (403, "auth_failed"),
    "suspended": (403, "auth_failed"),
    "rate": (429, "rate_limit_exceeded"),
    "field": (400, "invalid_size"),
    "header": (400, "resolution_too_high"),
    "claim": (422, "idempotency_key_reused"),
    "credits": (402, "insufficient_credits"),
    "slots": (429, "server_busy"),
    "pixels": (400, "failed_to_read_image"),
}


@pytest.mark.parametrize("first_broken", STEPS)
def test_the_first_broken_step_answers(first_broken, shop, settings, monkeypatch, disc):
    answer = answer_with_broken("/v1/remove", first_broken, shop, settings, monkeypatch)

    assert (answer.status_code, answer.json()["code"]) == EXPECTED[first_broken]


@pytest.mark.parametrize("first_broken", STEPS)
def test_v1_0_refuses_in_the_same_order(first_broken, shop, settings, monkeypatch, disc):
    answer = answer_with_broken("/v1.0/removebg", first_broken, shop, settings, monkeypatch)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == V1_0_EXPECTED[first_broken]


def answer_with_broken(path, first_broken, shop, settings, monkeypatch):
    broken = set(STEPS[STEPS.index(first_broken) :])
    account = account_of(shop)
    secret = make_key(shop).secret
    image = picture_bytes(300, 300, "JPEG")[:-150]
    fields = {}
    if "claim" in broken:
        idempotency.mark_delivered(
            idempotency.claim(account, key="k", fingerprint="another request"), image_digest="a" * 64
        )
    if "credits" in broken:
        type(account).objects.filter(pk=account.pk).update(held=10)
    if "slots" in broken:
        monkeypatch.setattr(services, "image_slots", Slots(places=0, waiting_places=0, wait_s=1))
    if "header" in broken:
        settings.MAX_IMAGE_PIXELS = 100
    if "field" in broken:
        fields["size"] = "tiny"
    if "rate" in broken:
        account.plan.requests_per_minute = account.plan.megapixels_per_minute = 1
        account.plan.save()
        Caller(secret).post(path)
    if "suspended" in broken:
        shop.suspended_at = timezone.now()
        shop.save()
    if "key" in broken:
        secret += "x"

    return Caller(secret).post(path, {"image_file": upload("x.jpg", image), **fields}, idempotency_key="k")
