"""The named histories of what Stripe tells, in every order, with repetitions and crashes: one end for each.

First the map: from every state of the database that deliveries can lead to, each event is delivered once. What a
process that died before it committed did must be gone; a handler that failed leaves the event as failed, and the next
delivery must come to where it would have come without that; a process that died after it committed is a repetition.
Then the ways: on the map every order is walked, each event delivered once, twice at once, or once more at the end.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from math import comb, factorial
from typing import Any

import pytest
from django.db import transaction

from billing import audit, ledger, webhooks
from billing.models import CreditAccount, LedgerEntry
from billing.order_models import Dispute, Order, Payment, StripeEvent
from billing.refund_models import Refund
from billing.stripe_objects import read_event
from tests.billing.stripe_fakes import charge_of, dispute_of, event_about, refund_of, session_of
from tests.factories import make_account, make_order, make_pack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]

End = tuple[int, int, str, bool]
"""Balance, debt, the order's state, whether keys rest."""


def purchase(order: Order) -> list[dict[str, Any]]:
    return [event_about("checkout.session.completed", session_of(order))]


def delayed_purchase(order: Order) -> list[dict[str, Any]]:
    return [
        event_about("checkout.session.completed", session_of(order, payment_status="unpaid")),
        event_about("checkout.session.async_payment_succeeded", session_of(order)),
    ]


def delayed_purchase_that_fails(order: Order) -> list[dict[str, Any]]:
    waiting = session_of(order, payment_status="unpaid")
    return [
        event_about("checkout.session.completed", waiting),
        event_about("checkout.session.async_payment_failed", waiting),
    ]


def partial_then_full_refund(order: Order) -> list[dict[str, Any]]:
    return [
        *delayed_purchase(order),
        event_about("charge.refunded", charge_of(order, refunded=305)),
        event_about("charge.refunded", charge_of(order, refunded=700)),
        event_about("charge.refunded", charge_of(order, refunded=1000)),
    ]


def two_refunds(order: Order) -> list[dict[str, Any]]:
    refunds = [event_about("charge.refunded", charge_of(order, refunded=refunded)) for refunded in (305, 1000)]
    return [*purchase(order), *refunds]


def dispute(order: Order, *, ends: str) -> list[dict[str, Any]]:
    opened = dispute_of(order, "needs_response")
    return [
        *purchase(order),
        event_about("charge.dispute.created", opened),
        event_about("charge.dispute.funds_withdrawn", opened),
        event_about("charge.dispute.closed", dispute_of(order, ends)),
    ]


def dispute_won(order: Order) -> list[dict[str, Any]]:
    given_back = event_about("charge.dispute.funds_reinstated", dispute_of(order, "won"))
    return [*dispute(order, ends="won"), given_back]


def dispute_lost(order: Order) -> list[dict[str, Any]]:
    return [*dispute(order, ends="lost"), event_about("charge.refunded", charge_of(order, refunded=100))]


def inquiry_that_grows(order: Order) -> list[dict[str, Any]]:
    return [
        *purchase(order),
        event_about("charge.dispute.created", dispute_of(order, "warning_needs_response")),
        event_about("charge.dispute.updated", dispute_of(order, "warning_under_review")),
        event_about("charge.dispute.funds_withdrawn", dispute_of(order, "needs_response")),
    ]


def inquiry_that_ends(order: Order) -> list[dict[str, Any]]:
    return [
        *purchase(order),
        event_about("charge.dispute.created", dispute_of(order, "warning_needs_response")),
        event_about("charge.dispute.closed", dispute_of(order, "warning_closed")),
    ]


def refund_while_disputed_and_won(order: Order) -> list[dict[str, Any]]:
    return [
        *purchase(order),
        event_about("charge.refunded", charge_of(order, refunded=400)),
        event_about("charge.dispute.created", dispute_of(order, "needs_response")),
        event_about("charge.dispute.closed", dispute_of(order, "won")),
    ]


