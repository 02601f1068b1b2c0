"""The named histories of plans, in every order, with repetitions and crashes: one end for each.

The map and the ways on it are those of `test_event_orders`; what an end is, and what the database holds, is wider here.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import comb, factorial
from typing import Any

import pytest
import time_machine

from billing import audit, ledger, plan_invoices, webhooks
from billing.models import CreditAccount, LedgerEntry
from billing.order_models import Dispute, Payment, StripeEvent
from billing.stripe_objects import read_event
from billing.subscription_models import PlanChange, PlanInvoice, PlanTerms, Subscription
from tests.billing import test_event_orders
from tests.billing.plan_fakes import (
    DAY,
    MONTH,
    invoice_of,
    make_plan,
    make_subscription,
    page_of,
    paid_with,
    subscription_of,
    terms_of,
    upgrade_of,
)
from tests.billing.stripe_fakes import CREATED, event_about
from tests.factories import make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]

End = tuple[int, int, str, str, tuple[str, ...], bool]
"""Balance, debt, the subscription's state, the organization's plan, the invoices' states, whether keys rest."""


@dataclass
class Shop:
    """A subscription to the small plan (100 credits for 1,000) and the terms of the big one (400 for 3,000)."""

    subscription: Subscription
    big: PlanTerms

    @property
    def small(self) -> PlanTerms:
        return self.subscription.terms


def at(days: float, what: str, thing: dict[str, Any]) -> dict[str, Any]:
    """Return an event of so many days after the first."""
    name = f"evt_{what}_{thing['id']}_{days}"
    return event_about(what, thing, event_id=name, created=CREATED + round(days * DAY))


def begun(shop: Shop) -> list[dict[str, Any]]:
    """Return what comes when somebody subscribes."""
    one = shop.subscription
    return [
        at(0, "checkout.session.completed", page_of(one)),
        at(0, "customer.subscription.created", subscription_of(one)),
        at(0, "invoice.paid", invoice_of(one)),
    ]


def subscribed(shop: Shop) -> list[dict[str, Any]]:
    return [*begun(shop), at(0, "invoice_payment.paid", paid_with(invoice_of(shop.subscription)))]


def renewal(shop: Shop) -> list[dict[str, Any]]:
    one = shop.subscription
    return [
        at(0, "customer.subscription.created", subscription_of(one)),
        at(0, "invoice.paid", invoice_of(one)),
        at(31, "customer.subscription.updated", subscription_of(one, month=1)),
        at(31, "invoice.paid", invoice_of(one, month=1)),
        at(31, "invoice_payment.paid", paid_with(invoice_of(one, month=1))),
    ]


def upgrade(shop: Shop) -> list[dict[str, Any]]:
    """On day 15.5 of 31 half of the difference is paid; then a month of the big plan."""
    one = shop.subscription
    up = upgrade_of(one, shop.small, shop.big, day=15)
    return [
        *begun(shop)[1:],
        at(15, "customer.subscription.updated", subscription_of(one, terms=shop.big)),
        at(15, "invoice.paid", up),
        at(31, "invoice.paid", invoice_of(one, month=1, terms=shop.big)),
    ]


def upgrade_within_the_second(shop: Shop) -> list[dict[str, Any]]:
    one = shop.subscription
    return [
        *begun(shop),
        at(0, "customer.subscription.updated", subscription_of(one, terms=shop.big)),
        at(0, "invoice.paid", upgrade_of(one, shop.small, shop.big)),
    ]


def waiting_upgrade(shop: Shop) -> dict[str, Any]:
    """Return an upgrade on the first day that waits for its person: our answer was there before any event."""
    up = upgrade_of(shop.subscription, shop.small, shop.big, status="open")
    bill, _ = PlanInvoice.objects.get_or_create(invoice_id=up["id"], livemode=False)
    until = datetime.fromtimestamp(CREATED + DAY, UTC)
    PlanChange.objects.get_or_create(
        subscription=shop.subscription,
        kind="upgrade",
        to_terms=shop.big,
        state="waiting",
        invoice=bill,
        waits_until=until,
        defaults={"click_token": uuid.uuid4()},
    )
    return up


