"""Events and pages at the same moment, on the database where that is possible: each counts once, none is missed."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from billing import audit, payments, stripe_gateway, webhooks
from billing.checkout import start_purchase
from billing.fulfilment import fulfil
from billing.models import CreditAccount, LedgerEntry
from billing.order_models import Order, StripeEvent
from billing.stripe_objects import read_event, read_session
from billing.subscription_models import PlanInvoice
from tests.billing.plan_fakes import invoice_of, make_plan, make_subscription, paid_with, subscription_of, terms_of
from tests.billing.stripe_fakes import CREATED, charge_of, dispute_of, event_about, session_of
from tests.factories import make_account, make_member, make_order, make_organization, make_pack
from tests.stripe_stand_in import StripeStandIn

pytestmark = [
    pytest.mark.postgres_only,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("selling"),
]
ROUNDS = 8


def at_once(*works):
    """Run all of these at the same moment, each with a connection of its own; return what they return."""
    start = Barrier(len(works))

    def run(work):
        try:
            connection.ensure_connection()
            start.wait(30)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def telling(what, thing, **changes):
    event = read_event(event_about(what, thing, **changes))
    return lambda: webhooks.receive(event)


def new_order():
    return make_order(make_account(credits=10).organization, make_pack())


def balance_of(order):
    return CreditAccount.objects.get(organization=order.organization_id).balance


def test_ten_deliveries_at_once_are_one_purchase():
    order = new_order()
    states = at_once(*[telling("checkout.session.completed", session_of(order))] * 10)

    assert set(states) == {"processed"}
    assert StripeEvent.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="purchase").count() == 1
    assert balance_of(order) == 110


def test_a_failed_event_that_comes_ten_times_at_once_is_acted_on_once(monkeypatch):
    order = new_order()
    paid = session_of(order)
    with monkeypatch.context() as patch:
        patch.setattr(webhooks.fulfilment, "fulfil", None)
        with pytest.raises(TypeError):
            telling("checkout.session.completed", paid)()
    acts, act = [], webhooks._act
    monkeypatch.setattr(webhooks, "_act", lambda event: acts.append(event.id) or act(event))

    at_once(*[telling("checkout.session.completed", paid)] * 10)

    assert len(acts) == 1
    assert balance_of(order) == 110


def test_webhook_and_landing_page_are_one_purchase():
    for _ in range(ROUNDS):
        order = new_order()
        session = read_session(session_of(order))
        at_once(
            telling("checkout.session.completed", session_of(order)),
            telling("checkout.session.async_payment_succeeded", session_of(order)),
            lambda order=order, session=session: fulfil(order.checkout_session_id, told=session),
        )
        assert balance_of(order) == 110
    assert audit.find_disagreements() == []


def test_a_refund_that_comes_with_its_purchase_is_not_missed():
    for _ in range(ROUNDS):
        order = new_order()
        at_once(
            telling("charge.refunded", charge_of(order, refunded=1000)),
            telling("checkout.session.completed", session_of(order)),
            telling("charge.dispute.created", dispute_of(order, "needs_response")),
        )
        assert (balance_of(order), Order.objects.get(pk=order.pk).state) == (10, "disputed")
    assert audit.find_disagreements() == []


def test_a_refund_of_a_known_payment_that_comes_with_its_purchase_is_not_missed():
    for _ in range(ROUNDS):
        order = new_order()
        telling("charge.dispute.created", dispute_of(order, "warning_needs_response"))()
        at_once(
            telling("charge.refunded", charge_of(order, refunded=1000)),
            telling("checkout.session.completed", session_of(order)),
        )
        assert (balance_of(order), Order.objects.get(pk=order.pk).state) == (10, "refunded")
    assert audit.find_disagreements() == []


def test_one_dispute_ends_while_another_begins():
    for _ in range(ROUNDS):
        first = new_order()
        second = make_order(first.organization, first.pack)
        for order in (first, second):
            telling("checkout.session.completed", session_of(order))()
        telling("charge.dispute.created", dispute_of(first, "needs_response"))()
        at_once(
            telling("charge.dispute.closed", dispute_of(first, "won")),
            telling("charge.dispute.created", dispute_of(second, "needs_response")),
        )
        first.organization.refresh_from_db()
        assert first.organization.keys_frozen_at is not None
        assert balance_of(first) == 110
    assert audit.find_disagreements() == []


def test_ten_tabs_that_buy_at_once_are_one_order(settings):
    shop, pack = make_organization(), make_pack()
    person = make_member(shop)
    with StripeStandIn() as stripe_side:
        settings.STRIPE_API_BASE = stripe_side.url
        stripe_gateway._client_with.cache_clear()

        def click():
            return start_purchase(shop, pack, currency="eur", click_token=uuid.uuid4(), actor=person)

        pages = {purchase.url for purchase in at_once(*[click] * 10)}
    stripe_gateway._client_with.cache_clear()

    assert Order.objects.count() == 1
    assert pages == {Order.objects.get().checkout_url}


def test_a_month_its_payment_its_refund_and_its_dispute_at_once_wait_for_nobody_in_a_circle(alice, monkeypatch):
    lock = payments.lock_payment

    def lock_slowly(*args, **facts):
        time.sleep(0.05)  # so that others come in between
        locked = lock(*args, **facts)
        time.sleep(0.05)
        return locked

    monkeypatch.setattr(payments, "lock_payment", lock_slowly)
    agreed = terms_of(make_plan())
    for _ in range(ROUNDS):
        subscription = make_subscription(alice.organization, agreed)
        paid = invoice_of(subscription)
        telling("invoice.paid", paid)()
        telling("invoice_payment.paid", paid_with(paid))()
        invoice = PlanInvoice.objects.get(invoice_id=paid["id"])
        by = {"payment_intent": invoice.payment_intent_id}
        states = at_once(
            telling("invoice.paid", paid, event_id=f"evt_{uuid.uuid4()}"),
            telling("invoice_payment.paid", paid_with(paid), event_id=f"evt_{uuid.uuid4()}"),
            telling("charge.refunded", charge_of(invoice, refunded=305, **by)),
            telling("charge.dispute.created", dispute_of(invoice, "needs_response", amount=500, **by)),
            telling("invoice.paid", paid, event_id=f"evt_{uuid.uuid4()}"),
        )
        assert set(states) == {"processed"}
        taken = LedgerEntry.objects.filter(origin__reference=paid["id"], amount__lt=0)
        assert sorted(taken.values_list("kind", "amount")) == [("dispute", -50), ("refund", -30)]
        telling("customer.subscription.deleted", subscription_of(subscription, "canceled", ended_at=CREATED + 9))()
