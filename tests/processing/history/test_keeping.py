"""What is kept and what is not; that keeping it never costs anybody their answer."""

import io
import stat
import threading

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from PIL import Image

from processing.history import keeping
from processing.history.choosing import turn_off, turn_on
from processing.history.keeping import Delivered, keep, keep_afterwards
from processing.history.sweeping import sweep_history
from processing.history.thumbnail import thumbnail
from processing.matting.pipeline import Cutout
from processing.models import KeptResult, Origin
from tests.factories import make_key
from tests.processing.history.conftest import close, cut_out, fetched, files_in
from tests.processing.history.storages import Slow
from tests.processing.playground.conftest import a_photo, not_a_photo

HERE = "tests.processing.history.storages"


def a_cutout(width=8, height=6, content_type="image/png", data=None):
    if data is None:
        file = io.BytesIO()
        Image.new("RGBA", (width, height), "teal").save(file, "PNG")
        data = file.getvalue()
    return Cutout(
        data=data, content_type=content_type, width=width, height=height, input_width=width, input_height=height,
        timings_ms={}, matte_confidence=1.0, matte_ambiguous_ratio=0.0, has_subject=True, subject=None,
    )  # fmt: skip


def delivered(organization, **changes):
    told = {
        "organization": organization, "person": None, "api_key": None, "origin": Origin.API, "request_id": "req_1",
        "file_name": "cat-cutout.png", "cutout": a_cutout(),
    }  # fmt: skip
    return Delivered(**{**told, **changes})


def test_nothing_is_kept_unless_it_was_turned_on(alice, folder):
    cut_out(alice)

    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])


def test_a_result_of_the_playground_is_kept_as_it_was_delivered(kept_shop, alice, folder):
    answer = alice.post("/try/remove", {"image_file": a_photo(name="my cat.jpg"), "format": "webp"})

    kept = KeptResult.objects.get()
    assert (folder / kept.name).read_bytes() == answer.content
    assert stat.S_IMODE((folder / kept.name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (kept.organization, kept.person.email, kept.api_key) == (kept_shop, "alice@example.com", None)
    assert (kept.file_name, kept.content_type, kept.width, kept.height) == ("my cat-cutout.webp", "image/webp", 40, 30)
    assert (kept.size_bytes, kept.request_id, kept.origin) == (
        len(answer.content),
        answer["X-Request-ID"],
        "playground",
    )
    assert (kept.expires_at - kept.created).total_seconds() == 3 * 3600
    assert files_in(folder) == [kept.name, f"{kept.name}-thumbnail"]


@pytest.mark.parametrize("path", ["/v1/remove", "/v1.0/removebg"])
def test_a_result_of_the_api_is_kept_under_its_key(kept_shop, path):
    key = make_key(kept_shop)

    Client().post(path, {"image_file": a_photo(name="shoe.png")}, headers={"x-api-key": key.secret})

    kept = KeptResult.objects.get()
    assert (kept.person, kept.api_key, kept.origin, kept.file_name) == (None, key.api_key, "api", "shoe-cutout.png")


def test_results_of_test_keys_and_of_strangers_are_never_kept(kept_shop, folder):
    key = make_key(kept_shop, is_test=True)

    tested = Client().post("/v1/remove", {"image_file": a_photo()}, headers={"x-api-key": key.secret})
    tried = Client().post("/trial/remove", {"image_file": a_photo()})

    assert (tested.status_code, tried.status_code) == (200, 200)
    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])


def test_what_is_refused_leaves_nothing(kept_shop, alice, folder):
    assert alice.post("/try/remove", {"image_file": not_a_photo()}).status_code == 400

    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])


def test_a_zip_is_kept_without_a_small_picture(kept_shop, folder):
    key = make_key(kept_shop)

    Client().post("/v1.0/removebg", {"image_file": a_photo(), "format": "zip"}, headers={"x-api-key": key.secret})

    kept = KeptResult.objects.get()
    assert (kept.file_name, kept.thumbnail_bytes, files_in(folder)) == ("cat-cutout.zip", 0, [kept.name])


def test_the_answer_is_out_before_anything_is_kept(kept_shop):
    response = HttpResponse(b"picture")
    keep_afterwards(response, lambda: delivered(kept_shop))
    assert (response.content, KeptResult.objects.count()) == (b"picture", 0)

    close(response)

    assert KeptResult.objects.count() == 1
    assert response.closed


@pytest.mark.parametrize("backend", [f"{HERE}.FullDisk", "no.such.Storage"])
def test_a_storage_that_fails_costs_nobody_an_answer(
    kept_shop, alice, alice_credits, folder, use_storage, caplog, backend
):
    use_storage(backend, **({"location": str(folder)} if "Full" in backend else {}))

    cut_out(alice)

    assert (KeptResult.objects.count(), files_in(folder), alice_credits()) == (0, [], 9)
    assert "history_result_lost" in caplog.text


