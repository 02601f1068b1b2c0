"""What the usage page counts, lists and hands out."""

import codecs
import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from processing import records
from processing.bar_chart import chart_of, round_up
from processing.models import DailyUsage, RemovalRecord
from processing.records import count_past_days, reduce_old_records
from processing.usage import Day, Question, credits_since, days_of, latest, records_of, slow_ms, total_of
from processing.usage_form import cursor_of, place_of
from tests.factories import make_key, make_member, make_organization

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def shop():
    return make_organization()


@pytest.fixture
def alice(shop):
    client = Client()
    client.force_login(make_member(shop, "alice@example.com", Role.MEMBER))
    return client


def record(shop, when=NOW, *, status=200, ms=100, key=None, origin="api", code="", **fields):
    return RemovalRecord.objects.create(
        organization=shop,
        api_key=key,
        request_id=f"req_{RemovalRecord.objects.count():032d}",
        created=when,
        status=status,
        code=code,
        credits_charged=int(status == 200),
        took_ms=ms,
        origin=origin,
        **fields,
    )


def test_the_unit_of_time_is_that_of_the_language(shop, alice):
    record(shop, ms=1234)

    page = alice.get("/usage/", headers={"accept-language": "ar"}).content.decode()

    assert re.search(r'<bdi>[\d٬,.]+ <span class="quiet">ملّي ث</span></bdi>', page)
    assert not re.search(r"\bms\b", re.sub(r"<[^>]*>", "", page))


def asked(shop, days=30, **kind):
    today = timezone.now().date()
    return Question(organization_id=shop.pk, first=today - timedelta(days=days - 1), last=today, **kind)


def test_days_count_by_what_became_of_requests_and_begin_at_midnight_utc(shop):
    record(shop, NOW.replace(hour=0, minute=0))
    record(shop, NOW.replace(day=14, hour=23, minute=59, second=59, microsecond=999_999))
    record(shop, status=400)
    record(shop, status=402)
    record(shop, status=503)
    record(shop, NOW - timedelta(days=40))
    record(make_organization("Bob's shop"))
    days = days_of(asked(shop, days=7))

    assert [day.day for day in days] == [date(2026, 3, n) for n in range(9, 16)]
    assert (days[-1].delivered, days[-1].refused, days[-1].failed, days[-1].credits) == (1, 2, 1, 1)
    assert (days[-2].delivered, days[-2].requests) == (1, 1)
    assert total_of(days).requests == 5


def test_what_was_folded_counts_as_before(shop, settings):
    key = make_key(shop).api_key
    for day in (1, 20, 40):
        record(shop, NOW - timedelta(days=day), key=key)
        record(shop, NOW - timedelta(days=day), origin="playground")
        record(shop, NOW - timedelta(days=day), status=400, key=key)
    questions = [
        asked(shop, days=60),
        asked(shop, days=60, api_key_id=key.pk),
        asked(shop, days=60, origin="playground"),
        asked(shop, days=60, outcome="refused"),
    ]
    before = [days_of(question) for question in questions]
    settings.RECORDS_KEPT_DAYS = 10
    assert reduce_old_records(NOW) == 6

    assert [days_of(question) for question in questions] == before
    assert [total_of(days).requests for days in before] == [9, 6, 3, 3]
    assert credits_since(shop.pk, date(2026, 1, 1)) == 6
    assert DailyUsage.objects.count() == 6


def test_days_that_are_over_are_counted_once_and_nothing_is_seen_of_it(shop, monkeypatch):
    monkeypatch.setattr(records, "COUNTED_AT_ONCE", 2)
    key = make_key(shop).api_key
    for day in range(4):
        record(shop, NOW - timedelta(days=day), key=key)
        record(shop, NOW - timedelta(days=day), status=503)
    before, credits = days_of(asked(shop)), credits_since(shop.pk, date(2026, 3, 1))

    assert [count_past_days(NOW), count_past_days(NOW)] == [6, 0], "today is not over"
    assert days_of(asked(shop)) == before
    assert credits_since(shop.pk, date(2026, 3, 1)) == credits == 4
    assert len(latest(asked(shop), before=None, count=50)) == 8, "they are still listed"

    record(shop, NOW - timedelta(days=3), key=key)
    assert total_of(days_of(asked(shop))).requests == 9, "a late one counts at once"
    assert count_past_days(NOW) == 1
    assert total_of(days_of(asked(shop))).requests == 9
    assert count_past_days(NOW + timedelta(days=1)) == 2


