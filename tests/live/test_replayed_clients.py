"""Clients that no registry here holds: their requests are replayed, and the answers read as each of them reads them."""

import base64
import http.client
import io
import json
import socket
import time
import zipfile
from dataclasses import dataclass

import pytest
from PIL import Image

from tests.live import replays
from tests.live.callers import open_callers
from tests.live.foreign_clients import PHOTO_SIZE, is_cutout, is_preview
from tests.live.replays import Target
from tests.photos import photo_bytes

PHOTO = photo_bytes("grace_hopper")
READS_WITHIN_S = 120


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def first_error(self):
        return self.json["errors"][0]

    @property
    def picture(self):
        # Clients that ask for gzip save an image as it comes.
        assert self.headers["Content-Encoding"] is None
        return Image.open(io.BytesIO(self.body))

    @property
    def composed(self):
        """The picture that clients put together from a zip, as they look its parts up."""
        assert self.headers["Content-Encoding"] is None
        with zipfile.ZipFile(io.BytesIO(self.body)) as archive:
            color = Image.open(io.BytesIO(archive.read("color.jpg")))
            alpha = Image.open(io.BytesIO(archive.read("alpha.png")))
        assert (color.format, color.mode, alpha.format, alpha.mode) == ("JPEG", "RGB", "PNG", "L")
        color.putalpha(alpha)
        return color


@pytest.fixture(scope="module")
def keys(live):
    return open_callers(live, credits=20)


@pytest.fixture
def target(live, keys):
    return lambda name="rich": Target(f"127.0.0.1:{live.port}", keys[name])


@pytest.fixture
def send(live):
    def send(request: bytes) -> Answer:
        with socket.create_connection(("127.0.0.1", live.port), timeout=READS_WITHIN_S) as client:
            client.sendall(request)
            answer = http.client.HTTPResponse(client, method=request.partition(b" ")[0].decode())
            answer.begin()
            return Answer(answer.status, answer.headers, answer.read())

    return send


# --- Ruby ------------------------------------------------------------------------------------------------------


def test_ruby_gets_a_zip_for_a_file_and_all_it_reads_from_the_headers(send, target):
    answer = send(replays.ruby_file(target(), PHOTO, [("size", "auto"), ("format", "zip")]))

    assert answer.status == 200
    assert "application/zip" in answer.headers["Content-Type"]
    assert is_cutout(answer.composed)
    assert answer.composed.size == (int(answer.headers["X-Width"]), int(answer.headers["X-Height"])) == PHOTO_SIZE
    assert answer.headers["X-Type"] == "other"
    assert float(answer.headers["X-Credits-Charged"]) == 1.0
    assert int(answer.headers["X-RateLimit-Limit"]) == 500
    assert 0 <= int(answer.headers["X-RateLimit-Remaining"]) < 500
    assert abs(int(answer.headers["X-RateLimit-Reset"]) - time.time()) < 180
    assert answer.headers["Retry-After"] is None


def test_ruby_gets_a_picture_for_an_address(send, target, pictures):
    answer = send(replays.ruby_url(target(), pictures.url("photo.jpg"), [("size", "auto")]))

    assert answer.status == 200
    assert is_cutout(answer.picture)


def test_ruby_passes_the_accounts_parts_on_by_name_so_that_none_may_be_added(send, target):
    answer = send(replays.ruby_account(target("poor")))
    attributes = answer.json["data"]["attributes"]

    assert answer.status == 200
    assert set(attributes["api"]) == {"free_calls", "sizes"}
    assert set(attributes["credits"]) == {"total", "subscription", "payg", "enterprise"}


def test_ruby_reads_the_first_title_of_each_refusal(send, target, pictures, blank):
    small = [("size", "auto")]
    refused = {
        "wrong key": send(replays.ruby_file(target("wrong"), PHOTO, small)),
        "no credits": send(replays.ruby_file(target("poor"), PHOTO, small)),
        "no such address": send(replays.ruby_url(target(), pictures.url("missing.jpg"), small)),
        "no subject": send(replays.ruby_file(target("narrow"), blank, small)),
    }
    for _ in range(2):  # The minute may end once.
        refused["too many"] = send(replays.ruby_file(target("narrow"), PHOTO, small))
    read = {name: (answer.status, answer.first_error["title"]) for name, answer in refused.items()}

    assert read["wrong key"] == (403, "API Key invalid")
    assert read["no credits"] == (402, "Insufficient credits")
    assert read["too many"] == (429, "Rate limit exceeded")
    assert 1 <= int(refused["too many"].headers["Retry-After"]) <= 60
    assert read["no such address"][0] == read["no subject"][0] == 400
    assert read["no such address"][1].startswith("Failed to download image")
    assert refused["no subject"].first_error["code"] == "unknown_foreground"


# --- The official CLIs -------------------------------------------------------------------------------------------


def test_the_node_cli_may_send_an_empty_string_for_all_it_has_no_option_for(send, target):
    answer = send(replays.node_cli(target(), PHOTO))

    assert answer.status == 200
    assert is_cutout(answer.composed)