def told_to_wait(shop: Shop, up: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what comes when the bank wants the person: the price that waits stands beside the one that is paid."""
    item = {"id": f"si_{shop.subscription.pk}", "price": {"id": shop.big.price_id}}
    pending = {"expires_at": CREATED + DAY, "subscription_items": [item]}
    waits = subscription_of(shop.subscription, pending_update=pending, latest_invoice=up["id"])
    return [
        at(0, "invoice.paid", invoice_of(shop.subscription)),
        at(0, "customer.subscription.updated", waits),
        at(0, "invoice.payment_failed", up),
    ]


def upgrade_that_its_person_confirmed(shop: Shop) -> list[dict[str, Any]]:
    up = waiting_upgrade(shop)
    paid = upgrade_of(shop.subscription, shop.small, shop.big)
    made = subscription_of(shop.subscription, terms=shop.big, latest_invoice=up["id"])
    return [
        *told_to_wait(shop, up),
        at(0.5, "invoice.paid", paid),
        at(0.5, "customer.subscription.updated", made),
    ]


def upgrade_that_nobody_confirmed(shop: Shop) -> list[dict[str, Any]]:
    up = waiting_upgrade(shop)
    dropped = subscription_of(shop.subscription, latest_invoice=up["id"])
    return [
        *told_to_wait(shop, up),
        at(1, "invoice.voided", {**up, "status": "void"}),
        at(1, "customer.subscription.pending_update_expired", dropped),
    ]


def upgrade_that_was_paid_after_it_was_voided(shop: Shop) -> list[dict[str, Any]]:
    """It cannot be, and if Stripe says so all the same, what was paid for is given."""
    up = waiting_upgrade(shop)
    return [
        at(0, "invoice.paid", invoice_of(shop.subscription)),
        at(0, "invoice.payment_failed", up),
        at(1, "invoice.voided", {**up, "status": "void"}),
        at(1.1, "invoice.paid", upgrade_of(shop.subscription, shop.small, shop.big)),
    ]


def failed_renewal_that_was_voided(shop: Shop) -> list[dict[str, Any]]:
    one = shop.subscription
    failed = invoice_of(one, "open", month=1)
    return [
        at(0, "invoice.paid", invoice_of(one)),
        at(31, "invoice.payment_failed", failed),
        at(31, "customer.subscription.updated", subscription_of(one, "past_due", month=1)),
        at(35, "invoice.voided", {**failed, "status": "void"}),
        at(35, "customer.subscription.updated", subscription_of(one, month=1)),
    ]


def failed_renewal_then_recovery(shop: Shop) -> list[dict[str, Any]]:
    one = shop.subscription
    return [
        at(0, "invoice.paid", invoice_of(one)),
        at(31, "invoice.payment_failed", invoice_of(one, "open", month=1)),
        at(31, "customer.subscription.updated", subscription_of(one, "past_due", month=1)),
        at(34, "invoice.paid", invoice_of(one, month=1)),
        at(34, "customer.subscription.updated", subscription_of(one, month=1)),
    ]


def failed_renewal_all_in_one_second(shop: Shop) -> list[dict[str, Any]]:
    """The period moves on and falls behind at once: the events carry the same time."""
    one = shop.subscription
    return [
        *begun(shop)[1:],
        at(31, "customer.subscription.updated", subscription_of(one, month=1)),
        at(31, "customer.subscription.updated", subscription_of(one, "past_due", month=1)) | {"id": "evt_behind"},
        at(31, "invoice.payment_failed", invoice_of(one, "open", month=1)),
    ]


def failed_until_it_ended(shop: Shop) -> list[dict[str, Any]]:
    one = shop.subscription
    return [
        *begun(shop)[1:],
        at(31, "invoice.payment_failed", invoice_of(one, "open", month=1)),
        at(31, "customer.subscription.updated", subscription_of(one, "past_due", month=1)),
        at(46, "customer.subscription.deleted", subscription_of(one, "canceled", month=1, ended_at=CREATED + 46 * DAY)),
    ]


def canceled_and_resumed_and_canceled(shop: Shop) -> list[dict[str, Any]]:
    one = shop.subscription
    changes = [
        at(day, "customer.subscription.updated", subscription_of(one, cancel_at_period_end=wanted))
        for day, wanted in ((1, True), (2, False), (3, True))
    ]
    return [*begun(shop)[1:], *changes]


def renewal_refunded(shop: Shop) -> list[dict[str, Any]]:
    one, renewed = shop.subscription, invoice_of(shop.subscription, month=1)
    return [
        at(0, "invoice.paid", invoice_of(one)),
        at(31, "invoice.paid", renewed),
        at(31, "invoice_payment.paid", paid_with(renewed)),
        at(32, "charge.refunded", charge_of(renewed, refunded=305)),
        at(33, "charge.refunded", charge_of(renewed, refunded=1000)),
    ]


def renewal_disputed(shop: Shop, *, ends: str) -> list[dict[str, Any]]:
    one, renewed = shop.subscription, invoice_of(shop.subscription, month=1)
    return [
        at(0, "invoice.paid", invoice_of(one)),
        at(31, "invoice.paid", renewed),
        at(31, "invoice_payment.paid", paid_with(renewed)),
        at(40, "charge.dispute.created", dispute_of(renewed, "needs_response")),
        at(50, "charge.dispute.closed", dispute_of(renewed, ends)),
    ]


def renewal_disputed_and_won(shop: Shop) -> list[dict[str, Any]]:
    return renewal_disputed(shop, ends="won")


def renewal_disputed_and_lost(shop: Shop) -> list[dict[str, Any]]:
    return renewal_disputed(shop, ends="lost")


def renewal_disputed_still(shop: Shop) -> list[dict[str, Any]]:
    return renewal_disputed(shop, ends="lost")[:-1]


def charge_of(invoice: dict[str, Any], *, refunded: int) -> dict[str, Any]:
    return {
        "id": f"ch_{invoice['id']}",
        "object": "charge",
        "livemode": False,
        "payment_intent": f"pi_{invoice['id']}",
        "amount": invoice["total"],
        "amount_refunded": refunded,
        "currency": invoice["currency"],
    }


def dispute_of(invoice: dict[str, Any], status: str) -> dict[str, Any]:
    return {
        "id": f"dp_{invoice['id']}",
        "object": "dispute",
        "livemode": False,
        "payment_intent": f"pi_{invoice['id']}",
        "status": status,
        "amount": invoice["total"],
        "currency": invoice["currency"],
        "reason": "fraudulent",
    }


# Alice has 10 credits of before. On day 15 of 31, 16 days of 2,000 more are left: 1,032, for 154 of 300 more credits.
HISTORIES: dict[Callable[[Shop], list[dict[str, Any]]], End] = {
    subscribed: (110, 0, "active", "small", ("paid",), False),
    renewal: (210, 0, "active", "small", ("paid", "paid"), False),
    upgrade: (664, 0, "active", "big", ("paid", "paid", "paid"), False),
    upgrade_within_the_second: (410, 0, "active", "big", ("paid", "paid"), False),
    upgrade_that_its_person_confirmed: (410, 0, "active", "big", ("paid", "paid"), False),
    upgrade_that_nobody_confirmed: (110, 0, "active", "small", ("paid", "void"), False),
    upgrade_that_was_paid_after_it_was_voided: (410, 0, "active", "big", ("paid", "paid"), False),
    failed_renewal_that_was_voided: (110, 0, "active", "small", ("paid", "void"), False),
    failed_renewal_then_recovery: (210, 0, "active", "small", ("paid", "paid"), False),
    failed_renewal_all_in_one_second: (110, 0, "past_due", "small", ("failed", "paid"), False),
    failed_until_it_ended: (110, 0, "ended", "free", ("failed", "paid"), False),
    canceled_and_resumed_and_canceled: (110, 0, "canceling", "small", ("paid",), False),
    renewal_refunded: (110, 0, "active", "small", ("paid", "refunded"), False),
    renewal_disputed_and_won: (210, 0, "active", "small", ("paid", "paid"), False),
    renewal_disputed_and_lost: (110, 0, "active", "small", ("charged_back", "paid"), False),
    renewal_disputed_still: (110, 0, "active", "small", ("disputed", "paid"), True),
}


class Map(test_event_orders.Map):
    """The same map, with what plans have beside it."""

    def note_the_end(self, here: Any) -> None:
        if StripeEvent.objects.filter(event_id__in=[event["id"] for event in self.events]).count() < len(self.events):
            return
        account = CreditAccount.objects.select_related("organization", "plan").get()
        subscription = Subscription.objects.get()
        invoices = tuple(sorted(PlanInvoice.objects.values_list("state", flat=True)))
        rests = account.organization.keys_frozen_at is not None
        plan = "free" if account.plan.is_default else account.plan.slug
        assert set(PlanChange.objects.values_list("state", flat=True)) <= {"done", "given_up"}
        self.ends[here] = account.balance, account.debt, subscription.state, plan, invoices, rests
        assert audit.find_disagreements() == []


def fingerprint() -> Any:
    """Return what the database holds, but for ids and times that do not decide."""
    subscription = (
        *("state", "status", "as_of", "subscription_id", "next_terms", "paid_terms", "given_plan", "grace_ends_at"),
        *("cancel_at_period_end", "period_end", "ended_at", "problem"),
    )
    invoice = (
        *("invoice_id", "state", "amount", "credits", "payment_intent_id", "failed_at", "paid_at", "expires_at"),
        *("subscription", "terms", "problem"),
    )
    return (
        *map(frozenset, (
            StripeEvent.objects.values_list("event_id", "state"),
            Payment.objects.values_list("payment_intent_id", "amount_refunded"),
            Dispute.objects.values_list("dispute_id", "stage", "amount"),
            Subscription.objects.values_list(*subscription),
            PlanInvoice.objects.values_list(*invoice),
            PlanChange.objects.values_list("kind", "state", "invoice"),
        )),
        tuple(CreditAccount.objects.values_list("balance", "held", "debt", "plan")),
        tuple(sorted(LedgerEntry.objects.values_list("kind", "amount", "debt"))),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def in_the_second_month():
    with time_machine.travel(datetime.fromtimestamp(CREATED + MONTH + 3 * DAY, UTC)):
        yield


@pytest.fixture
def shop(monkeypatch):
    monkeypatch.setattr(test_event_orders, "fingerprint", fingerprint)
    small, big = (terms_of(make_plan(slug, credits=credits, amount=amount)) for slug, credits, amount in PLANS)
    return Shop(make_subscription(make_account(credits=10).organization, small), big)


PLANS = (("small", 100, 1000), ("big", 400, 3000))


def ways_through(shop, history):
    """Return how many ways lead to each end."""
    events = Map(shop, history(shop))
    start = fingerprint()
    events.explore(start)
    return test_event_orders.Ways(events).from_here(start, frozenset(range(len(events.events))), frozenset())


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__)
def test_every_order_has_one_end(shop, history):
    ways = ways_through(shop, history)
    events = len(history(shop))

    assert set(ways) == {HISTORIES[history]}
    at_the_end = sum(comb(events, n) * 2 ** (events - n) * factorial(n) for n in range(events + 1))
    assert ways.total() == factorial(events) * at_the_end


@pytest.mark.parametrize(
    ("history", "end"),
    [
        (renewal_refunded, (0, 80, "active", "small", ("paid", "refunded"), False)),
        (renewal_disputed_and_won, (20, 0, "active", "small", ("paid", "paid"), False)),
        (renewal_disputed_and_lost, (0, 80, "active", "small", ("charged_back", "paid"), True)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_order_of_what_comes_after_the_credits_were_used(shop, history, end):
    """Both months came and 190 of 210 credits were used; then all comes in every order, the invoices once more."""
    events = history(shop)
    for event in events[:2]:
        webhooks.receive(read_event(event))
    ledger.capture(ledger.hold(CreditAccount.objects.get(), amount=190))

    assert set(ways_through(shop, history)) == {end}


def test_a_handler_that_takes_whatever_comes_last_is_caught(shop, monkeypatch):
    """The control: without comparing what is newer there are several ends."""
    monkeypatch.setattr(webhooks.subscriptions, "_weight_known", lambda subscription: (False,))
    monkeypatch.setattr(audit, "find_disagreements", list)

    assert len(ways_through(shop, canceled_and_resumed_and_canceled)) > 1


def test_a_handler_that_prices_by_what_is_known_of_the_subscription_is_caught(shop, monkeypatch):
    """The control: credits by the plan that is known when an invoice comes depend on what came first."""

    def bill_by_what_is_known(facts):
        bill = plan_invoices_read_bill(facts)
        known = Subscription.objects.get().next_terms or shop.small
        return plan_invoices.Bill(bill.terms, known.credits, bill.start, bill.end)

    plan_invoices_read_bill = plan_invoices.read_bill
    monkeypatch.setattr(plan_invoices, "read_bill", bill_by_what_is_known)
    monkeypatch.setattr(audit, "find_disagreements", list)

    assert len(ways_through(shop, upgrade)) > 1
