"""The bell: rung after the commit of what takes credits below the threshold, at no cost on the way of an answer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import ledger, recharge_bell
from billing.models import CreditAccount
from tests.billing.shared_database import run_child, shared_database
from tests.billing.stripe_fakes import SECRET_KEY
from tests.factories import make_account
from tests.stripe_stand_in import StripeStandIn


@pytest.fixture
def account(db):
    recharge_bell.wait(0)
    return make_account(credits=10)


def use(account, amount):
    ledger.capture(ledger.hold(account, amount=amount))


@pytest.mark.django_db(transaction=True)
def test_it_rings_below_the_threshold_alone(account):
    use(account, 1)
    assert not recharge_bell.wait(0), "nobody agreed to anything"
    CreditAccount.objects.update(auto_recharge_threshold=5)
    use(account, 4)
    assert not recharge_bell.wait(0), "five are left, which is not below five"
    use(account, 1)
    assert recharge_bell.wait(0)
    assert not recharge_bell.wait(0), "heard once"


def test_it_rings_after_the_commit_and_not_where_that_fails(account, django_capture_on_commit_callbacks):
    CreditAccount.objects.update(auto_recharge_threshold=5)
    with django_capture_on_commit_callbacks() as after_commit:
        use(account, 6)

    assert after_commit == [recharge_bell.ring]


def test_a_capture_asks_the_database_no_more_than_without_it(account):
    counts = []
    for threshold in (None, 5):
        CreditAccount.objects.update(auto_recharge_threshold=threshold)
        held = ledger.hold(account, amount=3)
        with CaptureQueriesContext(connection) as asked:
            ledger.capture(held)
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_a_thread_hears_it_and_buys_within_seconds_where_no_job_runs(tmp_path, monkeypatch):
    with StripeStandIn() as stripe, shared_database(tmp_path) as database_url:
        monkeypatch.setenv("STRIPE_API_BASE", stripe.url)
        monkeypatch.setenv("STRIPE_SECRET_KEY", SECRET_KEY)
        report = run_child("tests.billing.recharge.bell_child", database_url)
        stripe.check_honest()
        assert [charge["status"] for charge in stripe.control.objects("charge")] == ["succeeded"]

    assert (report["balance"], report["told"], report["ended"]) == (104, 1, True)
    assert report["took_s"] < 30, "machines that test are busy; it is a fraction of a second on one that is not"
