"""POST /try/remove: what the API does, for whoever is logged in."""

import pytest
from django.test import Client

from accounts.models import Role
from billing.models import LedgerEntry, Plan
from processing.models import RemovalRecord
from processing.slots import in_flight
from tests.factories import make_key, make_member, make_organization, make_user
from tests.processing.playground.conftest import a_photo, not_a_photo, opened

PATH = "/try/remove"


def test_a_person_gets_the_cutout_for_one_credit(alice, alice_credits):
    answer = alice.post(PATH, {"image_file": a_photo(), "size": "full"})

    assert (opened(answer).mode, opened(answer).size) == ("RGBA", (40, 30))
    assert (answer["X-Credits-Charged"], answer["X-Credits-Remaining"], alice_credits()) == ("1", "9", 9)


def test_the_fields_are_those_of_the_api(alice):
    options = {"format": "jpg", "bg_color": "red", "width": "20"}
    cutout = opened(alice.post(PATH, {"image_file": a_photo(), **options}))
    refused = alice.post(PATH, {"image_file": a_photo(), "format": "bmp"})

    assert (cutout.format, cutout.size) == ("JPEG", (20, 15))
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")
    assert "format" in refused.json()["details"]


def test_a_refused_photo_is_free_and_explained_with_the_requests_id(alice, alice_credits):
    answer = alice.post(PATH, {"image_file": not_a_photo()})

    assert (answer.status_code, answer.json()["code"], alice_credits()) == (400, "validation_error", 10)
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_a_retry_under_the_same_key_is_free(alice, alice_credits):
    answers = [alice.post(PATH, {"image_file": a_photo()}, headers={"Idempotency-Key": "row-1"}) for _ in range(2)]

    assert [answer["X-Credits-Charged"] for answer in answers] == ["1", "0"]
    assert (answers[1]["Idempotent-Replayed"], alice_credits()) == ("true", 9)


def test_without_credits_the_answer_is_402(client):
    client.force_login(make_member(make_organization(credits=0)))

    answer = client.post(PATH, {"image_file": a_photo()})

    assert (answer.status_code, answer.json()["code"]) == (402, "payment_required")


def test_the_record_says_that_a_person_asked(alice, shop):
    alice.post(PATH, {"image_file": a_photo()})
    alice.post(PATH, {"image_file": not_a_photo()})

    records = RemovalRecord.objects.filter(organization=shop).order_by("pk")
    told = [(record.origin, record.status, record.credits_charged, record.api_key) for record in records]
    assert told == [("playground", 200, 1, None), ("playground", 400, 0, None)]


def test_the_record_of_a_call_with_a_key_says_api(shop):
    Client().post("/v1/remove", {"image_file": a_photo()}, headers={"x-api-key": make_key(shop).secret})

    assert RemovalRecord.objects.get().origin == "api"


def test_who_is_logged_out_is_told_so(stranger):
    answer = stranger.post(PATH, {"image_file": a_photo()})

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_error")
    assert "logged out" in answer.json()["message"]
    assert RemovalRecord.objects.count() == 0


def test_a_key_opens_no_door_for_people(shop, stranger):
    answer = stranger.post(PATH, {"image_file": a_photo()}, headers={"x-api-key": make_key(shop).secret})

    assert answer.status_code == 401


@pytest.mark.parametrize("role", Role.values)
def test_every_role_may_cut_out(shop, client, role):
    client.force_login(make_member(shop, "bob@example.com", Role(role)))

    assert client.post(PATH, {"image_file": a_photo()}).status_code == 200


def test_who_belongs_nowhere_and_who_is_suspended_may_not(shop, alice, client):
    client.force_login(make_user("carol@example.com"))
    homeless = client.post(PATH, {"image_file": a_photo()})
    shop.suspended_at = "2026-01-01T00:00:00Z"
    shop.save()
    suspended = alice.post(PATH, {"image_file": a_photo()})

    assert (homeless.status_code, homeless.json()["code"]) == (403, "permission_denied")
    assert (suspended.status_code, "suspended" in suspended.json()["message"]) == (403, True)


