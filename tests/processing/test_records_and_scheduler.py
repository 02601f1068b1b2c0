"""Records are reduced in time; periodic jobs run once however many processes there are."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import ledger
from billing.selectors import account_of
from processing import scheduler
from processing.models import DailyUsage, RemovalRecord, SchedulerLease
from processing.records import reduce_old_records
from tests.factories import make_organization

pytestmark = pytest.mark.django_db


def record(organization, *, days_ago, status=200, number=0):
    RemovalRecord.objects.create(
        organization=organization,
        request_id=f"req_{organization.pk}_{days_ago}_{status}_{number}",
        created=timezone.now() - timedelta(days=days_ago),
        status=status,
        credits_charged=int(status == 200),
        took_ms=5,
    )


def test_records_past_their_time_become_daily_counts(settings):
    settings.RECORDS_KEPT_DAYS = 30
    alice, bob = make_organization("Alice's"), make_organization("Bob's")
    for number in range(3):
        record(alice, days_ago=40, number=number)
    record(alice, days_ago=40, status=400)
    record(bob, days_ago=50)
    record(alice, days_ago=3)

    assert reduce_old_records(timezone.now()) == 5
    assert reduce_old_records(timezone.now()) == 0

    counts = {(u.organization.name, u.status): (u.requests, u.credits_charged) for u in DailyUsage.objects.all()}
    assert counts == {("Alice's", 200): (3, 3), ("Alice's", 400): (1, 0), ("Bob's", 200): (1, 1)}
    assert RemovalRecord.objects.count() == 1


def test_late_records_of_a_reduced_day_are_added(settings):
    alice = make_organization()
    record(alice, days_ago=200)
    reduce_old_records(timezone.now())
    record(alice, days_ago=200, number=1)
    reduce_old_records(timezone.now())

    assert DailyUsage.objects.get().requests == 2


def test_one_of_two_processes_gets_the_lease():
    assert scheduler.take_lease("job", holder="a", lasts_s=60)
    assert not scheduler.take_lease("job", holder="b", lasts_s=60)
    assert scheduler.take_lease("another job", holder="b", lasts_s=60)


def test_the_lease_of_a_dead_process_is_taken_over():
    scheduler.take_lease("job", holder="a", lasts_s=60)
    SchedulerLease.objects.update(expires_at=timezone.now())

    assert scheduler.take_lease("job", holder="b", lasts_s=60)
    assert SchedulerLease.objects.get().holder == "b"


def test_the_jobs_release_holds_of_dead_processes(settings):
    settings.HOLD_LEASE_S = 0
    account = account_of(make_organization(credits=5))
    ledger.hold(account, amount=2)

    assert set(scheduler.run_due_jobs(holder="a", every_s=30)) == set(scheduler.JOBS)

    account.refresh_from_db()
    assert (account.balance, account.held) == (5, 0)
    assert scheduler.run_due_jobs(holder="b", every_s=30) == [], "the jobs have just been run"


def test_a_job_that_fails_stops_no_other(monkeypatch):
    def broken(now):
        raise RuntimeError

    ran = []
    monkeypatch.setattr(scheduler, "JOBS", {"broken": broken, "fine": ran.append})

    assert scheduler.run_due_jobs(holder="a", every_s=30) == ["fine"]
    assert len(ran) == 1
