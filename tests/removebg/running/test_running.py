# ruff: noqa: E501 - calls as people copy them are long
"""Run it: a translated call through our own service, for people with a session; nothing pasted is ever executed."""

import base64
import io
import json
import os
import re
import time
import zlib

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from PIL import Image

from processing import services
from processing.history.choosing import turn_on
from processing.models import KeptResult, RemovalRecord
from tests.factories import make_user
from tests.processing.history.conftest import FILES
from tests.processing.playground.conftest import a_photo, not_a_photo

SECRET = "sk_live_9f8e7d6c5b4a"
REMOVE_BG = f"curl -H 'X-API-Key: {SECRET}' -F 'image_file=@/etc/passwd' -F size=auto -F format=jpg -F bg_color=red https://api.remove.bg/v1.0/removebg -o x.jpg"
POOF = f"curl -X POST https://api.poof.bg/v1/remove -H 'x-api-key: {SECRET}' -F image_file=@photo.jpg -F format=webp -F width=20"


def checked(client, command):
    answer = client.post("/docs/migrate/", {"command": command})
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def form_of(page):
    """Return where the run form goes and what stands hidden in it."""
    form = re.search(r'<form method="post" enctype="multipart/form-data" action="([^"]+)">(.*?)</form>', page, re.S)
    assert form, page
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[2]))
    hidden.pop("csrfmiddlewaretoken", None)
    return form[1], hidden


def shown_picture(page):
    found = re.search(r'<img src="data:([^;]+);base64,([^"]+)"', page)
    assert found, page
    return found[1], Image.open(io.BytesIO(base64.b64decode(found[2])))


def told(page):
    return dict(re.findall(r'<tr><th scope="row"><code>([^<]+)</code></th><td><code>([^<]*)</code>', page))


@pytest.mark.parametrize(
    ("command", "path", "kind", "size"),
    [
        (REMOVE_BG, "/docs/migrate/run/v1.0", "image/jpeg", (40, 30)),
        (POOF, "/docs/migrate/run/v1", "image/webp", (20, 15)),
    ],
)
def test_the_call_is_run_with_the_photo_that_was_picked(alice, alice_credits, command, path, kind, size):
    page = checked(alice, command)
    assert "1 credit, as any picture; 10 left" in page
    action, hidden = form_of(page)

    answer = alice.post(action, {**hidden, "image_file": a_photo(), "as_test": "", "then": "show"})

    page = answer.content.decode()
    assert (answer.status_code, action, shown_picture(page)[0], shown_picture(page)[1].size) == (200, path, kind, size)
    assert (told(page)["X-Credits-Charged"], told(page)["X-Credits-Remaining"], alice_credits()) == ("1", "9", 9)
    assert told(page)["Content-Type"] == kind
    assert told(page)["X-Request-ID"] == answer["X-Request-ID"]
    assert "no-store" in answer["Cache-Control"]
    assert RemovalRecord.objects.get().origin == "playground"


def test_options_count_as_they_do_by_the_api(alice):
    action, hidden = form_of(checked(alice, REMOVE_BG))

    _kind, picture = shown_picture(alice.post(action, {**hidden, "image_file": a_photo()}).content.decode())

    red, green, blue = picture.convert("RGB").getpixel((1, 1))
    assert red > 240 and green < 20 and blue < 20


def test_it_can_be_had_as_a_file_and_the_same_again_is_free(alice, alice_credits):
    action, hidden = form_of(checked(alice, POOF))
    first = alice.post(action, {**hidden, "image_file": a_photo(name="cat.png"), "then": "show"})
    again = alice.post(action, {**hidden, "image_file": a_photo(name="cat.png"), "then": "download"})
    other = alice.post(action, {**hidden, "image_file": a_photo(50, 30), "then": "show"})

    assert (first.status_code, again.status_code, other.status_code, alice_credits()) == (200, 200, 200, 8)
    assert again["Content-Disposition"] == 'attachment; filename="cat-cutout.webp"'
    assert Image.open(io.BytesIO(again.content)).size == (20, 15)
    assert again["X-Credits-Charged"] == "0"


