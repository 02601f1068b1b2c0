"""POST /trial/remove: small previews for strangers, which the ledger never hears of."""

import threading

import pytest
from django.test import Client

from billing.models import CreditHold, IdempotencyClaim, LedgerEntry
from processing.models import RemovalRecord
from processing.slots import image_slots, trial_slots
from tests.processing.playground.conftest import a_photo, not_a_photo, opened

PATH = "/trial/remove"


def test_a_stranger_gets_a_small_preview(stranger, settings):
    settings.TRIAL_PREVIEW_SIDE_PX = 64

    cutout = opened(stranger.post(PATH, {"image_file": a_photo(200, 100), "size": "full", "width": "180"}))

    assert (cutout.mode, cutout.size) == ("RGBA", (64, 32))


def test_the_ledger_and_the_records_hear_nothing(stranger, shop):
    entries = LedgerEntry.objects.count()

    assert stranger.post(PATH, {"image_file": a_photo()}, headers={"Idempotency-Key": "k"}).status_code == 200

    assert LedgerEntry.objects.count() == entries
    assert (CreditHold.objects.count(), IdempotencyClaim.objects.count()) == (0, 0)
    assert RemovalRecord.objects.count() == 0


def test_an_address_has_a_few_previews_and_then_an_account_to_make(stranger, settings):
    settings.TRIAL_PREVIEWS = "2/d"
    answers = [stranger.post(PATH, {"image_file": a_photo()}) for _ in range(3)]
    elsewhere = stranger.post(PATH, {"image_file": a_photo()}, REMOTE_ADDR="203.0.113.9")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "rate_limit_exceeded"
    assert "account" in answers[2].json()["message"]
    assert int(answers[2]["Retry-After"]) >= 1
    assert elsewhere.status_code == 200


def test_what_could_not_be_read_is_no_preview(stranger, settings):
    settings.TRIAL_PREVIEWS = "1/d"

    refused = stranger.post(PATH, {"image_file": not_a_photo()})

    assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")
    assert stranger.post(PATH, {"image_file": a_photo()}).status_code == 200


def test_strangers_attempts_are_counted_whatever_they_send(stranger, settings):
    settings.STRANGER_RATE = "2/m"

    assert [stranger.post(PATH).status_code for _ in range(3)] == [400, 400, 429]


def test_an_operator_may_close_the_trial(stranger, settings):
    settings.TRIAL_OPEN = False

    answer = stranger.post(PATH, {"image_file": a_photo()})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_another_sites_form_is_refused(settings):
    client = Client(enforce_csrf_checks=True)
    forged = client.post(PATH, {"image_file": a_photo()})
    client.get("/")
    token = client.cookies["csrftoken"].value

    assert (forged.status_code, forged.json()["code"]) == (403, "permission_denied")
    assert client.post(PATH, {"image_file": a_photo()}, headers={"X-CSRFToken": token}).status_code == 200


def test_one_stranger_at_a_time_and_a_busy_answer_is_no_preview(stranger, settings):
    settings.TRIAL_PREVIEWS = "1/d"
    with trial_slots.acquire():
        busy = stranger.post(PATH, {"image_file": a_photo()})

    assert (busy.status_code, busy.json()["code"]) == (503, "server_busy")
    assert int(busy["Retry-After"]) >= 1
    assert stranger.post(PATH, {"image_file": a_photo()}).status_code == 200


def test_a_stranger_never_waits_in_the_line_of_those_who_pay(stranger, settings):
    """With every slot taken a preview is refused at once, and waiting places stay free."""
    holders, release = [], threading.Event()

    def hold(taken: threading.Event) -> None:
        with image_slots.acquire():
            taken.set()
            release.wait(10)

    for _ in range(settings.IMAGE_SLOTS):
        taken = threading.Event()
        holders.append(threading.Thread(target=hold, args=[taken]))
        holders[-1].start()
        assert taken.wait(10)
    answer = stranger.post(PATH, {"image_file": a_photo()})
    release.set()
    for holder in holders:
        holder.join()

    assert (answer.status_code, answer.json()["code"]) == (503, "server_busy")


def test_a_call_without_a_photo_says_so(stranger):
    assert stranger.post(PATH).json()["code"] == "missing_image"


@pytest.mark.parametrize(("file", "status"), [(a_photo, 200), (not_a_photo, 400)])
def test_a_plain_form_gets_a_file_or_a_page(stranger, file, status):
    answer = stranger.post("/trial/download", {"image_file": file()})

    assert answer.status_code == status
    assert answer.has_header("Content-Disposition") == (status == 200)


def test_a_get_is_not_a_preview(stranger):
    assert stranger.get(PATH).status_code == 405
