"""Every refusal: its status and code, one flat shape, nothing charged, and a page that explains it."""

import re
import struct

import pytest
from django.db import OperationalError
from django.test import Client

from accounts import api_keys
from billing.selectors import account_of
from processing import services
from processing.api import removal_view
from processing.models import RemovalRecord
from processing.slots import InFlight, Slots
from removebg.error_catalogue import ERROR_PAGES
from tests.factories import make_key, make_organization
from tests.processing.api.conftest import Caller, picture_bytes, upload
from tests.processing.matting.decode_cases import as_file, upright_photo
from tests.processing.matting.raw_files import png_chunk, png_of_rows


def assert_refused(response, status, code):
    """Check one answer against the one shape of v1 errors and return its body."""
    assert (response.status_code, response.json().get("code")) == (status, code), response.content
    body = response.json()
    assert set(body) <= {"code", "message", "details", "request_id", "doc_url"}
    assert body["message"]
    assert re.fullmatch(r"req_[0-9a-f]{32}", body["request_id"])
    assert response["X-Request-ID"] == body["request_id"]
    assert response["Content-Type"].startswith("application/json")
    assert ("Retry-After" in response) == (status in (409, 429, 503))
    page = Client().get(re.sub(r"^https?://[^/]+", "", body["doc_url"]))
    assert page.status_code == 200
    assert code in page.content.decode()
    return body


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({"format": "gif"}, ["format"]),
        ({"format": "zip"}, ["format"]),
        ({"channels": "cmyk"}, ["channels"]),
        ({"size": "tiny"}, ["size"]),
        ({"size": "-1"}, ["size"]),
        ({"crop": "perhaps"}, ["crop"]),
        ({"crop": "null"}, ["crop"]),
        ({"crop": "t"}, ["crop"]),
        ({"bg_color": "nocolour"}, ["bg_color"]),
        ({"bg_color": "transparent"}, ["bg_color"]),
        ({"bg_color": "#12345"}, ["bg_color"]),
        ({"bg_color": "rgba(0, 0, 0, 0.5)"}, ["bg_color"]),
        ({"bg_color": "\0"}, ["bg_color"]),
        ({"bg_color": "a" * 5000}, ["bg_color"]),
        ({"format": "gif", "size": "tiny", "crop": "x"}, ["crop", "format", "size"]),
    ],
)
def test_a_field_with_a_bad_value_is_named(alice, alice_credits, disc, picture, fields, faulty):
    body = assert_refused(alice.post("/v1/remove", {"image_file": picture(), **fields}), 400, "validation_error")

    assert sorted(body["details"]) == faulty
    assert all(isinstance(fault, str) for faults in body["details"].values() for fault in faults)
    assert alice_credits() == 10


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an image",
        b"GIF89a" + bytes(50),
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        picture_bytes()[:60],
        bytes(99),
    ],
)
def test_what_is_no_image_is_refused_and_free(alice, alice_credits, data):
    response = alice.post("/v1/remove", {"image_file": upload("x.png", data)})

    assert_refused(response, 400, "validation_error")
    assert alice_credits() == 10


def test_a_damaged_image_found_while_decoding_is_free(alice, alice_credits):
    whole = picture_bytes(300, 300, "JPEG")

    assert_refused(alice.post("/v1/remove", {"image_file": upload("x.jpg", whole[:-200])}), 400, "validation_error")
    assert alice_credits() == 10


