"""Bad days: Stripe falls silent before or after it charged, we die in between, news come twice or in another order."""

import itertools
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from billing import (
    recharge_outcomes,
    recharge_switch,
    recharging,
    reconciliation,
    stripe_gateway,
    stripe_gateway_cards,
    webhooks,
)
from billing.errors import OrderDisagrees, OrderNotFulfilled
from billing.order_models import Order
from billing.recharge_models import SavedCard
from billing.stripe_objects import read_event
from tests.billing.recharge.conftest import DECLINED, GOOD
from tests.billing.stripe_fakes import event_about
from tests.factories import make_order

pytestmark = pytest.mark.django_db(transaction=True)
INTENTS = "/v1/payment_intents"


@pytest.fixture
def low(shop):
    """The shop, with fewer credits than its threshold."""
    shop.agree()
    shop.use(6)
    return shop


@pytest.mark.parametrize("kind", ["answer", "drop"])
def test_an_answer_that_is_lost_leaves_the_order_to_its_event(low, kind):
    low.stripe.order_fault(INTENTS, kind=kind, after=True)
    assert low.look(tell=False) == 1
    assert low.has() == (4, ["pending"])

    low.hear()
    assert low.has() == (104, ["paid"])
    assert low.look(timezone.now() + timedelta(days=1)) == 0
    assert low.charges() == ["succeeded"]


@pytest.mark.parametrize("remembered", [True, False])
def test_where_the_event_is_lost_too_stripe_is_asked_and_nothing_is_charged_twice(low, remembered):
    low.stripe.order_fault(INTENTS, kind="answer", after=True, remembered=remembered)
    for what in ("payment_intent.succeeded", "charge.succeeded"):
        low.stripe.drop_next(what)
    low.look()
    assert low.has() == (4, ["pending"])

    assert low.reconcile() == 1
    assert low.has() == (104, ["paid"])
    assert low.charges() == ["succeeded"]


def test_what_never_reached_stripe_is_asked_again_under_the_same_key(low):
    low.stripe.order_fault(INTENTS, kind="drop")
    low.look()
    assert low.has() == (4, ["pending"])
    assert low.look(timezone.now() + timedelta(days=1)) == 0, "one at a time"

    assert low.reconcile() == 1
    assert low.has() == (104, ["paid"])
    assert low.charges() == ["succeeded"]


def test_what_nobody_wants_any_more_is_not_asked_again(low):
    low.stripe.order_fault(INTENTS, kind="drop")
    low.look()
    recharge_switch.turn_off(low.organization)

    assert low.reconcile() == 0
    assert low.reconcile(after=timedelta(hours=2)) == 1
    assert low.has() == (4, ["expired"])
    assert low.charges() == []


def test_a_charge_that_stripe_does_not_take_is_a_decline(low):
    SavedCard.objects.update(payment_method_id="pm_nobody_knows")
    low.look()

    assert low.has() == (4, ["failed"])
    assert low.recharge.declines == 1
    low.reconcile(after=timedelta(minutes=20))
    assert list(reconciliation.find_disagreements(since=timezone.now() - timedelta(days=1))) == []
    assert low.charges() == []


@pytest.mark.parametrize("died", ["before the call", "after the call", "before the commit"])
def test_a_process_that_dies_charges_once(low, monkeypatch, died):
    class Death(BaseException):
        pass

    def die(*args, **kwargs):
        raise Death

    def charge_then_die(order, **kwargs):
        real_charge(order, **kwargs)
        raise Death

    def follow_then_die(intent):
        with transaction.atomic():
            real_follow(intent)
            raise Death

    real_charge, real_follow = stripe_gateway_cards.charge_saved_card, recharge_outcomes.follow
    low.stripe.hold_webhooks()
    with monkeypatch.context() as patch, pytest.raises(Death):
        if died == "before the call":
            patch.setattr(stripe_gateway_cards, "charge_saved_card", die)
        elif died == "after the call":
            patch.setattr(stripe_gateway_cards, "charge_saved_card", charge_then_die)
        else:
            patch.setattr(recharge_outcomes, "follow", follow_then_die)
        recharging.start_due(timezone.now())
    assert low.has() == (4, ["pending"])

    # Whoever looks next must not buy, too; then news and the periodic question come in either order.
    assert recharging.start_due(timezone.now() + timedelta(hours=1)) == 0
    assert low.reconcile() == 1
    low.hear()
    assert low.has() == (104, ["paid"])
    assert low.charges() == ["succeeded"]


def test_two_who_saw_the_same_account_place_one_order(low):
    now = timezone.now()

    assert [order is not None for order in (recharging.place_order(low.account.pk, now) for _ in range(2))] == [
        True,
        False,
    ]


def intent_of(order, status, **changes):
    return {
        "id": f"pi_{order.pk}",
        "object": "payment_intent",
        "livemode": False,
        "status": status,
        "amount": order.amount,
        "currency": order.currency,
        "metadata": {"order": str(order.public_id), "purpose": "recharge"},
        "last_payment_error": None,
        "next_action": None,
        **changes,
    }


def error(code):
    return {"last_payment_error": {"code": code, "decline_code": code}}


def told(*events):
    return [
        event_about(f"payment_intent.{what}", thing, event_id=f"evt_{n}_{what}")
        for n, (what, thing) in enumerate(events)
    ]