@pytest.mark.parametrize("way", ["header", "field"])
def test_a_page_shown_for_another_organization_spends_nothing_of_this_one(alice, alice_credits, way):
    elsewhere = make_organization("Other shop").public_id
    headers = {"X-Shown-Organization": elsewhere} if way == "header" else {}
    fields = {"shown_organization": elsewhere} if way == "field" else {}

    answer = alice.post(PATH, {"image_file": a_photo(), **fields}, headers=headers)

    assert (answer.status_code, alice_credits()) == (403, 10)
    assert "you work in Alice's shop now" in answer.json()["message"]


def test_another_sites_form_is_refused(shop, alice_credits):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(shop))
    forged = client.post(PATH, {"image_file": a_photo()})
    client.get("/try/")
    token = client.cookies["csrftoken"].value
    by_header = client.post(PATH, {"image_file": a_photo()}, headers={"X-CSRFToken": token})
    by_field = client.post(PATH, {"image_file": a_photo(), "csrfmiddlewaretoken": token})

    assert (forged.status_code, forged.json()["code"]) == (403, "permission_denied")
    assert (by_header.status_code, by_field.status_code, alice_credits()) == (200, 403, 9)


def test_a_large_upload_is_refused_before_it_is_read_in_the_apis_words(alice, settings):
    settings.MAX_BODY_BYTES = 2_000_000

    answer = alice.post(PATH, {"image_file": a_photo(), "filler": "x" * 2_000_000})

    assert (answer.status_code, answer.json()["code"]) == (400, "image_too_large")


def test_a_photo_larger_than_other_forms_may_be_is_taken(alice, settings):
    settings.MAX_FORM_BYTES = 1024
    file = a_photo()
    file.seek(0, 2)
    file.write(b"\0" * 4096)  # what follows the end of a PNG is ignored
    file.seek(0)

    assert alice.post(PATH, {"image_file": file}).status_code == 200
    assert alice.post("/organizations/switch/", {"organization": "x" * 4096}).status_code == 400


def test_the_plans_rate_counts_all_people_of_an_organization_together(alice, shop, client):
    Plan.objects.filter(slug="pro").update(requests_per_minute=1, requests_per_second=100)
    client.force_login(make_member(shop, "bob@example.com", Role.MEMBER))
    first, second = (who.post(PATH, {"image_file": a_photo()}) for who in (alice, client))

    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second["Retry-After"]) >= 1


def test_the_plans_concurrency_holds_for_people_too(alice, shop):
    Plan.objects.filter(slug="pro").update(max_concurrency=1)

    with in_flight.enter(shop.pk, limit=1):
        answer = alice.post(PATH, {"image_file": a_photo()})

    assert (answer.status_code, answer["Retry-After"]) == (429, "1")


def test_a_plain_form_gets_a_file_with_the_photos_name(alice):
    answer = alice.post("/try/download", {"image_file": a_photo(name="my cat.jpeg"), "format": "webp"})

    assert opened(answer).format == "WEBP"
    assert answer["Content-Disposition"] == 'attachment; filename="my cat-cutout.webp"'


def test_a_plain_form_gets_a_page_that_says_what_is_wrong(alice, alice_credits):
    answer = alice.post("/try/download", {"image_file": not_a_photo()})

    assert (answer.status_code, answer["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert answer["X-Request-ID"] in answer.content.decode()
    assert alice_credits() == 10


def test_the_page_is_for_members_and_reads_little(alice, stranger, django_assert_max_num_queries):
    assert stranger.get("/try/").status_code == 302
    alice.get("/try/")  # notes the session, once

    with django_assert_max_num_queries(15):
        page = alice.get("/try/")

    assert page.status_code == 200
    assert LedgerEntry.objects.count() == 1
