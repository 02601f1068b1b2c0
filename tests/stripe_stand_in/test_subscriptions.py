"""Subscriptions under the test clock: renewed, changed, left, fallen behind, caught up."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import stripe
from stripe import Invoice, StripeClient, Subscription

from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.buying import subscribe
from tests.stripe_stand_in.clock import next_after
from tests.stripe_stand_in.seller import Inbox

BAD_CARD = "4000000000000341"
GOOD_CARD = "4242424242424242"
ASKING_CARD = "4000002760003184"


@dataclass
class Plan:
    """A running subscription and what a test does with it."""

    client: StripeClient
    id: str
    small: str
    big: str

    @property
    def now(self) -> Subscription:
        return self.client.v1.subscriptions.retrieve(self.id)

    @property
    def invoices(self) -> list[Invoice]:
        return self.client.v1.invoices.list({"subscription": self.id}).data

    @property
    def bills(self) -> list[tuple[str | None, str | None, int]]:
        return [(invoice.billing_reason, invoice.status, invoice.amount_due) for invoice in self.invoices]

    @property
    def item_id(self) -> str:
        return str(self.now["items"].data[0].id)

    @property
    def period_end(self) -> int:
        return int(self.now["items"].data[0].current_period_end)

    def change_to(self, price: str, **params: object) -> Subscription:
        return self.client.v1.subscriptions.update(
            self.id,
            {"items": [{"id": self.item_id, "price": price}], **params},  # type: ignore[typeddict-item]
        )


@pytest.fixture
def plan(
    stand_in: StripeStandIn, client: StripeClient, customer: str, monthly_prices: tuple[str, str], inbox: Inbox
) -> Plan:
    session = subscribe(client, customer, monthly_prices[0])
    stand_in.control.pay_session(session.id)
    subscription = client.v1.checkout.sessions.retrieve(session.id).subscription
    stand_in.control.wait_until_sent()
    inbox.received.clear()
    return Plan(client, str(subscription), *monthly_prices)


def _half_a_period(stand_in: StripeStandIn, plan: Plan) -> None:
    item = plan.now["items"].data[0]
    stand_in.control.advance(hours=(item.current_period_end - item.current_period_start) / 7200)


def test_time_renews_it_each_month(stand_in: StripeStandIn, plan: Plan, inbox: Inbox) -> None:
    first_end = plan.period_end

    stand_in.control.advance(days=63)
    stand_in.control.wait_until_sent()

    paid = [("subscription_cycle", "paid", 1000)] * 2 + [("subscription_create", "paid", 1000)]
    assert plan.bills == paid
    assert inbox.types.count("invoice.paid") == 2
    assert plan.now.status == "active"
    first_renewal = plan.invoices[1]
    assert first_renewal.period_end == first_end, "an invoice's own period is the one that has ended"
    assert first_renewal.lines.data[0].period.start == first_end


def test_an_upgrade_is_billed_for_the_rest_of_the_period(stand_in: StripeStandIn, plan: Plan) -> None:
    _half_a_period(stand_in, plan)
    details = {"items": [{"id": plan.item_id, "price": plan.big}], "proration_behavior": "always_invoice"}
    preview = plan.client.v1.invoices.create_preview(
        {"subscription": plan.id, "subscription_details": details}  # type: ignore[typeddict-item]
    )

    changed = plan.change_to(plan.big, proration_behavior="always_invoice")

    newest = plan.invoices[0]
    assert (newest.billing_reason, newest.status) == ("subscription_update", "paid")
    assert newest.amount_paid == pytest.approx(1000, abs=2)
    assert preview.amount_due == pytest.approx(newest.amount_paid, abs=1)
    assert [line.amount < 0 for line in newest.lines.data] == [True, False]
    assert all(line.parent.subscription_item_details.proration for line in newest.lines.data)
    assert changed["items"].data[0].price.id == plan.big
    stand_in.control.advance(days=31)
    assert plan.bills[0] == ("subscription_cycle", "paid", 3000)


def test_prorations_may_wait_for_the_next_invoice(stand_in: StripeStandIn, plan: Plan) -> None:
    _half_a_period(stand_in, plan)

    plan.change_to(plan.big)
    assert len(plan.bills) == 1
    stand_in.control.advance(days=31)

    assert plan.bills[0][2] == pytest.approx(4000, abs=2)


def test_a_downgrade_leaves_credit_for_later_invoices(stand_in: StripeStandIn, plan: Plan, customer: str) -> None:
    plan.change_to(plan.big, proration_behavior="always_invoice")
    _half_a_period(stand_in, plan)

    plan.change_to(plan.small, proration_behavior="always_invoice")

    assert plan.invoices[0].total == pytest.approx(-1000, abs=2)
    assert plan.client.v1.customers.retrieve(customer).balance == plan.invoices[0].total
    stand_in.control.advance(days=31)
    assert plan.bills[0][2] == pytest.approx(0, abs=2)


def test_a_change_without_prorations_costs_nothing_now(stand_in: StripeStandIn, plan: Plan) -> None:
    plan.change_to(plan.big, proration_behavior="none")

    assert len(plan.bills) == 1
    stand_in.control.advance(days=32)
    assert plan.bills[0] == ("subscription_cycle", "paid", 3000)


def test_an_upgrade_may_hang_on_its_payment(stand_in: StripeStandIn, plan: Plan) -> None:
    card = str(plan.now.default_payment_method)
    stand_in.control.change_bank_mind(card, card=BAD_CARD)

    with pytest.raises(stripe.CardError):
        plan.change_to(plan.big, proration_behavior="always_invoice", payment_behavior="error_if_incomplete")
    assert (plan.now.status, plan.now["items"].data[0].price.id) == ("active", plan.small)

    plan.change_to(plan.big, proration_behavior="always_invoice")
    assert (plan.now.status, plan.now["items"].data[0].price.id) == ("past_due", plan.big)


@pytest.fixture
def waiting(stand_in: StripeStandIn, plan: Plan, inbox: Inbox) -> Invoice:
    """An upgrade whose bank wants the person to confirm it: the invoice that it waits for."""
    stand_in.control.change_bank_mind(str(plan.now.default_payment_method), card=ASKING_CARD)
    upgraded = plan.change_to(
        plan.big,
        proration_behavior="always_invoice",
        payment_behavior="pending_if_incomplete",
        expand=["latest_invoice"],
    )
    assert isinstance(upgraded.latest_invoice, Invoice)
    return upgraded.latest_invoice


def test_an_upgrade_that_the_bank_asks_about_is_refused_in_words_of_its_own(
    stand_in: StripeStandIn, plan: Plan
) -> None:
    stand_in.control.change_bank_mind(str(plan.now.default_payment_method), card=ASKING_CARD)

    with pytest.raises(stripe.CardError) as refused:
        plan.change_to(plan.big, proration_behavior="always_invoice", payment_behavior="error_if_incomplete")

    assert (refused.value.http_status, refused.value.code) == (402, "subscription_payment_intent_requires_action")
    assert (plan.now.status, plan.now["items"].data[0].price.id) == ("active", plan.small)
    assert plan.bills[0] == ("subscription_update", "void", 2000)


def test_an_upgrade_waits_for_its_person_and_is_made_when_they_confirm(
    stand_in: StripeStandIn, plan: Plan, waiting: Invoice, inbox: Inbox
) -> None:
    pending = plan.now.pending_update
    assert pending is not None
    assert pending.subscription_items is not None
    assert pending.subscription_items[0].price.id == plan.big
    assert (plan.now.status, plan.now["items"].data[0].price.id) == ("active", plan.small)
    assert (waiting.status, waiting.attempted, waiting.amount_due) == ("open", True, 2000)

    stand_in.control.confirm_invoice(str(waiting.id))
    stand_in.control.wait_until_sent()

    assert (plan.now.pending_update, plan.now["items"].data[0].price.id) == (None, plan.big)
    assert plan.bills[0] == ("subscription_update", "paid", 2000)
    assert inbox.types[-2:] == ["customer.subscription.updated", "customer.subscription.pending_update_applied"]


def test_an_upgrade_that_nobody_confirms_is_dropped_within_a_day(
    stand_in: StripeStandIn, plan: Plan, waiting: Invoice, inbox: Inbox
) -> None:
    stand_in.control.advance(hours=22.9)
    assert plan.now.pending_update is not None
    stand_in.control.advance(hours=0.2)
    stand_in.control.wait_until_sent()

    assert (plan.now.pending_update, plan.now["items"].data[0].price.id) == (None, plan.small)
    assert plan.bills[0] == ("subscription_update", "void", 2000)
    assert inbox.types[-3:] == [
        "invoice.voided",
        "customer.subscription.updated",
        "customer.subscription.pending_update_expired",
    ]
    stand_in.control.advance(days=31)
    assert plan.bills[0][2] == 1000


def test_an_upgrade_waits_no_longer_than_its_period(stand_in: StripeStandIn, plan: Plan) -> None:
    stand_in.control.change_bank_mind(str(plan.now.default_payment_method), card=ASKING_CARD)
    ends = plan.period_end
    stand_in.control.advance(hours=(ends - stand_in.control.advance()) / 3600 - 2)

    plan.change_to(plan.big, proration_behavior="always_invoice", payment_behavior="pending_if_incomplete")

    assert plan.now.pending_update is not None
    assert plan.now.pending_update.expires_at == ends


def test_another_pending_update_takes_the_place_of_the_first(plan: Plan, waiting: Invoice) -> None:
    again = plan.change_to(plan.big, proration_behavior="always_invoice", payment_behavior="pending_if_incomplete")

    assert again.pending_update is not None
    assert [status for reason, status, _ in plan.bills if reason == "subscription_update"] == ["open", "void"]


def test_a_pending_update_is_dropped_by_voiding_its_invoice(plan: Plan, waiting: Invoice) -> None:
    plan.client.v1.invoices.void_invoice(str(waiting.id))

    assert plan.now.pending_update is None
    with pytest.raises(stripe.InvalidRequestError, match="void and cannot be paid"):
        plan.client.v1.invoices.pay(str(waiting.id))


def test_only_some_changes_can_wait(plan: Plan) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="pending updates support, not cancel_at_period_end"):
        plan.change_to(plan.big, payment_behavior="pending_if_incomplete", cancel_at_period_end=True)


def test_it_may_end_with_its_period_or_be_resumed(stand_in: StripeStandIn, plan: Plan, inbox: Inbox) -> None:
    plan.client.v1.subscriptions.update(plan.id, {"cancel_at_period_end": True})
    assert plan.now.cancel_at == plan.period_end
    plan.client.v1.subscriptions.update(plan.id, {"cancel_at_period_end": False})
    stand_in.control.advance(days=32)
    assert plan.now.status == "active"

    plan.client.v1.subscriptions.update(plan.id, {"cancel_at_period_end": True})
    stand_in.control.advance(days=32)
    stand_in.control.wait_until_sent()

    assert (plan.now.status, plan.now.cancellation_details.reason) == ("canceled", "cancellation_requested")
    assert inbox.types[-1] == "customer.subscription.deleted"
    assert len(plan.bills) == 2


def test_it_ends_at_once_where_asked(plan: Plan) -> None:
    plan.client.v1.subscriptions.cancel(plan.id)

    assert plan.now.status == "canceled"
    assert plan.client.v1.subscriptions.list({"customer": plan.now.customer}).data == []


def test_a_failed_renewal_falls_behind_and_a_retry_catches_up(
    stand_in: StripeStandIn, plan: Plan, inbox: Inbox
) -> None:
    card = str(plan.now.default_payment_method)
    stand_in.control.change_bank_mind(card, card=BAD_CARD)

    stand_in.control.advance(days=31.5)
    stand_in.control.wait_until_sent()
    assert (plan.now.status, plan.bills[0]) == ("past_due", ("subscription_cycle", "open", 1000))
    assert inbox.types[-3:] == [
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "customer.subscription.updated",
    ]

    stand_in.control.change_bank_mind(card, card=GOOD_CARD)
    stand_in.control.advance(days=3.5)
    stand_in.control.wait_until_sent()

    assert (plan.now.status, plan.bills[0][1]) == ("active", "paid")
    assert inbox.types[-2:] == ["invoice.payment_succeeded", "customer.subscription.updated"]


def test_what_is_owed_can_be_paid_by_the_seller_or_the_person(stand_in: StripeStandIn, plan: Plan) -> None:
    card = str(plan.now.default_payment_method)
    stand_in.control.change_bank_mind(card, card=BAD_CARD)
    stand_in.control.advance(days=31.5)
    with pytest.raises(stripe.CardError):
        plan.client.v1.invoices.pay(plan.invoices[0].id)

    stand_in.control.pay_invoice(plan.invoices[0].id)

    assert (plan.now.status, plan.bills[0][1]) == ("active", "paid")


def test_after_the_last_retry_it_ends(stand_in: StripeStandIn, plan: Plan, inbox: Inbox) -> None:
    stand_in.control.change_bank_mind(str(plan.now.default_payment_method), card=BAD_CARD)

    stand_in.control.advance(days=31 + 3 + 5 + 7 + 1)
    stand_in.control.wait_until_sent()

    assert inbox.types.count("invoice.payment_failed") == 4
    assert (plan.now.status, plan.now.cancellation_details.reason) == ("canceled", "payment_failed")


def test_billing_dates_survive_short_months() -> None:
    anchor = int(datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp())
    dates, moment = [], anchor
    for _ in range(3):
        moment = next_after(moment, anchor=anchor, interval="month", interval_count=1)
        dates.append(datetime.fromtimestamp(moment, tz=UTC).strftime("%d.%m."))

    assert dates == ["28.02.", "31.03.", "30.04."]