HISTORIES = {
    "paid": lambda order: told(
        ("processing", intent_of(order, "processing")),
        ("succeeded", intent_of(order, "succeeded")),
    ),
    "the person paid": lambda order: told(
        ("payment_failed", intent_of(order, "requires_payment_method", **error("authentication_required"))),
        ("payment_failed", intent_of(order, "requires_payment_method", **error("authentication_required"))),
        ("succeeded", intent_of(order, "succeeded")),
    ),
    "paid and refunded": lambda order: [
        *told(("processing", intent_of(order, "processing")), ("succeeded", intent_of(order, "succeeded"))),
        event_about(
            "charge.refunded",
            {
                "id": "ch_1",
                "object": "charge",
                "livemode": False,
                "payment_intent": f"pi_{order.pk}",
                "amount_refunded": order.amount,
            },
        ),
    ],
    "declined": lambda order: told(
        ("processing", intent_of(order, "processing")),
        ("payment_failed", intent_of(order, "requires_payment_method", **error("card_declined"))),
    ),
    "the person never came": lambda order: told(
        ("payment_failed", intent_of(order, "requires_payment_method", **error("authentication_required"))),
        ("canceled", intent_of(order, "canceled", **error("authentication_required"))),
    ),
}
ENDS = {
    "paid": (104, "paid"),
    "the person paid": (104, "paid"),
    "paid and refunded": (4, "refunded"),
    "declined": (4, "failed"),
    "the person never came": (4, "expired"),
}


@pytest.mark.parametrize("history", HISTORIES)
def test_every_order_of_news_each_once_or_twice_has_one_end(low, history):
    order = recharging.place_order(low.account.pk, timezone.now())
    events = HISTORIES[history](order)
    ends = set()
    for ordered in itertools.permutations(events):
        for again in itertools.product([False, True], repeat=len(events)):
            with transaction.atomic():
                deliveries = [event for event, twice in zip(ordered, again, strict=True) for _ in range(1 + twice)]
                for event in [*deliveries, *ordered]:
                    webhooks.receive(read_event(event))
                ends.add((low.has()[0], Order.objects.get(pk=order.pk).state))
                transaction.set_rollback(True)

    assert ends == {ENDS[history]}


def test_a_decline_told_twice_is_counted_once(low):
    order = recharging.place_order(low.account.pk, timezone.now())
    for number in range(3):
        thing = intent_of(order, "requires_payment_method", **error("card_declined"))
        webhooks.receive(read_event(event_about("payment_intent.payment_failed", thing, event_id=f"evt_{number}")))

    assert low.recharge.declines == 1
    assert low.news() == ["declined"]


@pytest.mark.parametrize("change", [{"amount": 1}, {"currency": "usd"}])
def test_another_amount_gives_nothing_and_alarms(low, change):
    order = recharging.place_order(low.account.pk, timezone.now())
    thing = intent_of(order, "succeeded", **change)

    with pytest.raises(OrderDisagrees):
        webhooks.receive(read_event(event_about("payment_intent.succeeded", thing)))
    low.account.refresh_from_db()
    assert low.account.balance == 4
    assert Order.objects.get(pk=order.pk).problem


def test_a_recharge_whose_credits_cannot_be_given_says_so_until_they_are(low, monkeypatch):
    order = recharging.place_order(low.account.pk, timezone.now())
    paid = read_event(event_about("payment_intent.succeeded", intent_of(order, "succeeded")))

    def overflow(*args, **kwargs):
        raise OverflowError("date value out of range")

    with monkeypatch.context() as patch:
        patch.setattr("billing.ledger.grant", overflow)
        with pytest.raises(OrderNotFulfilled):
            webhooks.receive(paid)
    order.refresh_from_db()
    assert order.problem == "OverflowError: date value out of range"
    assert (order.state, order.credits_failed_at is None) == ("pending", False)

    webhooks.receive(paid)
    order.refresh_from_db()
    assert (order.state, order.problem, order.credits_failed_at) == ("paid", "", None)


def test_payments_of_pages_and_of_other_products_are_left_alone(low):
    bought = make_order(low.organization, low.pack)
    for number, thing in enumerate(
        (intent_of(bought, "succeeded"), {**intent_of(bought, "succeeded"), "id": "pi_x", "metadata": {}}),
    ):
        event = event_about("payment_intent.succeeded", thing, event_id=f"evt_{number}")
        assert webhooks.receive(read_event(event)) == "ignored"
    assert low.has() == (4, ["pending"])


def test_money_that_comes_after_a_decline_is_credited_all_the_same(low):
    low.change_bank_mind(DECLINED)
    low.look()
    [order] = low.orders
    assert order.state == "failed"
    thing = intent_of(order, "succeeded", id=order.payment_intent_id)
    webhooks.receive(read_event(event_about("payment_intent.succeeded", thing)))

    assert low.has() == (104, ["paid"])


def test_reconcile_names_nothing_where_all_is_well_and_a_paid_recharge_that_no_order_has(low):
    low.look()
    since = timezone.now() - timedelta(days=1)
    assert list(reconciliation.find_disagreements(since=since)) == []

    low.change_bank_mind(GOOD)
    stripe_gateway._client().v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "eur",
            "customer": low.stripe.objects("customer")[0]["id"],
            "payment_method": SavedCard.objects.get().payment_method_id,
            "off_session": True,
            "confirm": True,
            "metadata": {"order": "00000000-0000-4000-8000-000000000009", "purpose": "recharge"},
        }
    )
    low.stripe.wait_until_sent()
    [found] = reconciliation.find_disagreements(since=since)
    assert found.rule == "payment_has_its_order"