def test_the_node_cli_prints_code_and_title_and_waits_as_long_as_it_is_told(send, target, blank):
    wrong = send(replays.node_cli(target("wrong"), PHOTO))
    assert (wrong.status, wrong.first_error["code"]) == (403, "auth_failed")
    assert wrong.first_error["title"] == "API Key invalid"

    # Without a whole number of seconds it would try again at once and for ever.
    answers = [send(replays.node_cli(target("narrow"), blank)) for _ in range(3)]
    assert answers[-1].status == 429
    assert answers[-1].headers["Retry-After"].isdigit()
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_the_go_cli_gets_a_zip_by_the_content_type(send, target):
    params = [("type", "auto"), ("format", "zip"), ("size", "auto"), ("channels", "rgba")]
    answer = send(replays.go_cli(target(), PHOTO, params))

    assert answer.status == 200
    assert "application/zip" in answer.headers["Content-Type"]
    assert is_cutout(answer.composed)


def test_the_go_cli_joins_the_titles_of_a_refusal(send, target):
    refused = [send(replays.go_cli(target(key), PHOTO, [("size", "auto")])) for key in ("wrong", "poor")]
    titles = [", ".join(error["title"] for error in answer.json["errors"]) for answer in refused]

    assert all(400 <= answer.status < 500 for answer in refused)
    assert titles == ["API Key invalid", "Insufficient credits"]


# --- PHP -------------------------------------------------------------------------------------------------------


def test_php_sends_a_jpeg_under_the_name_of_a_png(send, target):
    answer = send(replays.php_file(target(), PHOTO, [("size", "auto"), ("bg_color", "81d4fa")]))

    assert str(answer.status)[0] != "4"
    assert answer.picture.size == PHOTO_SIZE
    assert answer.picture.convert("RGB").getpixel((5, 5)) == pytest.approx((0x81, 0xD4, 0xFA), abs=6)


def test_php_finds_the_picture_of_get_base64(send, target):
    fields = [("image_file_b64", base64.b64encode(PHOTO).decode()), ("size", "full")]
    answer = send(replays.php_form(target(), fields, accept="application/json"))

    picture = Image.open(io.BytesIO(base64.b64decode(answer.json["data"]["result_b64"], validate=True)))
    assert is_cutout(picture)
    assert picture.size == PHOTO_SIZE


def test_php_reads_the_account(send, target):
    assert send(replays.php_account(target("poor"))).json["data"]["attributes"] == {
        "credits": {"subscription": 0, "payg": 0, "enterprise": 0, "total": 0},
        "api": {"free_calls": 0, "sizes": "all"},
    }


def test_php_joins_what_the_first_error_says_so_that_all_of_it_is_text(send, target, pictures):
    photo_url, missing_url = pictures.url("photo.jpg"), pictures.url("missing.jpg")
    refused = [
        send(replays.php_file(target("wrong"), PHOTO)),
        send(replays.php_account(target("wrong"))),
        send(replays.php_form(target("poor"), [("image_url", photo_url)])),
        send(replays.php_form(target(), [("image_url", missing_url)])),
        send(replays.php_form(target(), [("image_url", photo_url), ("size", "huge")])),
        send(replays.php_form(target(), [("image_file_b64", "!!!")])),
        send(replays.php_form(target(), [("size", "auto")])),
    ]

    # It takes only 4xx for a failure, and saves the body of a 5xx as the picture.
    assert [answer.status for answer in refused] == [403, 403, 402, 400, 400, 400, 400]
    assert [answer.first_error["code"] for answer in refused[:5]] == [
        "auth_failed",
        "auth_failed",
        "insufficient_credits",
        "failed_image_download",
        "invalid_size",
    ]
    assert refused[-1].first_error["code"] == "missing_source"
    for answer in refused:
        assert " - ".join(answer.first_error.values())


# --- .NET ------------------------------------------------------------------------------------------------------


def test_dotnet_names_its_parts_without_quotes_and_takes_any_image(send, target):
    answer = send(replays.dotnet_file(target(), PHOTO, [("size", "preview"), ("format", "png"), ("crop", "false")]))

    assert 200 <= answer.status < 300
    assert answer.headers["Content-Type"] == "image/png"
    assert is_cutout(answer.picture)
    assert is_preview(answer.picture)
    assert (int(answer.headers["X-Width"]), int(answer.headers["X-Height"])) == answer.picture.size
    assert float(answer.headers["X-Credits-Charged"]) == 1.0
    for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
        assert answer.headers[name].isdigit()


def test_dotnet_reads_the_errors_as_json_though_it_asked_for_an_image(send, target):
    answer = send(replays.dotnet_file(target("wrong"), PHOTO, [("size", "preview")]))

    assert answer.status == 403
    assert answer.first_error["title"] == "API Key invalid"
    assert answer.first_error["code"] == "auth_failed"


