"""Orders whose news was lost are finished by asking, and what does not agree is named."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing import audit, ledger, reconciliation, stripe_gateway, webhooks
from billing.models import EntryKind
from billing.order_models import Order, Payment, StripeCustomer
from billing.stripe_objects import read_event
from tests.billing.stripe_fakes import FakeHttp, charge_of, dispute_of, event_about, refund_of, session_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]
LATER = timedelta(minutes=15)


class Stripe:
    """What Stripe would say, as far as it is asked here."""

    def __init__(self):
        self.sessions, self.charges, self.disputes, self.refunds = {}, {}, [], []
        self.is_away = False

    def answer(self, method, path, sent):
        if self.is_away:
            return 503, {"error": {"message": "Away", "type": "api_error"}}
        name = path.rpartition("/")[2]
        if path == "/v1/checkout/sessions":
            return 200, {"object": "list", "url": path, "has_more": False, "data": list(self.sessions.values())}
        if path in ("/v1/subscriptions", "/v1/payment_intents"):
            return 200, {"object": "list", "url": path, "has_more": False, "data": []}
        if path == "/v1/disputes":
            return 200, {"object": "list", "url": path, "has_more": False, "data": self.disputes}
        if path == "/v1/refunds":
            return 200, {"object": "list", "url": path, "has_more": False, "data": self.refunds}
        if path in ("/v1/subscriptions", "/v1/payment_intents"):
            return 200, {"object": "list", "url": path, "has_more": False, "data": []}
        if path.startswith("/v1/payment_intents/"):
            return 200, {"id": name, "object": "payment_intent", "latest_charge": self.charges.get(name)}
        return 200, self.sessions[name]

    def has_paid(self, order, *, refunded=0, **changes):
        session = session_of(order, **changes)
        self.sessions[session["id"]] = session
        self.charges[session["payment_intent"]] = charge_of(order, refunded=refunded)


@pytest.fixture
def stripe_says(monkeypatch):
    says = Stripe()
    monkeypatch.setattr(stripe_gateway, "make_http_client", lambda: FakeHttp(says.answer))
    stripe_gateway._client_with.cache_clear()
    return says


def finish(after=LATER):
    with time_machine.travel(timezone.now() + after):
        return reconciliation.finish_open_orders(timezone.now())


def reconcile():
    out, err = StringIO(), StringIO()
    try:
        call_command("reconcile_stripe", stdout=out, stderr=err)
    except SystemExit:
        assert err.getvalue()
    return err.getvalue()


def state_of(order):
    order.refresh_from_db()
    return order.state


def test_a_paid_order_whose_event_was_lost_is_finished(stripe_says, order, alice, available):
    stripe_says.has_paid(order)

    assert finish(timedelta(minutes=5)) == 0
    assert finish() == 1
    assert (state_of(order), available(alice)) == ("paid", 110)
    assert finish() == 0
    assert audit.find_disagreements() == []


@pytest.mark.parametrize(
    ("session", "state"),
    [
        ({"status": "open", "payment_status": "unpaid"}, "pending"),
        ({"status": "expired", "payment_status": "unpaid"}, "expired"),
        ({"payment_status": "unpaid", "payment_intent": {"id": "pi_1", "status": "processing"}}, "awaiting"),
        (
            {"payment_status": "unpaid", "payment_intent": {"id": "pi_1", "status": "requires_payment_method"}},
            "failed",
        ),
    ],
)
def test_an_order_goes_where_its_page_is(stripe_says, order, alice, available, session, state):
    stripe_says.sessions[order.checkout_session_id] = session_of(order, **session)
    finish()

    assert (state_of(order), available(alice)) == (state, 10)


def test_an_order_that_does_not_know_its_page_finds_it(stripe_says, order, alice, available):
    StripeCustomer.objects.create(
        organization=alice.organization, livemode=False, customer_id="cus_1", email="a@example.com", name="A"
    )
    Order.objects.update(checkout_session_id=None)
    order.refresh_from_db()
    stripe_says.has_paid(order, id="cs_test_found")

    assert finish() == 1
    assert (state_of(order), available(alice)) == ("paid", 110)
    assert order.checkout_session_id == "cs_test_found"


def test_an_order_that_never_got_a_page_expires(stripe_says, order):
    Order.objects.update(checkout_session_id=None)

    assert finish() == 0
    assert finish(timedelta(minutes=45)) == 1
    assert state_of(order) == "expired"


def test_orders_of_the_other_mode_are_left_alone(stripe_says, order):
    Order.objects.update(livemode=True)

    assert finish() == 0
    assert state_of(order) == "pending"


def test_while_stripe_is_away_orders_wait(stripe_says, order):
    stripe_says.is_away = True
    assert finish() == 0

    stripe_says.is_away = False
    stripe_says.has_paid(order)
    assert finish(2 * LATER) == 1


def test_without_keys_there_is_nothing_to_ask(settings, order):
    settings.STRIPE_SECRET_KEY = ""

    assert finish() == 0
    with pytest.raises(CommandError, match="no STRIPE_SECRET_KEY"):
        call_command("reconcile_stripe")


def test_the_command_finishes_orders_and_says_so(stripe_says, order, alice, available):
    stripe_says.has_paid(order)

    assert reconcile() == (f"order_was_told: order {order.public_id}: was pending, is paid now that Stripe was asked\n")
    assert available(alice) == 110
    assert reconcile() == ""


def test_the_command_hears_of_refunds_and_disputes_that_were_lost(stripe_says, order, alice, available):
    webhooks.receive(read_event(event_about("checkout.session.completed", session_of(order))))
    stripe_says.has_paid(order, refunded=500)
    assert "was paid, is partly_refunded" in reconcile()
    assert available(alice) == 60

    stripe_says.disputes = [dispute_of(order, "needs_response")]
    assert "was partly_refunded, is disputed" in reconcile()
    assert available(alice) == 10
    assert audit.find_disagreements() == []


def test_the_command_hears_of_a_refund_that_failed(stripe_says, order, alice, available):
    for event in (
        event_about("checkout.session.completed", session_of(order)),
        event_about("charge.refunded", charge_of(order, refunded=400)),
    ):
        webhooks.receive(read_event(event))
    assert available(alice) == 70
    stripe_says.has_paid(order, refunded=0)
    stripe_says.refunds = [refund_of(order, amount=400, status="failed", failure_reason="declined")]

    assert "refunds_are_at_stripe" not in reconcile()
    assert available(alice) == 110
    assert audit.find_disagreements() == []


def test_the_command_names_what_does_not_agree(stripe_says, order):
    webhooks.receive(read_event(event_about("checkout.session.completed", session_of(order))))
    stripe_says.has_paid(order)
    Payment.objects.update(amount_refunded=400)
    stripe_says.sessions["cs_lost"] = session_of(
        order, id="cs_lost", client_reference_id="11111111-1111-4111-8111-111111111111"
    )

    said = reconcile()
    assert "refunds_are_at_stripe: order" in said
    assert "session_has_its_order: session cs_lost" in said


def test_the_command_names_an_order_with_another_amount(stripe_says, order, alice, available):
    stripe_says.has_paid(order, amount_total=1)

    assert "order_has_no_problem: order" in reconcile()
    assert available(alice) == 10


def test_the_command_says_when_it_could_not_ask(stripe_says, order):
    stripe_says.is_away = True

    with pytest.raises(CommandError, match="to the end"):
        call_command("reconcile_stripe")


DAMAGE = {
    "paid_order_has_its_purchase": lambda order: Order.objects.update(credits=99),
    "order_has_its_payment": lambda order: Payment.objects.update(livemode=True),
    "order_is_settled": lambda order: Order.objects.update(state="refunded"),
    "order_has_no_problem": lambda order: Order.objects.update(problem="It has another amount."),
    "keys_rest_while_disputed": lambda order: type(order.organization).objects.update(keys_frozen_at=timezone.now()),
    "purchase_has_its_order": lambda order: ledger.grant(
        order.organization.credit_account, amount=5, reference="cs_none", reason="", kind=EntryKind.PURCHASE
    ),
}


@pytest.mark.parametrize("rule", DAMAGE)
def test_the_audit_of_orders_sees(order, rule):
    webhooks.receive(read_event(event_about("checkout.session.completed", session_of(order))))
    assert audit.find_disagreements() == []
    DAMAGE[rule](order)

    assert {found.rule for found in audit.find_disagreements()} == {rule}


def test_credits_of_an_order_that_was_not_paid_are_named(order, alice):
    ledger.grant(alice, amount=100, reference=order.checkout_session_id, reason="", kind=EntryKind.PURCHASE)

    assert [found.rule for found in audit.find_disagreements()] == ["paid_order_has_its_purchase"]