def _jpeg_half_gray():
    whole = as_file(upright_photo(), "JPEG")
    return whole[: len(whole) // 2] + b"\xff\xd9"


def _png_of_few_rows():
    return png_of_rows([b"\x80" * 300] * 30, width=100, depth=8, colour_type=2).replace(
        *(png_chunk(b"IHDR", struct.pack(">IIBBBBB", 100, height, 8, 2, 0, 0, 0)) for height in (30, 100))
    )


@pytest.mark.parametrize("make", [_jpeg_half_gray, _png_of_few_rows])
@pytest.mark.parametrize("url", ["/v1/remove", "/v1.0/removebg"])
def test_an_image_of_which_much_is_missing_is_refused_as_damaged_and_free(alice, alice_credits, make, url):
    response = alice.post(url, {"image_file": upload("x", make())})

    assert response.status_code == 400
    assert "The image file is damaged." in response.content.decode()
    assert alice_credits() == 10


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"[" * 5000, "application/json"),
        (b"", "application/octet-stream"),
        (b"size=preview", "application/x-www-form-urlencoded"),
        (b"image_file=abc", "application/x-www-form-urlencoded"),
        (b"abc", "text/plain"),
        (b"", ""),
    ],
)
def test_no_image_is_missing_image_whatever_the_body(alice, alice_credits, body, content_type):
    assert_refused(alice.send("/v1/remove", body, content_type), 400, "missing_image")
    assert alice_credits() == 10


