"""Packs are bought, paid at once or later, refunded and disputed; Stripe tells all of it in any order, or again.

What happens at Stripe and what is heard of it are two things: each event goes into a bag, from which it arrives at
once or later, as often as it pleases, or never.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from billing import webhooks
from billing.errors import OrderDisagrees
from billing.order_models import NOT_PAID_STATES, DisputeStage, Order, StripeEvent
from billing.stripe_objects import read_event
from tests.billing.machine.base import Broken, Machine, outcome_of
from tests.billing.stripe_fakes import charge_of, dispute_of, event_about, session_of
from tests.factories import make_order, make_pack

PRICE = 1000
MOST_ORDERS, MOST_DISPUTES = 3, 2
NEXT_STATUS = {
    "warning_needs_response": ["warning_closed", "needs_response"],
    "needs_response": ["won", "lost"],
}
STAGES = {
    "warning_needs_response": DisputeStage.INQUIRY,
    "warning_closed": DisputeStage.CLOSED_INQUIRY,
    "needs_response": DisputeStage.OPEN,
    "won": DisputeStage.WON,
    "lost": DisputeStage.LOST,
}
Event = dict[str, Any]


@dataclass(eq=False)
class Heard:
    """What we were told of a purchase, and what followed for its credits."""

    is_paid: bool = False
    returned: int = 0
    stages: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False)
class Bought:
    """A purchase: what it is, where it is at Stripe, and what we know of that."""

    order: Order
    at_stripe: str = "open"
    returned: int = 0
    disputes: dict[str, str] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)
    taken: int = 0
    expired: int = 0

    @property
    def due(self) -> int:
        """Return how many credits refunds and disputes take by what we heard, in the buyer's favour."""
        withdrawn = sum(
            PRICE for stage in self.heard.stages.values() if stage in (DisputeStage.OPEN, DisputeStage.LOST)
        )
        shares = [self.order.credits * min(PRICE, money) // PRICE for money in (self.heard.returned, withdrawn)]
        return min(self.order.credits, sum(shares))

    @property
    def state(self) -> str:
        stages = self.heard.stages.values()
        if DisputeStage.OPEN in stages:
            return "disputed"
        if DisputeStage.LOST in stages:
            return "charged_back"
        return {0: "paid", PRICE: "refunded"}.get(self.heard.returned, "partly_refunded")


@dataclass(frozen=True)
class Said:
    """An event, what it lets us know, and about what."""

    event: Event
    bought: Bought
    teaches: Callable[[Heard], None]


class Buying(Machine):
    """Money comes and goes back."""

    def __init__(self) -> None:
        super().__init__()
        self.packs = [make_pack("Lasting", credits=7), make_pack("Short", credits=10, expires_after_days=1)]
        self.purchases: list[Bought] = []
        self.bag: list[Said] = []

    # --- at Stripe ---

    @precondition(lambda self: len(self.purchases) < MOST_ORDERS)
    @rule(
        pack=st.sampled_from([0, 1]),
        status=st.sampled_from(["paid", "paid", "awaiting", "open"]),
        at_once=st.booleans(),
    )
    def buy(self, pack: int, status: str, at_once: bool) -> None:
        bought = Bought(make_order(self.account.organization, self.packs[pack]), at_stripe=status)
        self.purchases.append(bought)
        if status == "paid":
            self.say(bought, "checkout.session.completed", session_of(bought.order), knows_paid, at_once)
        elif status == "awaiting":
            waiting = session_of(bought.order, payment_status="unpaid")
            self.say(bought, "checkout.session.completed", waiting, knows_nothing, at_once)

    @precondition(lambda self: self.in_state("awaiting"))
    @rule(data=st.data(), has_money=st.booleans(), at_once=st.booleans())
    def bank_decides(self, data: st.DataObject, has_money: bool, at_once: bool) -> None:
        bought = data.draw(st.sampled_from(self.in_state("awaiting")))
        bought.at_stripe = "paid" if has_money else "failed"
        if has_money:
            session = session_of(bought.order)
            self.say(bought, "checkout.session.async_payment_succeeded", session, knows_paid, at_once)
        else:
            session = session_of(bought.order, payment_status="unpaid")
            self.say(bought, "checkout.session.async_payment_failed", session, knows_nothing, at_once)

    @precondition(lambda self: self.in_state("open"))
    @rule(data=st.data(), at_once=st.booleans())
    def page_expires(self, data: st.DataObject, at_once: bool) -> None:
        bought = data.draw(st.sampled_from(self.in_state("open")))
        bought.at_stripe = "expired"
        left = session_of(bought.order, status="expired", payment_status="unpaid", payment_intent=None)
        self.say(bought, "checkout.session.expired", left, knows_nothing, at_once)

    @precondition(lambda self: self.in_state("paid"))
    @rule(data=st.data(), amount=st.sampled_from([1, 305, 500, PRICE]), at_once=st.booleans())
    def refund(self, data: st.DataObject, amount: int, at_once: bool) -> None:
        bought = data.draw(st.sampled_from(self.in_state("paid")))
        returned = bought.returned = min(PRICE, bought.returned + amount)

        def teaches(heard: Heard) -> None:
            heard.returned = max(heard.returned, returned)

        self.say(bought, "charge.refunded", charge_of(bought.order, refunded=returned), teaches, at_once)

    @precondition(lambda self: self.in_state("paid"))
    @rule(data=st.data(), status=st.sampled_from(["needs_response", "warning_needs_response"]), at_once=st.booleans())
    def dispute(self, data: st.DataObject, status: str, at_once: bool) -> None:
        bought = data.draw(st.sampled_from(self.in_state("paid")))
        if len(bought.disputes) < MOST_DISPUTES:
            self.dispute_moves(bought, f"dp_{bought.order.pk}_{len(bought.disputes)}", status, at_once)

    @precondition(lambda self: self.disputes_that_go_on())
    @rule(data=st.data(), at_once=st.booleans())
    def dispute_goes_on(self, data: st.DataObject, at_once: bool) -> None:
        bought, dispute = data.draw(st.sampled_from(self.disputes_that_go_on()))
        status = data.draw(st.sampled_from(NEXT_STATUS[bought.disputes[dispute]]))
        self.dispute_moves(bought, dispute, status, at_once)

    def dispute_moves(self, bought: Bought, dispute: str, status: str, at_once: bool) -> None:
        bought.disputes[dispute] = status

        def teaches(heard: Heard) -> None:
            heard.stages[dispute] = max(heard.stages.get(dispute, 0), STAGES[status])

        self.say(bought, "charge.dispute.updated", dispute_of(bought.order, status, id=dispute), teaches, at_once)

    def in_state(self, state: str) -> list[Bought]:
        return [bought for bought in self.purchases if bought.at_stripe == state]

    def disputes_that_go_on(self) -> list[tuple[Bought, str]]:
        return [
            (bought, name) for bought in self.purchases for name, at in bought.disputes.items() if at in NEXT_STATUS
        ]

    # --- what we hear ---

    def say(self, bought: Bought, what: str, thing: Event, teaches: Callable[[Heard], None], at_once: bool) -> None:
        said = Said(event_about(what, thing), bought, teaches)
        self.bag.append(said)
        if at_once:
            self.hear(said)

    def hear(self, said: Said) -> None:
        webhooks.receive(read_event(said.event))
        said.teaches(said.bought.heard)
        self.settle(said.bought)

    @precondition(lambda self: self.bag)
    @rule(data=st.data())
    def event_arrives(self, data: st.DataObject) -> None:
        """Arrive late, or once more."""
        self.hear(data.draw(st.sampled_from(self.bag)))

    @precondition(lambda self: self.bag)
    @rule(data=st.data())
    def receiver_dies(self, data: st.DataObject) -> None:
        said = data.draw(st.sampled_from(self.bag))
        self.dies_before_commit(lambda: webhooks.receive(read_event(said.event)))

    @precondition(lambda self: self.bag)
    @rule(data=st.data(), replayed=st.booleans())
    def handler_fails(self, data: st.DataObject, replayed: bool) -> None:
        """Fail after everything was done; then it is replayed, or Stripe sends it again, or nobody ever does."""
        said = data.draw(st.sampled_from(self.bag))
        was = state_of(said.event)

        def act_then_break(event: Any) -> None:
            outcome_of(lambda: ignoring_what_is_not_for_us(act, event))
            raise Broken

        act = webhooks._act
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(webhooks, "_act", act_then_break)
            outcome = outcome_of(lambda: webhooks.receive(read_event(said.event)))
        assert (outcome, state_of(said.event)) == (("ok", was) if was == "processed" else ("failed", "failed"))
        if replayed:
            webhooks.replay(StripeEvent.objects.get(event_id=said.event["id"]))
            said.teaches(said.bought.heard)
            self.settle(said.bought)

    @precondition(lambda self: self.in_state("open"))
    @rule(data=st.data())
    def somebody_pays_another_amount(self, data: st.DataObject) -> None:
        """What was not agreed brings nothing; the operator looks at it."""
        order = data.draw(st.sampled_from(self.in_state("open"))).order
        session = session_of(order, amount_total=PRICE - 1)
        event = event_about("checkout.session.completed", session, event_id=f"evt_wrong_{order.pk}")
        with pytest.raises(OrderDisagrees):
            webhooks.receive(read_event(event))
        assert Order.objects.filter(pk=order.pk).exclude(problem="").update(problem="") == 1

    # --- the model ---

    def settle(self, bought: Bought) -> None:
        """Take or give back the difference between what is due by what we heard, and what was taken so far."""
        heard, credits = bought.heard, bought.order.credits
        days = bought.order.expires_after_days
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        if not heard.is_paid:
            return
        if bought.order.paid_at is None:
            bought.order.paid_at = timezone.now()
            self.books.bring(credits, expires_at=expires_at, owner=bought, pays_debt=True)
        if bought.due > bought.taken:
            amount = max(0, bought.due - bought.taken - bought.expired)
            self.books.take_back(amount, owner=bought)
            bought.taken += amount
        elif bought.due < bought.taken:
            self.books.bring(bought.taken - bought.due, expires_at=expires_at, owner=bought, pays_debt=True)
            bought.taken = bought.due

    @invariant()
    def orders_are_as_expected(self) -> None:
        states = dict(Order.objects.values_list("pk", "state"))
        for bought in self.purchases:
            state = states[bought.order.pk]
            assert state == bought.state if bought.heard.is_paid else state in NOT_PAID_STATES


def knows_paid(heard: Heard) -> None:
    heard.is_paid = True


def knows_nothing(heard: Heard) -> None:
    """That it waits, failed or expired moves no credits."""


def state_of(event: Event) -> str | None:
    return StripeEvent.objects.filter(event_id=event["id"]).values_list("state", flat=True).first()


def ignoring_what_is_not_for_us(act: Callable[[Any], None], event: Any) -> None:
    try:
        act(event)
    except webhooks.NotForUs:
        return
