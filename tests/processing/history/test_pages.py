"""The history's pages: who sees what, and what happens on them."""

import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.models import User
from processing.history import views
from processing.models import HistoryChoice, KeptResult
from tests.processing.history.conftest import cut_out, fetched, files_in


def a_kept_one(client, name="cat.png"):
    cut_out(client, name)
    return KeptResult.objects.latest("pk")


def test_off_the_page_says_so_and_leads_who_may_to_the_switch(alice, mia):
    owners, members = alice.get("/history/").content.decode(), mia.get("/history/").content.decode()

    assert "History is off" in owners and 'href="/history/settings/"' in owners
    assert "An owner or admin can turn it on" in members and "/history/settings/" not in members


def test_an_owner_turns_it_on_and_is_told_before_what_that_means(alice, shop):
    page = alice.get("/history/settings/").content.decode()
    for told in (
        "with the name of its file",
        "Never the photos",
        "own disk",
        "everybody in this organization",
        "500 results",
    ):
        assert told in page
    assert 'name="is_on"' in page and "checked" not in page

    answer = alice.post("/history/settings/", {"is_on": "on", "hours": "6"}, follow=True)

    assert HistoryChoice.objects.get(organization=shop).hours == 6
    assert "kept for 6 hours" in answer.content.decode()


@pytest.mark.parametrize("hours", ["", "0", "25", "-1", "1.5", "many"])
def test_hours_beyond_measure_are_refused_in_words(alice, hours):
    answer = alice.post("/history/settings/", {"is_on": "on", "hours": hours})

    assert (answer.status_code, HistoryChoice.objects.count()) == (200, 0)
    assert 'class="fault"' in answer.content.decode()


def test_turned_off_it_deletes_everything_at_once(kept_shop, alice, folder, django_capture_on_commit_callbacks):
    cut_out(alice)
    assert "1 result is kept now" in alice.get("/history/settings/").content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        alice.post("/history/settings/", {"hours": ""})

    assert (HistoryChoice.objects.count(), KeptResult.objects.count(), files_in(folder)) == (0, 0, [])


def test_a_result_is_listed_with_all_that_one_wants_to_know(kept_shop, alice):
    kept = a_kept_one(alice)

    page = alice.get("/history/").content.decode()

    assert f'src="/history/{kept.name}/thumbnail"' in page
    for told in ("cat-cutout.png", "40 × 30", "alice@example.com", "deleted in 2", "checker"):
        assert told in page


def test_a_download_is_what_was_delivered_and_stays_with_nobody(kept_shop, alice):
    png = cut_out(alice, "Müller & Söhne.jpg")
    kept = KeptResult.objects.get()

    answer = fetched(alice, f"/history/{kept.name}/")

    assert answer.body == png
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''M%C3%BCller")
    assert {part.strip() for part in answer["Cache-Control"].split(",")} >= {"private", "no-store"}
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Length"] == str(len(png))


def test_the_small_picture_stays_with_nobody_either(kept_shop, alice):
    answer = fetched(alice, f"/history/{a_kept_one(alice).name}/thumbnail")

    assert Image.open(io.BytesIO(answer.body)).format == "WEBP"
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert {part.strip() for part in answer["Cache-Control"].split(",")} >= {"private", "no-store"}


@pytest.mark.parametrize("path", ["", "thumbnail", "delete/"])
def test_another_organization_finds_nothing(kept_shop, alice, bob, path):
    kept = a_kept_one(alice)

    assert fetched(bob, f"/history/{kept.name}/{path}").status_code == 404
    assert bob.post(f"/history/{kept.name}/delete/").status_code == 404
    assert kept.name not in bob.get("/history/").content.decode()
    assert fetched(bob, f"/history/{'0' * 32}/{path}").status_code == 404
    assert KeptResult.objects.filter(is_whole=True).count() == 1


@pytest.mark.parametrize("name", ["..%2f..%2fdb.sqlite3", "%2e%2e", "secret_key", "a" * 500])
def test_names_that_were_made_up_lead_nowhere(kept_shop, alice, name):
    assert fetched(alice, f"/history/{name}/").status_code == 404


