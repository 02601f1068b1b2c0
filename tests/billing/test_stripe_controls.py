"""Take a guard of what Stripe says out, and the test that watches it must fail: else it watches nothing.

The races run on PostgreSQL. SQLite lets one transaction write at a time, which hides what a missing lock does while
the read is inside; there the read is put outside.
"""

import copy
from threading import Barrier, Event

import pytest
from django.db import transaction
from django.utils import timezone

from billing import payments, webhooks
from billing.order_models import EventState, Payment, StripeEvent
from tests.billing import test_schema_promises, test_stripe_races, test_webhook
from tests.billing.dropped_constraints import entries_without_unique_events, events_without_unique_ids
from tests.billing.stripe_fakes import event_about, session_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("selling")]
WAITS_S = 30


@pytest.fixture
def unguarded_entries(transactional_db):
    """Ledger entries without UNIQUE(kind, reference), for one test."""
    with entries_without_unique_events():
        yield


@pytest.fixture
def unguarded_events(transactional_db):
    """Events without UNIQUE(event_id), for one test."""
    with events_without_unique_ids():
        yield


def test_without_unique_entries_two_events_are_two_purchases(unguarded_entries, client, alice, available, order):
    paid = event_about("checkout.session.completed", session_of(order))

    with pytest.raises((AssertionError, KeyError)):
        test_webhook.test_two_events_about_one_session_are_one_purchase(client, alice, available, order, paid)


def test_without_unique_ids_the_schema_takes_an_event_twice(unguarded_events):
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_schema_promises.test_the_schema_knows_an_event_of_stripes_once()


@pytest.mark.postgres_only
def test_without_unique_ids_ten_deliveries_are_ten_events(unguarded_events, monkeypatch):
    """All look before any of them stores; the ledger still knows that it is one purchase."""
    all_have_looked, store = Barrier(10), webhooks._store

    def look_with_the_others(event):
        assert not StripeEvent.objects.filter(event_id=event.id).exists()
        all_have_looked.wait(WAITS_S)
        facts = {"type": event.type, "livemode": event.livemode, "payload": dict(event.payload)}
        with transaction.atomic():
            StripeEvent.objects.create(event_id=event.id, **facts)

    monkeypatch.setattr(webhooks, "_store", look_with_the_others)
    with pytest.raises(AssertionError, match="10 == 1"):
        test_stripe_races.test_ten_deliveries_at_once_are_one_purchase()
    monkeypatch.setattr(webhooks, "_store", store)
    assert StripeEvent.objects.count() == 10


def test_the_unique_ids_are_back(db):
    test_schema_promises.test_the_schema_knows_an_event_of_stripes_once()


@pytest.mark.postgres_only
def test_an_event_that_is_looked_at_before_it_is_taken_is_acted_on_ten_times(monkeypatch):
    """Read, check, save in the place of the conditional update."""
    all_have_looked = Barrier(10)

    def look_then_act(event):
        webhooks._store(event)
        seen = StripeEvent.objects.get(event_id=event.id).state
        if seen == EventState.FAILED:
            all_have_looked.wait(WAITS_S)
        if seen != EventState.PROCESSED:
            webhooks._act(event)
            unprocessed = StripeEvent.objects.filter(event_id=event.id).exclude(state=EventState.PROCESSED)
            unprocessed.update(state=EventState.PROCESSED, settled_at=timezone.now())
        return EventState.PROCESSED

    monkeypatch.setattr(webhooks, "_act_once", look_then_act)
    with pytest.raises(AssertionError, match="10 == 1"):
        test_stripe_races.test_a_failed_event_that_comes_ten_times_at_once_is_acted_on_once(monkeypatch)


@pytest.mark.postgres_only
def test_without_the_payments_lock_a_refund_is_missed(monkeypatch):
    """Both look at the payment; the refund is over before the purchase settles, which then knows nothing of it."""
    both_have_looked, refund_is_over = Barrier(2), Event()
    note_refunds, settle = payments.note_refunds, payments.settle

    def look_without_lock(payment_intent_id, *, livemode):
        payment, _ = Payment.objects.get_or_create(payment_intent_id=payment_intent_id, defaults={"livemode": livemode})
        if payment.disputes.exists():  # not while the test tells of the inquiry
            both_have_looked.wait(WAITS_S)
        return payment

    def note_and_tell(refunds):
        transaction.on_commit(refund_is_over.set)
        return note_refunds(refunds)

    def settle_late(order, payment):
        refund_is_over.wait(WAITS_S)
        settle(order, payment)

    monkeypatch.setattr(payments, "lock_payment", look_without_lock)
    monkeypatch.setattr(payments, "note_refunds", note_and_tell)
    monkeypatch.setattr(payments, "settle", settle_late)
    with pytest.raises(AssertionError, match="refunded"):
        test_stripe_races.test_a_refund_of_a_known_payment_that_comes_with_its_purchase_is_not_missed()


def test_a_payment_that_is_read_outside_misses_a_refund(client, alice, available, order, monkeypatch):
    """The same on any database: what was read before the refund is used after it."""
    lock_payment, seen = payments.lock_payment, []

    def read_before(payment_intent_id, *, livemode):
        seen.append(lock_payment(payment_intent_id, livemode=livemode))
        return copy.copy(seen[0])

    monkeypatch.setattr(payments, "lock_payment", read_before)
    paid = event_about("checkout.session.completed", session_of(order))
    with pytest.raises(AssertionError, match="refunded"):
        test_webhook.test_news_of_before_the_purchase_counts_when_the_purchase_comes(
            client, alice, available, order, paid
        )