def test_dotnet_reads_the_account(send, target):
    answer = send(replays.dotnet_account(target("poor")))

    assert answer.status == 200
    assert answer.json["data"]["attributes"]["credits"]["total"] == 0


# --- Poof ------------------------------------------------------------------------------------------------------


def test_poof_js_may_say_that_it_wants_no_crop_and_reads_whole_numbers(send, target):
    answer = send(replays.poof_js(target(), PHOTO, [("format", "webp"), ("size", "hd"), ("crop", "false")]))

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Request-ID"].startswith("req_")
    assert int(answer.headers["X-Processing-Time-Ms"]) > 0
    assert (int(answer.headers["X-Image-Width"]), int(answer.headers["X-Image-Height"])) == PHOTO_SIZE
    assert 0.9 < float(answer.headers["X-Matte-Confidence"]) <= 1
    assert 0 <= float(answer.headers["X-Matte-Ambiguous-Ratio"]) < 0.1
    assert is_cutout(answer.picture)
    assert answer.picture.size == PHOTO_SIZE


def test_poof_js_reads_the_account_and_the_flat_errors(send, target):
    me = send(replays.poof_js_me(target("poor")))
    assert me.status == 200
    assert {"organizationId", "plan", "maxCredits", "usedCredits"} <= set(me.json)

    refused = {
        "authentication_error": send(replays.poof_js(target("wrong"), PHOTO, [])),
        "payment_required": send(replays.poof_js(target("poor"), PHOTO, [("crop", "false")])),
        "validation_error": send(replays.poof_js(target(), PHOTO, [("crop", "perhaps")])),
    }
    assert [answer.status for answer in refused.values()] == [401, 402, 400]
    for code, answer in refused.items():
        assert answer.json["code"] == code
        assert answer.json["message"]
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]


# --- GIMP ------------------------------------------------------------------------------------------------------


def test_gimp_gets_a_preview_with_transparency_to_make_its_mask_of(send, target):
    answer = send(replays.gimp(target(), PHOTO))

    assert answer.status == 200
    assert answer.picture.format == "PNG"
    assert is_cutout(answer.picture)
    assert is_preview(answer.picture)


def test_gimp_says_that_the_key_is_wrong_whatever_the_refusal(send, target):
    assert send(replays.gimp(target("wrong"), PHOTO)).status == 403


# --- Figma -----------------------------------------------------------------------------------------------------


def listed(answer, name):
    return {word.strip().lower() for word in answer.headers[name].split(",")}


@pytest.mark.parametrize("headers", ["x-api-key", "content-type,x-api-key"])
def test_figma_is_let_in_by_the_preflight(send, target, headers):
    answer = send(replays.figma_preflight(target("wrong"), headers))

    assert 200 <= answer.status < 300
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "null")
    assert "post" in listed(answer, "Access-Control-Allow-Methods")
    assert set(headers.split(",")) <= listed(answer, "Access-Control-Allow-Headers")


def test_figma_may_read_the_picture_and_what_it_cost(send, target):
    answer = send(replays.figma_form(target(), PHOTO))

    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "null")
    assert "x-credits-charged" in listed(answer, "Access-Control-Expose-Headers")
    assert answer.headers["X-Credits-Charged"] == "1"
    assert is_cutout(answer.picture)


def test_figma_may_read_the_picture_as_json(send, target):
    fields = {"image_file_b64": base64.b64encode(PHOTO).decode(), "size": "auto"}

    answer = send(replays.figma_json(target(), fields))

    assert answer.status == 200
    assert is_cutout(Image.open(io.BytesIO(base64.b64decode(json.loads(answer.body)["data"]["result_b64"]))))


@pytest.mark.parametrize("key", ["wrong", "poor"])
def test_figma_may_read_the_title_of_a_refusal(send, target, key):
    form = send(replays.figma_form(target(key), PHOTO))
    older = send(replays.figma_json(target(key), {"image_file_b64": base64.b64encode(PHOTO).decode(), "size": "auto"}))

    for answer in (form, older):
        assert answer.status == {"wrong": 403, "poor": 402}[key]
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", "null")
        assert answer.first_error["title"] == {"wrong": "API Key invalid", "poor": "Insufficient credits"}[key]


# --- Python and Node, from their repositories and samples -----------------------------------------------------


def test_pythons_newer_removebg_sends_every_default_and_a_second_file(send, target):
    background = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 90)).save(background, "PNG")

    answer = send(replays.python_removebg(target(), PHOTO, background.getvalue()))

    assert answer.status == 200
    assert answer.headers["X-Type"] is None, "it asks for no type"
    assert is_preview(answer.picture)
    assert answer.picture.convert("RGB").getpixel((5, 5)) == pytest.approx((200, 30, 90), abs=8)


def test_axios_names_json_first_and_gets_the_bytes_it_wants(send, target, pictures):
    answer = send(replays.axios_url(target(), pictures.url("photo.jpg")))

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert is_cutout(answer.picture)