def test_as_a_test_it_is_free_and_small(alice, alice_credits):
    action, hidden = form_of(checked(alice, POOF.replace("-F width=20", "")))

    page = alice.post(action, {**hidden, "image_file": a_photo(2000, 1500), "as_test": "1"}).content.decode()

    assert (told(page)["X-Credits-Charged"], alice_credits()) == ("0", 10)
    assert "watermark" in page
    assert max(shown_picture(page)[1].size) < 2000


def test_a_refusal_is_told_in_words_and_free(alice, alice_credits):
    action, hidden = form_of(checked(alice, POOF))

    answer = alice.post(action, {**hidden, "image_file": not_a_photo()})

    page = answer.content.decode()
    assert (answer.status_code, alice_credits()) == (400, 10)
    assert "not a JPEG, PNG or WebP image" in page and "validation_error" in page
    assert told(page)["X-Request-ID"] == answer["X-Request-ID"]
    assert 'name="image_file"' in page, "it can be tried again"


def test_a_value_outside_the_vocabulary_is_refused_in_words(alice, alice_credits):
    action, hidden = form_of(checked(alice, POOF.replace("webp", "bmp")))

    answer = alice.post(action, {**hidden, "image_file": a_photo()})

    assert (answer.status_code, alice_credits()) == (400, 10)
    assert "<code>format</code>" in answer.content.decode()


@pytest.mark.parametrize("dialect", ["v1", "v1.0"])
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/livez",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "file:///etc/passwd",
    ],
)
def test_addresses_of_this_machine_are_refused_by_the_fetcher(alice, alice_credits, dialect, url):
    rival = {"v1": "https://api.poof.bg/v1/remove", "v1.0": "https://api.remove.bg/v1.0/removebg"}[dialect]
    page = checked(alice, f"curl {rival} -H 'x-api-key: {SECRET}' -F image_url={url}")
    action, hidden = form_of(page)
    assert hidden["image_url"] == url and 'type="file"' not in page

    answer = alice.post(action, hidden)

    assert (answer.status_code, alice_credits()) == (400, 10)
    assert "root:" not in answer.content.decode()


def test_an_address_is_fetched_by_the_same_fetcher(alice, monkeypatch):
    asked = []
    monkeypatch.setattr(services, "fetch_picture", lambda url, **limits: asked.append(url) or a_photo().read())
    action, hidden = form_of(
        checked(alice, "curl https://api.poof.bg/v1/remove -F image_url=https://pictures.example/cat.jpg")
    )

    answer = alice.post(action, hidden)

    assert (answer.status_code, asked) == (200, ["https://pictures.example/cat.jpg"])


@pytest.mark.parametrize(
    "command",
    [
        POOF.replace("format=webp", "'format=$(touch /tmp/ran-by-us)'"),
        POOF.replace("format=webp", "'format=`touch /tmp/ran-by-us`'"),
        POOF + "; touch /tmp/ran-by-us",
        POOF + " | sh -c 'touch /tmp/ran-by-us'",
        POOF.replace("image_file=@photo.jpg", "'image_file=@/etc/passwd'"),
        POOF.replace("format=webp", "'size=</etc/passwd'"),
        f"curl https://api.poof.bg/v1/remove -K /etc/passwd -F image_file=@photo.jpg -x http://127.0.0.1:1 --next -T /etc/passwd -H 'x-api-key: {SECRET}'",
    ],
)
def test_nothing_of_it_is_executed_and_no_file_of_ours_is_read(alice, tmp_path, command):
    from pathlib import Path

    page = checked(alice, command)
    action, hidden = form_of(page)
    answer = alice.post(action, {**hidden, "image_file": a_photo()})

    assert answer.status_code in (200, 400)
    assert not Path("/tmp/ran-by-us").exists()
    assert "root:x:" not in page + answer.content.decode()


@pytest.mark.parametrize(
    "command",
    [
        POOF,
        f"curl https://api.poof.bg/v1/remove -H 'Authorization: Bearer {SECRET}' -F image_file=@a.jpg -F bg_color={SECRET}",
        f"curl -H 'x-api-key: {SECRET}' https://api.remove.bg/v1.0/removebg -F image_file=@a.jpg -F 'shadow_type[{SECRET}]=car'",
        f"curl -u user:{SECRET} https://api.remove.bg/v1.0/removebg -F image_file=@a.jpg -F 'image_url=https://a.example/?k={SECRET}'",
    ],
)
def test_a_pasted_key_is_dropped(alice, stranger, command):
    for client in (alice, stranger):
        page = checked(client, command)
        _action, hidden = form_of(page)
        assert SECRET not in page
        assert SECRET not in str(hidden)