def test_a_disk_that_is_nearly_full_is_left_alone(kept_shop, alice, folder, settings, caplog):
    settings.HISTORY_LEAVES_FREE_BYTES = 10**18

    cut_out(alice)

    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])
    assert "history_result_skipped" in caplog.text


def test_a_storage_without_paths_is_asked_for_no_room(kept_shop, alice, settings, use_storage):
    settings.HISTORY_LEAVES_FREE_BYTES = 10**18
    use_storage(f"{HERE}.Remote")

    png = cut_out(alice)

    assert fetched(alice, f"/history/{KeptResult.objects.get().name}/").body == png


def test_beyond_the_number_the_oldest_go_first(kept_shop, alice, folder, settings, django_capture_on_commit_callbacks):
    settings.HISTORY_MOST_RESULTS = 2

    with django_capture_on_commit_callbacks(execute=True):
        for name in ("one.png", "two.png", "three.png"):
            cut_out(alice, name)

    assert [kept.file_name for kept in KeptResult.objects.all()] == ["three-cutout.png", "two-cutout.png"]
    assert len(files_in(folder)) == 4


def test_beyond_the_bytes_the_oldest_go_first_and_others_organizations_are_left(
    kept_shop, alice, bob, settings, django_capture_on_commit_callbacks
):
    cut_out(bob, "bobs.png")
    cut_out(alice, "one.png")
    first = KeptResult.objects.get(file_name="one-cutout.png")
    settings.HISTORY_MOST_BYTES = 2 * (first.size_bytes + first.thumbnail_bytes) - 1

    with django_capture_on_commit_callbacks(execute=True):
        cut_out(alice, "two.png")

    assert sorted(kept.file_name for kept in KeptResult.objects.all()) == ["bobs-cutout.png", "two-cutout.png"]


def test_a_result_larger_than_all_that_may_be_kept_is_not(kept_shop, settings, folder):
    settings.HISTORY_MOST_BYTES = 10

    keep(lambda: delivered(kept_shop))

    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])


def test_what_was_being_written_when_history_was_turned_off_is_not_kept(kept_shop, use_storage, monkeypatch):
    """The switch is turned while the file is on its way to a slow storage."""
    use_storage(f"{HERE}.Remote")
    monkeypatch.setattr(keeping, "thumbnail", lambda data: turn_off(kept_shop.pk))

    keep(lambda: delivered(kept_shop))

    assert KeptResult.objects.count() == 0


def test_hours_that_were_shortened_meanwhile_count(kept_shop, monkeypatch):
    monkeypatch.setattr(keeping, "thumbnail", lambda data: turn_on(kept_shop.pk, hours=1))

    keep(lambda: delivered(kept_shop))

    kept = KeptResult.objects.get()
    assert (kept.expires_at - kept.created).total_seconds() == 3600


@pytest.mark.django_db(transaction=True)
def test_a_slow_storage_takes_no_more_threads_than_it_may(kept_shop, use_storage, settings, caplog):
    settings.HISTORY_WRITES_AT_ONCE = 1
    use_storage(f"{HERE}.Slow")
    Slow.entered.clear()
    Slow.let.clear()
    writer = threading.Thread(target=_keep_and_disconnect, args=(kept_shop,))
    writer.start()
    assert Slow.entered.wait(20)

    keep(lambda: delivered(kept_shop, request_id="req_2"))
    Slow.let.set()
    writer.join()

    assert [kept.request_id for kept in KeptResult.objects.filter(is_whole=True)] == ["req_1"]
    assert "history_result_skipped" in caplog.text


def _keep_and_disconnect(organization):
    from django.db import connection

    try:
        keep(lambda: delivered(organization))
    finally:
        connection.close()


def test_a_small_picture_keeps_transparency_and_no_hidden_colour():
    file = io.BytesIO()
    picture = Image.new("RGBA", (1200, 600), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (0, 0, 600, 600))
    picture.save(file, "PNG")

    small = Image.open(io.BytesIO(thumbnail(file.getvalue()) or b""))

    assert (small.format, small.size) == ("WEBP", (320, 160))
    assert small.getpixel((300, 80))[3] == 0
    for x in range(155, 162):
        red, _green, _blue, alpha = small.getpixel((x, 80))
        assert alpha < 20 or red < 60, x


def test_operators_may_turn_it_off_for_everybody(kept_shop, alice, folder):
    cut_out(alice)

    with override_settings(HISTORY_MOST_HOURS=0):
        assert alice.get("/history/").status_code == 404
        assert fetched(alice, f"/history/{KeptResult.objects.get().name}/").status_code == 404
        assert "/history/" not in alice.get("/dashboard/").content.decode()
        assert "history" not in alice.get("/privacy/").content.decode()
        cut_out(alice)
        assert KeptResult.objects.count() == 1
        from django.utils import timezone

        sweep_history(timezone.now())

    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])