def test_strangers_are_asked_to_log_in(kept_shop, alice, client):
    kept = a_kept_one(alice)

    assert fetched(client, f"/history/{kept.name}/")["Location"].startswith("/account/login/")
    alice.logout()
    assert fetched(alice, f"/history/{kept.name}/")["Location"].startswith("/account/login/")


def test_who_left_sees_nothing_any_more(kept_shop, alice, mia):
    kept = a_kept_one(alice)
    assert fetched(mia, f"/history/{kept.name}/").status_code == 200

    User.objects.get(email="mia@example.com").memberships.all().delete()

    assert fetched(mia, f"/history/{kept.name}/").status_code == 302


def test_members_see_everybodys_and_delete_their_own(kept_shop, alice, mia, folder, django_capture_on_commit_callbacks):
    hers, his = a_kept_one(mia, "mias.png"), a_kept_one(alice, "alices.png")
    page = mia.get("/history/").content.decode()
    assert f"/history/{his.name}/" in page and f"/history/{his.name}/delete/" not in page

    assert mia.post(f"/history/{his.name}/delete/").status_code == 403
    assert mia.post("/history/delete-all/").status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        assert fetched(mia, f"/history/{hers.name}/delete/").status_code == 200
        assert mia.post(f"/history/{hers.name}/delete/").status_code == 302

    assert [kept.name for kept in KeptResult.objects.all()] == [his.name]
    assert files_in(folder) == [his.name, f"{his.name}-thumbnail"]


def test_owners_delete_all(kept_shop, alice, mia, bob, folder, django_capture_on_commit_callbacks):
    a_kept_one(alice)
    a_kept_one(mia)
    bobs = a_kept_one(bob)
    assert "Delete all 2 kept results?" in alice.get("/history/delete-all/").content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        alice.post("/history/delete-all/")

    assert [kept.name for kept in KeptResult.objects.all()] == [bobs.name]
    assert HistoryChoice.objects.filter(organization=kept_shop).exists()


def test_the_list_goes_on_where_it_stopped_and_asks_little(kept_shop, alice, monkeypatch):
    monkeypatch.setattr(views, "PAGE_LENGTH", 2)
    for number in range(5):
        cut_out(alice, f"photo-{number}.png")
    seen, address = [], "/history/"
    while address:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = alice.get(address)
        seen.append([kept.file_name for kept, _is_mine in page.context["results"]])
        address = page.context["older"] and f"/history/{page.context['older']}"

    assert seen == [
        ["photo-4-cutout.png", "photo-3-cutout.png"],
        ["photo-2-cutout.png", "photo-1-cutout.png"],
        ["photo-0-cutout.png"],
    ]
    assert len(queries) < 12
    assert alice.get("/history/?before=nonsense").status_code == 200


def test_a_lost_file_is_not_found(kept_shop, alice, folder):
    kept = a_kept_one(alice)
    (folder / kept.name).unlink()

    assert fetched(alice, f"/history/{kept.name}/").status_code == 404


def test_file_names_are_words_and_nothing_else(kept_shop, alice):
    a_kept_one(alice, "<img src=x>\"'.png")

    page = alice.get("/history/").content.decode()

    assert "<img src=x>" not in page


def test_the_data_somebody_takes_along_names_what_is_kept(kept_shop, alice, mia):
    cut_out(alice)
    cut_out(mia, "mias.png")

    [row] = json.loads(alice.get("/account/data/export/").content)["results_kept"]

    assert (row["organization"], row["file_name"], row["width"]) == ("Alice's shop", "cat-cutout.png", 40)
    assert row["expires_at"]


def test_pages_that_speak_of_pictures_stay_true(kept_shop, alice, client):
    assert "unless an organization chose to keep its results" in client.get("/privacy/").content.decode()
    assert "24 at the most" in client.get("/privacy/").content.decode()
    assert "turns its history on" in client.get("/").content.decode()
    assert "history</a> for 3 hours" in alice.get("/try/").content.decode()
    assert "history are deleted" in alice.get("/organization/close/").content.decode()


def test_nothing_leads_to_the_folder_but_the_pages(kept_shop, alice, client):
    kept = a_kept_one(alice)

    for prefix in ("/static/history", "/media", "/static/..", "/history/files"):
        assert client.get(f"{prefix}/{kept.name}").status_code in (301, 302, 404)