def test_what_only_the_shell_knows_is_left_aside_and_told(alice):
    page = checked(alice, 'curl https://api.poof.bg/v1/remove -F "image_file=@$PHOTO" -F "size=$SIZE" -F "width=20"')

    _action, hidden = form_of(page)
    assert "Left aside here: size" in page
    assert "size" not in hidden and hidden["width"] == "20"


@pytest.mark.parametrize(
    "command",
    [
        "curl https://api.poof.bg/v1/me -H 'x-api-key: abcdefgh1'",
        "curl https://api.remove.bg/v1.0/account -H 'x-api-key: abcdefgh1'",
        "curl https://api.remove.bg/v1.0/removebg -H 'content-type: application/json' -d @body.json",
    ],
)
def test_what_makes_no_picture_or_cannot_be_seen_is_not_run(alice, command):
    assert "Run it here" not in checked(alice, command)


def test_a_background_picture_is_picked_as_well(alice):
    page = checked(alice, "curl https://api.remove.bg/v1.0/removebg -F image_file=@a.jpg -F bg_image_file=@b.jpg")
    action, hidden = form_of(page)
    assert 'name="bg_image_file"' in page

    answer = alice.post(action, {**hidden, "image_file": a_photo(), "bg_image_file": a_photo(name="b.png")})

    red, green, blue = shown_picture(answer.content.decode())[1].convert("RGB").getpixel((1, 1))
    assert max(abs(red), abs(green - 128), abs(blue - 128)) <= 2, "the background is teal"


def test_json_and_zip_are_answers_too(alice):
    page = checked(
        alice,
        """curl https://api.remove.bg/v1.0/removebg --json '{"image_url": "https://pictures.example/a.jpg", "crop": true, "format": "zip"}'""",
    )
    action, hidden = form_of(page)
    assert (hidden["crop"], hidden["format"]) == ("true", "zip")
    hidden.pop("image_url")

    answer = alice.post(action, {**hidden, "image_file": a_photo()})

    assert "no picture that a page can show" in answer.content.decode()
    assert told(answer.content.decode())["Content-Type"] == "application/zip"


def test_strangers_are_led_to_log_in_and_find_their_call_again(stranger, alice):
    page = checked(stranger, POOF)
    assert "Log in and run it" in page and 'type="file"' not in page
    action, hidden = form_of(page)
    assert action == "/docs/migrate/keep/"
    led = stranger.post(action, hidden)
    assert led["Location"] == "/account/login/?next=%2Fdocs%2Fmigrate%2Frun%2F"
    assert SECRET not in unpacked(stranger)
    assert stranger.post(action, {**hidden, "sign_up": "1"})["Location"].startswith("/account/signup/?next=")

    stranger.post("/account/login/", {"login": "alice@example.com", "password": "correct horse battery staple"})
    back = stranger.get("/docs/migrate/run/").content.decode()

    action, hidden = form_of(back)
    assert (action, hidden["format"], hidden["width"]) == ("/docs/migrate/run/v1", "webp", "20")
    assert stranger.get("/docs/migrate/run/")["Location"] == "/docs/migrate/", "shown once"


@pytest.mark.parametrize(
    "form",
    [{}, {"dialect": "v2"}, {"dialect": "v1", "size": "x" * 30_000}, {"dialect": "../../etc/passwd"}],
)
def test_forms_that_are_none_of_ours_are_not_kept(stranger, form):
    assert stranger.post("/docs/migrate/keep/", form)["Location"] == "/docs/migrate/"
    assert "call_to_run" not in stranger.cookies


def test_only_known_fields_are_kept(stranger):
    stranger.post("/docs/migrate/keep/", {"dialect": "v1", "files": "image_file passwd", "size": "hd", "evil": "1"})

    assert json.loads(unpacked(stranger)) == {"dialect": "v1", "files": "image_file", "size": "hd"}


def unpacked(client):
    """Return the text of the kept call, read as anybody with the cookie could read it."""
    body = client.cookies["call_to_run"].value.split(":")[0]
    packed = base64.urlsafe_b64decode(body.lstrip(".") + "=" * 4)
    return (zlib.decompress(packed) if body.startswith(".") else packed).decode()