def refund_that_fails(order: Order) -> list[dict[str, Any]]:
    return [
        *purchase(order),
        event_about("charge.refunded", charge_of(order, refunded=305)),
        event_about("refund.created", refund_of(order, amount=305)),
        event_about("refund.failed", refund_of(order, amount=305, status="failed")),
    ]


def refund_that_fails_and_another(order: Order) -> list[dict[str, Any]]:
    """The charge says 1,000, then 0, then 400."""
    return [
        *purchase(order),
        event_about("charge.refunded", charge_of(order, refunded=1000)),
        event_about("refund.failed", refund_of(order, amount=1000, status="failed")),
        event_about("charge.refunded", charge_of(order, refunded=400)),
        event_about("refund.created", refund_of(order, amount=400, id="re_other")),
    ]


# Alice has 10 credits of before and buys 100 for 1,000.
HISTORIES: dict[Callable[[Order], list[dict[str, Any]]], End] = {
    purchase: (110, 0, "paid", False),
    delayed_purchase: (110, 0, "paid", False),
    delayed_purchase_that_fails: (10, 0, "failed", False),
    partial_then_full_refund: (10, 0, "refunded", False),
    dispute_won: (110, 0, "paid", False),
    dispute_lost: (10, 0, "charged_back", False),
    inquiry_that_grows: (10, 0, "disputed", True),
    inquiry_that_ends: (110, 0, "paid", False),
    refund_that_fails: (110, 0, "paid", False),
    refund_that_fails_and_another: (70, 0, "partly_refunded", False),
    refund_while_disputed_and_won: (70, 0, "partly_refunded", False),
}


@dataclass
class Map:
    """Every state that deliveries lead to, and where each event leads from there."""

    order: Order
    events: list[dict[str, Any]]
    leads_to: dict[Any, dict[int, Any]] = field(default_factory=dict)
    ends: dict[Any, End] = field(default_factory=dict)

    def explore(self, here: Any) -> None:
        """Deliver each event from here, and from wherever that leads."""
        if here in self.leads_to:
            return
        self.leads_to[here] = {}
        self.note_the_end(here)
        for index in range(len(self.events)):
            after_failure = self.fail_then_deliver(index)
            with transaction.atomic():
                self.deliver(index)
                there = self.leads_to[here][index] = fingerprint()
                self.explore(there)
                transaction.set_rollback(True)
            # What was not committed is gone with the process that died.
            assert fingerprint() == here
            assert after_failure in (None, there)

    def deliver(self, index: int) -> None:
        webhooks.receive(read_event(self.events[index]))

    def fail_then_deliver(self, index: int) -> Any:
        """Let the handler fail after it did its work, then deliver again; return where that leads."""

        def act_then_break(event: Any) -> None:
            with suppress(webhooks.NotForUs):
                act(event)
            raise RuntimeError("the disk is full")

        act = webhooks._act
        if StripeEvent.objects.filter(event_id=self.events[index]["id"], state="processed").exists():
            return None  # then nothing is done that could fail
        with transaction.atomic():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(webhooks, "_act", act_then_break)
                with pytest.raises(RuntimeError):
                    self.deliver(index)
            self.deliver(index)
            reached = fingerprint()
            transaction.set_rollback(True)
        return reached

    def note_the_end(self, here: Any) -> None:
        """Where everything was delivered, keep what it means, and audit."""
        if StripeEvent.objects.filter(event_id__in=[event["id"] for event in self.events]).count() < len(self.events):
            return
        account = CreditAccount.objects.get(organization=self.order.organization_id)
        order = Order.objects.select_related("organization").get(pk=self.order.pk)
        rests = order.organization.keys_frozen_at is not None
        self.ends[here] = account.balance, account.debt, order.state, rests
        assert audit.find_disagreements() == []