def test_late_records_of_a_folded_day_are_added_to_their_own_count(shop, settings):
    settings.RECORDS_KEPT_DAYS = 10
    key = make_key(shop).api_key
    for _ in range(2):
        record(shop, NOW - timedelta(days=20), key=key)
        record(shop, NOW - timedelta(days=20), origin="playground")
        reduce_old_records(NOW)

    assert sorted(DailyUsage.objects.values_list("origin", "requests")) == [("api", 2), ("playground", 2)]


@pytest.mark.parametrize(("times", "expected"), [([], None), ([7], 7), (list(range(1, 101)), 95), ([1, 2], 2)])
def test_slow_is_the_nearest_rank_of_delivered_images(shop, times, expected):
    for ms in times:
        record(shop, ms=ms)
    record(shop, ms=99_999, status=503)

    assert slow_ms(asked(shop)) == expected


def test_the_list_goes_on_where_it_ended_even_within_one_moment(shop):
    made = [record(shop) for _ in range(5)] + [record(shop, NOW - timedelta(seconds=1))]
    seen, place = [], None
    while page := latest(asked(shop), before=place, count=2):
        seen += page
        place = place_of(cursor_of(page[-1].created, page[-1].pk))

    assert seen == sorted(made, key=lambda row: (row.created, row.pk), reverse=True)


@pytest.mark.parametrize("cursor", ["", "x", "1", "1-", "-", "9" * 40 + "-1", "-1-1", "1-" + "9" * 40])
def test_a_broken_place_in_the_list_harms_nobody(alice, cursor):
    assert alice.get("/usage/", {"before": cursor}).status_code == 200


def test_the_page_shows_numbers_days_and_requests(alice, shop):
    key = make_key(shop, name="shop-import").api_key
    record(shop, key=key, ms=1234, input_width=4000, input_height=3000)
    record(shop, status=400, code="validation_error", origin="playground")
    page = alice.get("/usage/").content.decode()

    assert "50.0 %" in page
    assert "1,234" in page
    assert "4000 × 3000" in page
    assert "validation_error" in page
    assert "Playground" in page
    assert "shop-import" in page
    assert "<title id=" in page
    assert "style=" not in page


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, {0, 1, 2}),
        ({"outcome": "refused"}, {1}),
        ({"origin": "playground"}, {1}),
        ({"days": "7"}, {0, 1}),
        ({"first": "2026-03-01", "last": "2026-03-05"}, {2}),
        ({"last": "2026-03-10"}, {2}),
        ({"first": "2026-03-10"}, {0, 1}),
        ({"first": "2026-03-10", "last": "2026-03-01"}, {0, 1, 2}),
        ({"first": "nonsense", "outcome": "x", "origin": "x", "key": "x", "days": "5"}, {0, 1, 2}),
    ],
)
def test_filters_choose_requests_on_the_page_and_in_the_csv(alice, shop, query, ids):
    record(shop)
    record(shop, status=400, origin="playground")
    record(shop, NOW - timedelta(days=11))
    page = alice.get("/usage/", query).content.decode()
    table = b"".join(alice.get("/usage/requests.csv", query).streaming_content).decode()

    for number in range(3):
        assert (f"req_{number:032d}" in page) is (number in ids)
        assert (f"req_{number:032d}" in table) is (number in ids)


def test_wrong_days_are_told(alice):
    assert "Exchange the two" in alice.get("/usage/?first=2026-03-10&last=2026-03-01").content.decode()
    assert "Choose at most 366 days" in alice.get("/usage/?first=2020-03-10").content.decode()


