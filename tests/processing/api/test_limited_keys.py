"""Keys for tests are free and give samples; a key may be kept to networks and to a cap a month."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from billing import audit
from billing.models import CreditHold, IdempotencyClaim, KeyMonth, LedgerEntry
from processing.models import RemovalRecord
from tests.factories import make_key, make_organization
from tests.processing.api.conftest import Caller, opened, picture_bytes, upload

PATHS = ["/v1/remove", "/v1.0/removebg"]


@pytest.fixture
def tester(shop):
    """Alice with a key for tests."""
    return Caller(make_key(shop, is_test=True).secret)


def send(caller, path, size=(400, 300), **fields):
    return caller.post(path, {"image_file": upload("x.png", picture_bytes(*size)), **fields})


@pytest.mark.parametrize("path", PATHS)
def test_a_test_key_costs_nothing_and_leaves_the_ledger_alone(path, tester, alice_credits, disc):
    entries = LedgerEntry.objects.count()
    answer = send(tester, path)

    assert answer.status_code == 200, answer.content
    assert (answer["X-Credits-Charged"], answer["X-Credits-Remaining"]) == ("0", "10")
    assert LedgerEntry.objects.count() == entries
    assert not CreditHold.objects.exists()
    assert not KeyMonth.objects.exists()
    record = RemovalRecord.objects.get()
    assert (record.status, record.credits_charged, record.origin) == (200, 0, "api")


def test_a_test_key_needs_no_credits_and_remembers_no_repetition(disc):
    tester = Caller(make_key(make_organization("Poor", credits=0), is_test=True).secret)
    for _ in range(2):
        answer = tester.post("/v1/remove", {"image_file": upload("x.png", picture_bytes())}, idempotency_key="once")
        assert (answer.status_code, "Idempotent-Replayed" in answer) == (200, False)

    assert not IdempotencyClaim.objects.exists()
    assert audit.find_disagreements() == []


def test_a_sample_is_marked_all_over_and_small(tester, alice, disc):
    paid = np.asarray(opened(send(alice, "/v1/remove", (1200, 900))))
    answer = send(tester, "/v1/remove", (1200, 900))
    sample = np.asarray(opened(answer))

    assert paid.shape == (900, 1200, 4)
    assert sample.shape[0] * sample.shape[1] <= 250_000
    assert abs(sample.shape[1] / sample.shape[0] - 4 / 3) < 0.01
    assert (answer["X-Image-Width"], answer["X-Image-Height"]) == (str(sample.shape[1]), str(sample.shape[0]))
    corner = sample[: sample.shape[0] // 5, : sample.shape[1] // 3, 3]
    assert (paid[:100, :200, 3] == 0).all(), "far from the disc there is nothing"
    assert 0.05 < (corner == 255).mean() < 0.6, "but in the sample there is the word"


@pytest.mark.parametrize("channels", ["rgb", "alpha"])
def test_every_kind_of_sample_is_marked(channels, tester, disc):
    picture = np.asarray(opened(send(tester, "/v1/remove", channels=channels)).convert("L"))

    assert 0.05 < (picture[:60, :120] < 60).mean() < 0.999
    assert (np.abs(picture[:60, :120].astype(int) - 245) <= 2).mean() > 0.02


def test_a_zip_of_a_sample_is_marked(tester, disc):
    answer = send(tester, "/v1.0/removebg", format="zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        matte = np.asarray(Image.open(io.BytesIO(archive.read("alpha.png"))))

    assert (matte[:60, :120] == 255).mean() > 0.05


@pytest.mark.parametrize(("fields", "status"), [({"size": "tiny"}, 400), ({}, 400)])
def test_a_test_key_is_refused_as_any_other(tester, fields, status):
    assert tester.post("/v1/remove", fields).status_code == status


def test_a_test_key_is_held_to_the_plans_rate(shop, tester, disc):
    plan = shop.credit_account.plan
    plan.requests_per_minute = 1
    plan.save()

    assert [send(tester, "/v1/remove").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(("path", "code"), [("/v1/remove", "permission_denied"), ("/v1.0/removebg", "auth_failed")])
def test_a_key_does_not_work_outside_its_networks(shop, path, code, settings):
    issued = make_key(shop, allowed_networks=["192.0.2.0/24", "2001:db8::/32"])
    answer = Caller(issued.secret).post(path)
    body = answer.json()

    assert answer.status_code == 403
    assert body.get("code", body.get("errors", [{}])[0].get("code")) == code
    assert "from this address" in str(body)
    issued.api_key.refresh_from_db()
    assert issued.api_key.last_used_at is None
    assert not RemovalRecord.objects.exists()


def test_a_key_works_from_its_networks_as_the_proxies_tell_them(shop, settings):
    settings.TRUSTED_PROXIES = 1
    caller = Caller(make_key(shop, allowed_networks=["192.0.2.0/24"]).secret)

    assert caller.get("/v1/me", x_forwarded_for="192.0.2.77").status_code == 200
    assert caller.get("/v1/me", x_forwarded_for="192.0.2.77, 203.0.113.1").status_code == 403


def test_trying_a_key_from_elsewhere_is_slowed_down(shop, settings):
    settings.STRANGER_RATE = "2/m"
    caller = Caller(make_key(shop, allowed_networks=["192.0.2.0/24"]).secret)

    assert [caller.get("/v1/me").status_code for _ in range(3)] == [403, 403, 429]


@pytest.mark.parametrize(
    ("path", "code"), [("/v1/remove", "payment_required"), ("/v1.0/removebg", "insufficient_credits")]
)
def test_a_key_at_its_cap_is_refused_and_told_so(shop, alice, alice_credits, path, code, disc):
    capped = Caller(make_key(shop, monthly_credit_cap=1).secret)
    assert send(capped, path).status_code == 200
    answer = send(capped, path)
    body = answer.json()

    assert answer.status_code == 402
    assert body.get("code", body.get("errors", [{}])[0].get("code")) == code
    assert "may use 1 credit a month" in str(body)
    assert alice_credits() == 9
    assert send(alice, path).status_code == 200
    assert audit.find_disagreements() == []
