"""The first page: what is left, what happened, and three steps until they are done."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from billing import ledger
from billing.levels import Level, level_of
from processing.models import DailyUsage, RemovalRecord
from processing.overview import overview_of
from processing.records import reduce_old_records
from tests.factories import make_key, make_member, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_organization("Alice's shop", credits=100)


@pytest.fixture
def alice(shop):
    client = Client()
    client.force_login(make_member(shop, "alice@example.com", Role.OWNER))
    return client


def record(shop, *, origin="api", status=200, days_ago=0):
    RemovalRecord.objects.create(
        organization=shop,
        request_id=f"req_{RemovalRecord.objects.count()}_{days_ago}",
        created=timezone.now() - timedelta(days=days_ago),
        status=status,
        took_ms=5,
        origin=origin,
    )


def test_it_shows_its_own_organization_to_members_only(client, alice, shop):
    make_organization("Bob's shop", credits=99)
    ledger.grant(shop.credit_account, amount=1134, reference="more", reason="")
    assert client.get("/dashboard/").status_code == 302
    page = alice.get("/dashboard/").content.decode()

    assert "Alice&#x27;s shop" in page
    assert "1,234" in page
    assert "Bob" not in page


@pytest.mark.parametrize(
    ("available", "level"),
    [(100, "fine"), (21, "fine"), (20, "low"), (6, "low"), (5, "very_low"), (1, "very_low"), (0, "empty")],
)
def test_low_is_a_fifth_and_very_low_a_twentieth_of_the_last_top_up(available, level):
    assert level_of(available, 100) == Level(level)


def test_the_bar_measures_by_what_the_last_purchase_left(alice, shop):
    ledger.capture(ledger.hold(shop.credit_account, amount=85))
    assert "15 of 100 credits are left" in alice.get("/dashboard/").content.decode()
    ledger.grant(shop.credit_account, amount=1000, reference="more", reason="")

    assert 'id="low"' not in alice.get("/dashboard/").content.decode()
    ledger.capture(ledger.hold(shop.credit_account, amount=1015))
    assert "No credits are left." in alice.get("/dashboard/").content.decode()


def test_steps_are_ticked_off_and_then_never_shown_again(alice, shop, settings):
    assert "Three steps" in alice.get("/dashboard/").content.decode()
    make_key(shop)
    record(shop, origin="playground")
    record(shop, status=402)
    steps = overview_of(shop).steps
    assert (steps.has_tried, steps.has_key) == (True, True)
    record(shop, days_ago=40)
    assert "Three steps" not in alice.get("/dashboard/").content.decode()

    settings.RECORDS_KEPT_DAYS = 10
    reduce_old_records(timezone.now())
    assert DailyUsage.objects.exists()
    assert overview_of(shop).steps is None


def test_a_suspended_organization_is_told(alice, shop):
    shop.suspended_at = timezone.now()
    shop.save()

    assert "This organization is suspended" in alice.get("/dashboard/").content.decode()


def test_only_who_may_choose_the_warning_is_led_to_it(alice, shop):
    bob = Client()
    bob.force_login(make_member(shop, "bob@example.com", Role.MEMBER))

    assert "/credits/warning/" in alice.get("/dashboard/").content.decode()
    assert "/credits/warning/" not in bob.get("/dashboard/").content.decode()


def test_it_asks_no_more_for_more(alice, shop, django_assert_max_num_queries):
    for day in range(20):
        make_key(shop)
        record(shop, days_ago=day % 7)
    alice.get("/dashboard/")  # the first visit of a session is written down, too
    with django_assert_max_num_queries(18):
        alice.get("/dashboard/")