def test_text_in_place_of_the_file_is_missing_image(alice):
    body = assert_refused(alice.post("/v1/remove", {"image_file": "photo.jpg"}), 400, "missing_image")

    assert "image_file" in body["details"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--x\r\nno headers", "multipart/form-data; boundary=x"),
        (b"abc", "multipart/form-data"),
        (b"abc", "multipart/form-data; boundary=" + "x" * 300),
        (
            b'--x\r\nContent-Disposition: form-data; name="image_file"; filename="a"\r\n\r\nabc',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_a_broken_body_is_a_400(alice, body, content_type):
    response = alice.send("/v1/remove", body, content_type)

    assert response.json()["code"] in ("validation_error", "missing_image")
    assert_refused(response, 400, response.json()["code"])


def test_too_many_fields_and_files_are_a_400(alice, picture):
    assert_refused(alice.post("/v1/remove", {f"f{n}": "1" for n in range(1200)}), 400, "validation_error")
    assert_refused(alice.post("/v1/remove", {f"f{n}": picture() for n in range(120)}), 400, "validation_error")


def test_too_many_bytes_beside_the_file_are_a_400(alice, picture, settings):
    response = alice.post("/v1/remove", {"image_file": picture(), "note": "x" * (settings.MAX_FORM_BYTES + 1)})

    assert_refused(response, 400, "validation_error")


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_IMAGE_BYTES", 50), ("MAX_IMAGE_PIXELS", 1199), ("MAX_IMAGE_SIDE_PX", 39)]
)
def test_bytes_pixels_and_side_over_the_limit_are_image_too_large(
    alice, alice_credits, picture, settings, limit, value
):
    setattr(settings, limit, value)

    assert_refused(alice.post("/v1/remove", {"image_file": picture()}), 400, "image_too_large")
    assert alice_credits() == 10


def test_an_announced_body_over_the_limit_is_refused_unread(alice, picture, settings):
    settings.MAX_BODY_BYTES = 10

    assert_refused(alice.post("/v1/remove", {"image_file": picture()}), 400, "image_too_large")


@pytest.mark.parametrize("secret", [None, "", "rb_live_x", "nonsense", "rb_live_" + "a" * 38, "\x00", "é", "x" * 5000])
def test_a_missing_or_wrong_key_is_401(picture, secret):
    response = Caller(secret).post("/v1/remove", {"image_file": picture()})

    assert_refused(response, 401, "authentication_error")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_is_401_at_once(shop, picture, disc):
    issued = make_key(shop)
    caller = Caller(issued.secret)
    assert caller.post("/v1/remove", {"image_file": picture()}).status_code == 200

    api_keys.revoke(issued.api_key)

    assert_refused(caller.post("/v1/remove", {"image_file": picture()}), 401, "authentication_error")


def test_without_credits_it_is_402(disc, picture):
    poor = Caller(make_key(make_organization("Poor", credits=0)).secret)

    assert_refused(poor.post("/v1/remove", {"image_file": picture()}), 402, "payment_required")


def test_a_suspended_organization_is_403(shop, alice, picture):
    from django.utils import timezone

    shop.suspended_at = timezone.now()
    shop.save()

    assert_refused(alice.post("/v1/remove", {"image_file": picture()}), 403, "permission_denied")
    assert_refused(alice.get("/v1/me"), 403, "permission_denied")


@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v1/remove/", "/v1/me/x", "/v1/jobs/job_1"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_is_404_for_everybody(stranger, path, method):
    assert_refused(stranger.call(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/remove"), ("PUT", "/v1/remove"), ("OPTIONS", "/v1/remove"), ("POST", "/v1/me")]
)
def test_another_method_is_405(alice, method, path):
    response = alice.call(method, path)

    assert_refused(response, 405, "method_not_allowed")
    assert response["Allow"]


def test_all_slots_taken_is_503_and_free(alice, alice_credits, disc, picture, monkeypatch):
    full = Slots(places=1, waiting_places=0, wait_s=9)
    monkeypatch.setattr(services, "image_slots", full)

    with full.acquire():
        response = alice.post("/v1/remove", {"image_file": picture()})

    assert_refused(response, 503, "server_busy")
    assert response["Retry-After"] == "3"
    assert alice_credits() == 10


def test_more_at_once_than_the_plan_allows_is_429(alice, shop, disc, picture, monkeypatch):
    plan = account_of(shop).plan
    plan.max_concurrency = 1
    plan.save()
    crowd = InFlight()
    monkeypatch.setattr(removal_view, "in_flight", crowd)

    with crowd.enter(shop.pk, limit=1):
        assert_refused(alice.post("/v1/remove", {"image_file": picture()}), 429, "rate_limit_exceeded")
    assert alice.post("/v1/remove", {"image_file": picture()}).status_code == 200


def test_missing_weights_are_503(alice, alice_credits, picture, monkeypatch, settings, tmp_path):
    from processing.engine import Engine

    settings.MODEL_CACHE_DIR = tmp_path
    monkeypatch.setattr(services, "engine", Engine())

    assert_refused(alice.post("/v1/remove", {"image_file": picture()}), 503, "service_unavailable")
    assert alice_credits() == 10


def test_an_unreachable_database_is_503(alice, disc, picture, monkeypatch):
    def unreachable(*args, **kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(removal_view, "remove_background", unreachable)

    assert_refused(alice.post("/v1/remove", {"image_file": picture()}), 503, "service_unavailable")


def test_a_crash_is_500_in_the_same_shape_logged_and_free(alice, alice_credits, disc, picture, monkeypatch, caplog):
    def crash(*args, **kwargs):
        raise RuntimeError("boom")

    monkeypatch.setattr(services, "cut_out_opened", crash)

    body = assert_refused(alice.post("/v1/remove", {"image_file": picture()}), 500, "internal_server_error")

    assert "boom" not in str(body)
    assert alice_credits() == 10


def test_a_refusal_is_recorded_but_floods_are_not(alice, stranger, picture):
    alice.post("/v1/remove", {"image_file": upload("x.png", b"nothing")})
    stranger.post("/v1/remove", {"image_file": picture()})

    record = RemovalRecord.objects.get()
    assert (record.status, record.code, record.credits_charged) == (400, "validation_error", 0)


def test_every_code_the_issue_names_has_its_page():
    named = {
        "validation_error",
        "missing_image",
        "image_too_large",
        "authentication_error",
        "payment_required",
        "permission_denied",
        "not_found",
        "method_not_allowed",
        "request_in_progress",
        "idempotency_key_reused",
        "rate_limit_exceeded",
        "internal_server_error",
        "server_busy",
        "service_unavailable",
        "https_required",
        "unsupported_content_encoding",
    }

    assert {page.code for page in ERROR_PAGES} == named
