"""What `audit_ledger` reports of work that was delivered without a charge."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from billing import idempotency
from billing.models import IdempotencyClaim
from billing.selectors import account_of
from processing.models import RemovalRecord
from processing.records import count_past_days
from processing.work_audit import Replays, Work, replays_now, work_since
from tests.factories import make_organization

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


def record(organization, *, credits=0, days_ago=0, status=200):
    RemovalRecord.objects.create(
        organization=organization,
        request_id=f"req_{RemovalRecord.objects.count():032d}",
        created=NOW - timedelta(days=days_ago),
        status=status,
        credits_charged=credits,
        took_ms=1,
    )


@pytest.fixture
def shops():
    """Alice's shop was delivered four images for one credit, Bob's one for one; older and refused ones do not count."""
    alice, bob = make_organization("Alice's shop"), make_organization("Bob's shop")
    record(alice, credits=1, days_ago=2)
    record(alice, days_ago=1)
    for _ in range(2):
        record(alice)
    record(alice, status=422)
    record(alice, days_ago=7)
    record(bob, credits=1)
    return alice, bob


@pytest.mark.parametrize("is_counted", [False, True])
def test_work_is_summed_over_single_records_and_daily_counts(shops, is_counted):
    alice, bob = shops
    if is_counted:
        count_past_days(NOW)

    work = work_since(NOW.date() - timedelta(days=6))

    assert list(work) == [
        Work(organization=alice.public_id, delivered=4, credits=1),
        Work(organization=bob.public_id, delivered=1, credits=1),
    ]
    assert [(one.free, one.per_credit) for one in work] == [(3, 4.0), (0, 1.0)]


def test_replays_are_summed_over_the_known_keys():
    account = account_of(make_organization())
    for key, replays in (("a", 0), ("b", 2), ("c", 7)):
        idempotency.mark_delivered(idempotency.claim(account, key=key, fingerprint="f"), image_digest="a" * 64)
        IdempotencyClaim.objects.filter(key=key).update(replays=replays)

    assert replays_now() == Replays(keys=3, replayed_keys=2, total=9, most=7)


def test_command_reports_the_organizations_with_most_free_work(shops):
    alice, bob = shops
    out = StringIO()

    call_command("audit_ledger", stdout=out)

    assert "Work in 7 days: 5 images delivered for 2 credits, 3 of them free." in out.getvalue()
    assert f"  {alice.public_id}: 4 images for 1 credits (4.00 a credit), 3 free." in out.getvalue()
    assert bob.public_id not in out.getvalue()
