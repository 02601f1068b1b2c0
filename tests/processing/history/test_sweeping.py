"""The end of what is kept, on time and after crashes."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.closing import close_organization, delete_person
from accounts.models import Membership, Role, User
from processing import scheduler
from processing.history.choosing import turn_off, turn_on
from processing.history.sweeping import WRITTEN_WITHIN, mend, sweep_history
from processing.models import KeptResult, SchedulerLease
from tests.factories import make_member
from tests.processing.history.conftest import FILES, cut_out, fetched, files_in

HERE = "tests.processing.history.storages"


def later(**delta):
    return timezone.now() + timedelta(**delta)


def test_when_its_time_has_come_file_and_row_go(kept_shop, alice, folder):
    cut_out(alice)
    assert (sweep_history(later(hours=2, minutes=59)), KeptResult.objects.count()) == (0, 1)

    assert sweep_history(later(hours=3)) == 1

    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])


def test_what_is_over_is_not_shown_though_no_sweep_has_come(kept_shop, alice):
    cut_out(alice)
    name = KeptResult.objects.get().name
    assert fetched(alice, f"/history/{name}/").status_code == 200

    with time_machine.travel(later(hours=3, seconds=1), tick=False):
        alice.force_login(User.objects.get(email="alice@example.com"))
        assert fetched(alice, f"/history/{name}/").status_code == 404
        assert fetched(alice, f"/history/{name}/thumbnail").status_code == 404
        assert name not in alice.get("/history/").content.decode()
    assert KeptResult.objects.count() == 1


def test_the_scheduler_does_it(kept_shop, alice, folder):
    cut_out(alice)
    KeptResult.objects.update(expires_at=timezone.now())

    assert "sweep_history" in scheduler.run_due_jobs(holder="test", every_s=30)

    assert files_in(folder) == []


def test_a_shorter_limit_of_the_operator_counts_for_what_is_kept_already(kept_shop, alice, settings):
    cut_out(alice)
    settings.HISTORY_MOST_HOURS = 1

    with time_machine.travel(later(hours=1, seconds=1), tick=False):
        alice.force_login(User.objects.get(email="alice@example.com"))
        assert fetched(alice, f"/history/{KeptResult.objects.get().name}/").status_code == 404
    assert sweep_history(later(hours=1, seconds=1)) == 1


def test_shorter_hours_count_for_what_is_kept_already_and_longer_ones_do_not(kept_shop, alice):
    cut_out(alice)
    turn_on(kept_shop.pk, hours=1)
    turn_on(kept_shop.pk, hours=5)

    kept = KeptResult.objects.get()
    assert kept.expires_at - kept.created == timedelta(hours=1)


def test_a_process_that_died_while_writing_leaves_nothing_for_long(kept_shop, alice, folder, use_storage):
    use_storage(f"{HERE}.Killed", location=str(folder))
    with pytest.raises(SystemExit):
        cut_out(alice)
    use_storage(FILES, location=str(folder))
    half = KeptResult.objects.get()
    assert (half.is_whole, files_in(folder)) == (False, [half.name])
    assert fetched(alice, f"/history/{half.name}/").status_code == 404

    sweep_history(timezone.now())
    assert KeptResult.objects.count() == 1, "it might still be writing"
    sweep_history(half.created + WRITTEN_WITHIN)

    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])


def test_files_without_a_row_and_rows_without_a_file_are_found(kept_shop, alice, folder, caplog):
    for name in ("lost.png", "forgotten.png", "fine.png"):
        cut_out(alice, name)
    (folder / KeptResult.objects.get(file_name="lost-cutout.png").name).unlink()
    KeptResult.objects.filter(file_name="forgotten-cutout.png").delete()

    assert mend(later(seconds=1)) == 2

    fine = KeptResult.objects.get()
    assert (fine.file_name, files_in(folder)) == ("fine-cutout.png", [fine.name, f"{fine.name}-thumbnail"])
    assert "history_mended" in caplog.text


def test_mending_comes_with_the_sweep_once_an_hour(kept_shop, folder):
    folder.mkdir()
    (folder / "nobodys").write_bytes(b"left over")
    sweep_history(timezone.now())
    (folder / "nobodys-too").write_bytes(b"left over")
    sweep_history(timezone.now())
    assert files_in(folder) == ["nobodys-too"]

    SchedulerLease.objects.filter(job="mend_history").update(expires_at=timezone.now())
    sweep_history(timezone.now())

    assert files_in(folder) == []


def test_what_could_not_be_deleted_is_not_seen_and_goes_later(
    kept_shop, alice, folder, use_storage, caplog, django_capture_on_commit_callbacks
):
    cut_out(alice)
    name = KeptResult.objects.get().name
    use_storage(f"{HERE}.Stubborn", location=str(folder))
    with django_capture_on_commit_callbacks(execute=True):
        turn_off(kept_shop.pk)
    turn_on(kept_shop.pk, hours=3)
    assert fetched(alice, f"/history/{name}/").status_code == 404
    assert "history_file_not_deleted" in caplog.text

    use_storage(FILES, location=str(folder))
    sweep_history(timezone.now())

    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])


def test_closing_the_organization_deletes_all_of_it(kept_shop, alice, folder, django_capture_on_commit_callbacks):
    cut_out(alice)

    with django_capture_on_commit_callbacks(execute=True):
        close_organization(kept_shop)

    assert (KeptResult.objects.count(), files_in(folder)) == (0, [])
    sweep_history(timezone.now())


def test_a_deleted_person_takes_along_what_they_made(kept_shop, alice, mia, folder, django_capture_on_commit_callbacks):
    cut_out(alice, "alices.png")
    cut_out(mia, "mias.png")

    with django_capture_on_commit_callbacks(execute=True):
        delete_person(User.objects.get(email="mia@example.com"))

    assert [kept.file_name for kept in KeptResult.objects.all()] == ["alices-cutout.png"]
    assert len(files_in(folder)) == 2


def test_an_organization_of_one_s_own_goes_with_the_account(
    kept_shop, alice, folder, django_capture_on_commit_callbacks
):
    cut_out(alice)

    with django_capture_on_commit_callbacks(execute=True):
        delete_person(User.objects.get(email="alice@example.com"))

    assert files_in(folder) == []


def test_a_closing_that_is_rolled_back_deletes_nothing(kept_shop, alice, folder, monkeypatch):
    """The file goes only when the transaction around is sure."""
    from accounts import closing

    cut_out(alice)
    make_member(kept_shop, "olga@example.com", Role.OWNER)
    monkeypatch.setattr(closing, "erase_person", lambda *args, **kwargs: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        delete_person(User.objects.get(email="alice@example.com"))

    kept = KeptResult.objects.get()
    assert (kept.is_whole, len(files_in(folder))) == (True, 2)
    assert Membership.objects.count() == 2