@pytest.mark.parametrize("path", ["/usage/", "/usage/requests.csv"])
@pytest.mark.parametrize("day", ["0001-01-05", "9999-12-31"])
def test_days_on_which_nothing_can_have_happened_are_told_and_harm_nothing(alice, path, day):
    answer = alice.get(f"{path}?last={day}")

    assert answer.status_code == 200
    assert b"".join(answer) and ("since the year 2000" in answer.content.decode() if path == "/usage/" else True)


def test_somebody_elses_key_filters_nothing(alice, shop):
    theirs = make_key(make_organization("Bob's shop"), name="secret plans").api_key
    record(theirs.organization, key=theirs)
    page = alice.get("/usage/", {"key": theirs.pk}).content.decode()

    assert "secret plans" not in page
    assert "No request fits" in page


def test_a_spreadsheet_runs_nothing_of_the_csv(alice, shop):
    for number, name in enumerate(('=HYPERLINK("x")', "+1", "-1", "@x", "\tx", "\uff1d1", 'plain, "quoted"')):
        record(shop, NOW - timedelta(seconds=number), key=make_key(shop, name=name).api_key)
    answer = alice.get("/usage/requests.csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    assert answer.streaming
    assert 'filename="usage-2026-02-14-2026-03-15.csv"' in answer["Content-Disposition"]
    assert [row[3] for row in rows[1:]] == [
        '\'=HYPERLINK("x")',
        "'+1",
        "'-1",
        "'@x",
        "'\tx",
        "'\uff1d1",
        'plain, "quoted"',
    ]
    assert rows[1][0] == "2026-03-15T12:00:00.000000Z"


def test_excel_recognizes_the_csv_as_utf8(alice, shop):
    record(shop, NOW, key=make_key(shop, name="Café").api_key)

    content = b"".join(alice.get("/usage/requests.csv").streaming_content)

    assert content.startswith(codecs.BOM_UTF8)
    assert content.count(codecs.BOM_UTF8) == 1
    assert "Café" in content.decode("utf-8-sig")


def test_the_page_asks_no_more_for_more_requests(alice, shop, django_assert_max_num_queries):
    keys = [make_key(shop, name=f"Key {number}").api_key for number in range(10)]
    for number in range(60):
        record(shop, NOW - timedelta(hours=number), key=keys[number % 10])
    alice.get("/usage/")  # the first visit of a session is written down, too
    with django_assert_max_num_queries(17):
        assert alice.get("/usage/").status_code == 200


@pytest.mark.sqlite_only
def test_counting_reads_the_few_uncounted_in_their_index_alone_and_the_list_its_own(shop):
    uncounted = records_of(asked(shop)).filter(is_counted=False).values("status").annotate(n=Sum("credits_charged"))
    listed = records_of(asked(shop, outcome="failed", origin="api")).order_by("-created", "-pk")
    due = RemovalRecord.objects.filter(is_counted=False, created__lt=NOW).order_by("organization", "created")

    assert "COVERING INDEX record_uncounted" in uncounted.explain()
    assert "INDEX record_for_usage" in listed.explain()
    assert "INDEX record_uncounted" in due.explain()


def test_strangers_are_sent_to_log_in(client):
    for path in ("/usage/", "/usage/requests.csv"):
        assert client.get(path)["Location"].startswith("/account/login/")


@pytest.mark.parametrize(
    ("number", "top"),
    [(0, 1), (1, 1), (7, 7), (10, 10), (11, 12), (99, 100), (101, 120), (810, 1000), (12_001, 15_000)],
)
def test_a_scale_ends_at_a_number_that_reads_well(number, top):
    assert round_up(number) == top


def test_bars_stand_on_each_other_and_stay_in_their_frame():
    days = [Day(date(2026, 1, 1), delivered=50, refused=30, failed=20), Day(date(2026, 1, 2)), Day(date(2026, 1, 3), 1)]
    chart = chart_of(days)

    assert chart.delivered == "M1 50h8v50h-8zM21 98.5h8v1.5h-8z"
    assert (chart.refused, chart.failed) == ("M1 20h8v30h-8z", "M1 0h8v20h-8z")
    assert [column.x for column in chart.columns] == [0, 10, 20]
    assert chart.columns[0].label == "1 Jan 2026: 100 requests, credits: 0"
    assert (chart.top, chart.width) == (100, 30)