@dataclass
class Ways:
    """Every order of a history's deliveries on its map, counted by where it ends."""

    map: Map
    known: dict[Any, Counter[End]] = field(default_factory=dict)

    def from_here(self, here: Any, to_come: frozenset[int], last: frozenset[int]) -> Counter[End]:
        """Count the ways from here; `last` are the events that are repeated when the others are over."""
        place = (here, to_come, last)
        if place not in self.known:
            self.known[place] = self._count(here, to_come, last)
        return self.known[place]

    def _count(self, here: Any, to_come: frozenset[int], last: frozenset[int]) -> Counter[End]:
        if not to_come and not last:
            return Counter([self.map.ends[here]])
        ways: Counter[End] = Counter()
        for index in to_come:
            once = self.map.leads_to[here][index]
            twice = self.map.leads_to[once][index]
            ways += self.from_here(once, to_come - {index}, last)
            ways += self.from_here(twice, to_come - {index}, last)
            ways += self.from_here(once, to_come - {index}, last | {index})
        for index in () if to_come else last:
            ways += self.from_here(self.map.leads_to[here][index], to_come, last - {index})
        return ways


def fingerprint() -> Any:
    """Return what the database holds, but for ids and times."""
    return (
        *map(frozenset, (
            StripeEvent.objects.values_list("event_id", "state"),
            Payment.objects.values_list("payment_intent_id", "amount_refunded"),
            Refund.objects.values_list("refund_id", "amount", "has_failed"),
            Dispute.objects.values_list("dispute_id", "stage", "amount"),
            Order.objects.values_list("state", "payment_intent_id", "problem"),
        )),
        tuple(CreditAccount.objects.order_by("pk").values_list("balance", "held", "debt")),
        # In which order the same was taken changes names of entries, not what follows.
        tuple(sorted(LedgerEntry.objects.values_list("kind", "amount", "debt"))),
    )  # fmt: skip


@pytest.fixture
def order():
    return make_order(make_account(credits=10).organization, make_pack())


def ways_through(order, history):
    """Return how many ways lead to each end."""
    events = Map(order, history(order))
    start = fingerprint()
    events.explore(start)
    return Ways(events).from_here(start, frozenset(range(len(events.events))), frozenset())


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__)
def test_every_order_has_one_end(order, history):
    ways = ways_through(order, history)
    events = len(history(order))

    assert set(ways) == {HISTORIES[history]}
    # All orders, each event repeated or not, and the repetitions at the end in all orders, too.
    at_the_end = sum(comb(events, n) * 2 ** (events - n) * factorial(n) for n in range(events + 1))
    assert ways.total() == factorial(events) * at_the_end


@pytest.mark.parametrize(
    ("history", "end"),
    [
        (partial_then_full_refund, (0, 80, "refunded", False)),
        (dispute_won, (20, 0, "paid", False)),
        (refund_that_fails_and_another, (0, 20, "partly_refunded", False)),
        (dispute_lost, (0, 80, "charged_back", True)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_order_of_what_comes_after_the_credits_were_used(order, history, end):
    """The purchase came and 90 of 110 credits were used; then all comes in every order, the purchase once more."""
    events = history(order)
    paid = next(event for event in events if event["data"]["object"].get("payment_status") == "paid")
    webhooks.receive(read_event(paid))
    ledger.capture(ledger.hold(CreditAccount.objects.get(), amount=90))

    assert set(ways_through(order, history)) == {end}


def test_a_handler_that_counts_each_event_by_itself_is_caught(order, monkeypatch):
    """The control: taking what each event names, and not the difference, has several ends."""

    def take_what_it_says(refunds):
        known = Order.objects.filter(payment_intent_id=refunds.payment_intent_id).first()
        if known is not None:
            said = {"kind": "refund", "reference": str(refunds), "reason": ""}
            for entry in LedgerEntry.objects.filter(kind="purchase"):
                ledger.take_back(entry, amount=refunds.amount_refunded // 10, **said)
        return known

    monkeypatch.setattr(webhooks.payments, "note_refunds", take_what_it_says)
    monkeypatch.setattr(audit, "find_disagreements", list)

    assert len(ways_through(order, two_refunds)) > 1