def test_a_call_is_kept_in_the_browser_and_in_no_table(stranger, db):
    for _each in range(60):
        stranger.cookies.clear()
        stranger.post("/docs/migrate/keep/", {"dialect": "v1", "files": "image_file", "size": "hd"})

    assert Session.objects.count() == 0
    cookie = stranger.cookies["call_to_run"]
    assert (cookie["path"], cookie["max-age"], cookie["httponly"]) == ("/docs/migrate/run/", 3600, True)


def test_a_call_that_no_cookie_holds_is_not_kept_and_the_page_says_so(stranger, db):
    long = base64.b64encode(os.urandom(6_000)).decode()

    page = stranger.post("/docs/migrate/keep/", {"dialect": "v1", "files": "", "image_file_b64": long}, follow=True)

    assert "too long to be kept" in page.content.decode()
    assert "call_to_run" not in stranger.cookies
    assert Session.objects.count() == 0


@pytest.mark.parametrize("change", ["signature", "age"])
def test_a_kept_call_that_was_changed_or_is_old_is_not_shown(alice, change, monkeypatch):
    alice.post("/docs/migrate/keep/", {"dialect": "v1", "files": "image_file", "size": "hd"})
    if change == "signature":
        alice.cookies["call_to_run"] = "A" + alice.cookies["call_to_run"].value[1:]
    else:
        now = time.time()
        monkeypatch.setattr(signing.time, "time", lambda: now + 3601)

    assert alice.get("/docs/migrate/run/")["Location"] == "/docs/migrate/"


@pytest.mark.parametrize("path", ["/docs/migrate/run/v1", "/docs/migrate/run/v1.0"])
def test_who_is_logged_out_or_belongs_nowhere_is_told_on_a_page(stranger, path, db):
    answer = stranger.post(path, {"image_file": a_photo()})
    assert (answer.status_code, answer["Content-Type"]) == (401, "text/html; charset=utf-8")
    assert "logged out" in answer.content.decode()

    stranger.force_login(make_user("una@example.com"))
    assert stranger.post(path, {"image_file": a_photo()}).status_code == 403


def test_a_form_of_another_site_is_refused(shop, alice):
    guarded = Client(enforce_csrf_checks=True, raise_request_exception=False)
    guarded.cookies = alice.cookies

    for path in ("/docs/migrate/run/v1", "/docs/migrate/run/v1.0", "/docs/migrate/keep/"):
        assert guarded.post(path, {"image_file": a_photo(), "dialect": "v1"}).status_code == 403, path


def test_it_counts_against_the_rate_of_the_playground(alice, shop):
    plan = shop.credit_account.plan
    plan.requests_per_minute = 2
    plan.save()
    statuses = [alice.post("/try/remove", {"image_file": a_photo()}).status_code]
    statuses += [alice.post(f"/docs/migrate/run/{d}", {"image_file": a_photo()}).status_code for d in ("v1", "v1.0")]

    assert statuses == [200, 200, 429]


@pytest.mark.parametrize("token", ["a b", "x" * 40, "é", "a\nb"])
def test_a_token_that_was_made_up_is_refused(alice, token):
    assert alice.post("/docs/migrate/run/v1", {"image_file": a_photo(), "run": token}).status_code == 400


def test_with_history_on_it_is_in_the_history_and_a_test_is_not(alice, shop, tmp_path, settings, use_storage):
    settings.HISTORY_LEAVES_FREE_BYTES = 0
    use_storage(FILES, location=str(tmp_path))
    turn_on(shop.pk, hours=1)

    for as_test in ("", "1"):
        alice.post("/docs/migrate/run/v1", {"image_file": a_photo(name="run.png"), "as_test": as_test})

    kept = KeptResult.objects.get()
    assert kept.file_name == "run-cutout.png"
    assert (kept.width, kept.height) == (40, 30)


def test_a_visit_leads_to_where_calls_are_translated(alice):
    for path in ("/docs/migrate/run/v1", "/docs/migrate/run/v1.0"):
        assert alice.get(path)["Location"] == "/docs/migrate/"
        assert alice.put(path).status_code == 405
