"""Free work has a budget: for each organization, for each person, and of previews for the server."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from prometheus_client import REGISTRY

from accounts.models import Role
from billing import free_usage
from billing.free_usage import FreeCaller
from billing.free_usage_models import DailyFreeUsage, FreeKind
from processing import services
from processing.matting.errors import NoSubject, TooSlow
from processing.scheduler import run_due_jobs
from processing.slots import Slots
from tests.factories import make_key, make_member, make_organization, make_staff
from tests.processing.api.conftest import Caller, picture_bytes, upload

PATHS = ("/v1/remove", "/v1.0/removebg")


@pytest.fixture
def tester(shop):
    """Alice with a test key that nobody in particular made."""
    return Caller(make_key(shop, is_test=True).secret)


@pytest.fixture
def noon():
    with time_machine.travel(datetime(2030, 1, 1, 12, tzinfo=UTC), tick=False) as clock:
        yield clock


def send(caller, path="/v1/remove", **headers):
    return caller.post(path, {"image_file": upload("x.png", picture_bytes())}, **headers)


def counted(subject):
    row = free_usage.usage_today(subject)
    return (row.replays, row.tests, row.late)


def metric(kind, outcome):
    return REGISTRY.get_sample_value("removebg_free_calls_total", {"kind": kind, "outcome": outcome}) or 0


def give_up_late(monkeypatch):
    def too_slow(*args, **kwargs):
        raise TooSlow

    monkeypatch.setattr(services, "cut_out_opened", too_slow)


@pytest.mark.parametrize("path", PATHS)
def test_tests_beyond_the_budget_are_refused_until_midnight(tester, shop, disc, settings, noon, path):
    settings.FREE_CALLS_PER_DAY = 2
    before = metric("tests", "counted"), metric("tests", "refused")
    answers = [send(tester, path) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "rate_limit_exceeded" in answers[2].content.decode()
    assert "2 free calls of today are used" in answers[2].content.decode()
    assert answers[2]["Retry-After"] == str(12 * 3600)
    assert counted(shop) == (0, 2, 0)
    assert (metric("tests", "counted"), metric("tests", "refused")) == (before[0] + 2, before[1] + 1)
    noon.shift(timedelta(hours=12))
    assert send(tester, path).status_code == 200


def test_replays_and_tests_share_one_budget_and_paid_calls_pass(alice, alice_credits, tester, shop, disc, settings):
    settings.FREE_CALLS_PER_DAY = 3
    send(alice, idempotency_key="k")
    statuses = [send(alice, idempotency_key="k").status_code for _ in range(2)] + [send(tester).status_code]
    refused = send(alice, idempotency_key="k")

    assert statuses == [200] * 3
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limit_exceeded")
    assert counted(shop) == (2, 1, 0)
    assert (send(alice).status_code, alice_credits()) == (200, 8)


def test_one_person_has_one_budget_for_all_their_organizations(shop, disc, settings):
    settings.FREE_CALLS_PER_PERSON_PER_DAY = 2
    alice = make_member(shop)
    second = make_organization("Second")
    callers = [Caller(make_key(one, is_test=True, created_by=alice).secret) for one in (shop, second)]
    statuses = [send(caller).status_code for caller in (*callers, *callers)]

    assert statuses == [200, 200, 429, 429]
    assert (counted(shop), counted(second), counted(alice)) == ((0, 1, 0), (0, 1, 0), (0, 2, 0))


def test_key_that_staff_issued_counts_for_its_organization_only(shop, disc, settings):
    settings.FREE_CALLS_PER_PERSON_PER_DAY = 1
    sam = make_staff()
    caller = Caller(make_key(shop, is_test=True, created_by=sam).secret)

    assert [send(caller).status_code for _ in range(2)] == [200, 200]
    assert (counted(shop), counted(sam)) == ((0, 2, 0), (0, 0, 0))


def test_person_on_a_page_is_counted(shop, disc):
    person = make_member(shop)
    client = Client()
    client.force_login(person)
    for _ in range(2):
        answer = client.post(
            "/try/remove", {"image_file": upload("x.png", picture_bytes())}, headers={"Idempotency-Key": "k"}
        )
        assert answer.status_code == 200

    assert (counted(shop), counted(person)) == ((1, 0, 0), (1, 0, 0))


def test_call_that_finds_no_slot_is_taken_off_again(tester, shop, disc, monkeypatch):
    full = Slots(places=1, waiting_places=0, wait_s=9)
    monkeypatch.setattr(services, "image_slots", full)

    with full.acquire():
        assert send(tester).status_code == 503

    assert counted(shop) == (0, 0, 0)


def test_test_that_is_refused_while_decoding_is_counted(tester, shop, disc):
    cut = upload("x.jpg", picture_bytes(300, 300, "JPEG")[:-150])

    assert tester.post("/v1/remove", {"image_file": cut}).status_code == 400
    assert counted(shop) == (0, 1, 0)


def test_late_v1_0_calls_are_counted_and_then_refused_but_v1_goes_on(
    alice, alice_credits, shop, disc, settings, monkeypatch
):
    settings.FREE_CALLS_PER_DAY = 2
    with monkeypatch.context() as patch:
        give_up_late(patch)
        late = [send(alice, "/v1.0/removebg") for _ in range(3)]

    assert [answer.status_code for answer in late] == [429] * 3
    codes = [answer.json()["errors"][0]["code"] for answer in late]
    assert codes == ["server_busy", "server_busy", "rate_limit_exceeded"]
    assert "POST /v1/remove" in late[2].json()["errors"][0]["detail"]
    assert counted(shop) == (0, 0, 2)
    assert send(alice, "/v1.0/removebg").status_code == 429
    assert alice_credits() == 10
    assert (send(alice).status_code, alice_credits()) == (200, 9)


def test_used_budget_of_tests_does_not_refuse_paid_v1_0_calls(alice, tester, disc, settings):
    settings.FREE_CALLS_PER_DAY = 1
    assert [send(tester).status_code for _ in range(2)] == [200, 429]

    assert send(alice, "/v1.0/removebg").status_code == 200


def test_late_test_is_counted_once(tester, shop, disc, monkeypatch):
    give_up_late(monkeypatch)

    assert send(tester, "/v1.0/removebg").status_code == 429
    assert counted(shop) == (0, 1, 0)


def test_count_that_cannot_be_written_does_not_hide_the_late_answer(alice, disc, monkeypatch, caplog):
    give_up_late(monkeypatch)

    def fail(caller):
        raise RuntimeError("gone")

    monkeypatch.setattr(free_usage, "count_unpaid", fail)

    assert send(alice, "/v1.0/removebg").json()["errors"][0]["code"] == "server_busy"
    assert "unpaid_call_not_counted" in caplog.text


def test_previews_have_a_budget_for_the_whole_server(db, disc, settings):
    settings.TRIAL_PREVIEWS_PER_DAY = 2
    clients = [Client(REMOTE_ADDR=f"203.0.113.{number}") for number in range(4)]
    answers = [client.post("/trial/remove", {"image_file": upload("x.png", picture_bytes())}) for client in clients]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[2].json()["code"] == "rate_limit_exceeded"
    assert 1 <= int(answers[2]["Retry-After"]) <= 24 * 3600
    assert DailyFreeUsage.objects.get(organization=None, person=None).previews == 2


def test_usage_page_shows_the_budget(shop, tester, disc, settings):
    settings.FREE_CALLS_PER_DAY, settings.FREE_CALLS_PER_PERSON_PER_DAY = 1200, 50
    send(tester)
    client = Client()
    client.force_login(make_member(shop, role=Role.MEMBER))

    page = client.get("/usage/").content.decode()

    assert "1 / 1,200" in page
    assert "repetitions under an Idempotency-Key: 0, tests: 1, too slow: 0; images that could not be cut out: 0" in page
    assert "You used 0 of your own 50" in page


def test_scheduler_deletes_old_counts(shop, noon):
    free_usage.reserve(FreeKind.TEST, FreeCaller(shop))
    noon.shift(timedelta(days=free_usage.KEPT_DAYS))
    run_due_jobs(holder="a", every_s=30)
    assert DailyFreeUsage.objects.count() == 1

    noon.shift(timedelta(days=1))
    run_due_jobs(holder="a", every_s=30)
    assert DailyFreeUsage.objects.count() == 0


def test_export_of_a_person_has_their_free_calls(shop, disc):
    person = make_member(shop)
    client = Client()
    client.force_login(person)
    send(Caller(make_key(shop, is_test=True, created_by=person).secret))

    [row] = client.get("/account/data/export/").json()["free_calls"]

    assert (row["replays"], row["tests"], row["late"]) == (0, 1, 0)


def send_cut_off(caller, path):
    return caller.post(path, {"image_file": upload("x.jpg", picture_bytes(300, 300, "JPEG")[:-150])})


@pytest.mark.parametrize("path", PATHS)
def test_refused_images_use_a_budget_and_each_delivered_image_allows_one_more(alice, shop, disc, settings, path):
    settings.FREE_CALLS_PER_DAY = 2
    answers = [send_cut_off(alice, path) for _ in range(3)]
    delivered = send(alice, path)
    settings.FREE_CALLS_PER_DAY = 3
    paid = send(alice, path)
    settings.FREE_CALLS_PER_DAY = 2
    after = [send_cut_off(alice, path) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert (delivered.status_code, paid.status_code) == (429, 200)
    assert [answer.status_code for answer in after] == [400, 429]
    assert free_usage.usage_today(shop).refused == 3
    assert counted(shop) == (0, 0, 0)


def test_image_without_a_subject_is_counted(alice, alice_credits, shop, monkeypatch):
    def find_nothing(*args, **kwargs):
        raise NoSubject

    monkeypatch.setattr(services, "cut_out_opened", find_nothing)

    assert send(alice, "/v1.0/removebg").status_code == 400
    assert free_usage.usage_today(shop).refused == 1
    assert alice_credits() == 10
