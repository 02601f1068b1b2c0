"""A dispute takes credits once and lets keys rest; the log-in, the ledger and paying stay open."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from billing import expiry, ledger, payments, webhooks
from billing.models import LedgerEntry
from billing.order_models import Dispute, DisputeStage, Payment, StripeEvent
from billing.recharge_models import AutoRecharge, RechargeConsent, RechargeState, StopReason
from billing.refund_models import Refund
from billing.stripe_objects import read_event
from billing.subscription_models import PlanInvoice
from tests.billing.plan_fakes import invoice_of, make_plan, make_subscription, paid_with, terms_of
from tests.billing.stripe_fakes import charge_of, dispute_of, event_about, refund_of, session_of
from tests.factories import make_account, make_debt, make_key, make_member, make_order, make_pack, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling", "sound_books")]


def tell(what, thing):
    return webhooks.receive(read_event(event_about(what, thing)))


@pytest.fixture
def bought(order):
    tell("checkout.session.completed", session_of(order))
    return order


def has(account):
    account.refresh_from_db()
    return account.balance, account.debt


def rests(order):
    order.organization.refresh_from_db()
    return order.organization.keys_frozen_at is not None


def test_an_open_dispute_takes_the_credits_and_lets_keys_rest(client, alice, bought):
    key = make_key(alice.organization).secret
    tell("charge.dispute.created", dispute_of(bought, "needs_response"))
    tell("charge.dispute.funds_withdrawn", dispute_of(bought, "needs_response"))
    refused = client.get("/v1/me", headers={"x-api-key": key})
    assert (has(alice), rests(bought)) == ((10, 0), True)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert "disputed" in refused.json()["message"]

    client.force_login(make_member(alice.organization, "alice@example.com"))
    assert client.get("/dashboard/").status_code == 200

    tell("charge.dispute.closed", dispute_of(bought, "won"))
    assert (has(alice), rests(bought)) == ((110, 0), False)
    assert client.get("/v1/me", headers={"x-api-key": key}).status_code == 200


def test_a_lost_dispute_about_credits_that_are_there_ends_the_rest(alice, bought):
    tell("charge.dispute.created", dispute_of(bought, "needs_response"))
    tell("charge.dispute.closed", dispute_of(bought, "lost"))

    assert (has(alice), rests(bought)) == ((10, 0), False)


def test_a_lost_dispute_about_used_credits_lets_keys_rest_until_the_debt_is_paid(alice, bought, pack):
    ledger.capture(ledger.hold(alice, amount=80))
    tell("charge.dispute.created", dispute_of(bought, "needs_response"))
    tell("charge.dispute.closed", dispute_of(bought, "lost"))
    assert (has(alice), rests(bought)) == ((0, 70), True)

    ledger.grant(alice, amount=500, reference="gift", reason="A gift pays nothing.")
    assert rests(bought)

    again = make_order(alice.organization, pack)
    tell("checkout.session.completed", session_of(again))
    assert (has(alice), rests(bought)) == ((530, 0), False)


def test_only_who_disputes_rests_and_only_who_owes_rests_on(alice, bought):
    bob = make_account("Bob's shop")
    make_debt(bob, 5)
    tell("charge.dispute.created", dispute_of(bought, "needs_response"))
    bob.organization.refresh_from_db()
    assert (rests(bought), bob.organization.keys_frozen_at) == (True, None)

    tell("charge.dispute.closed", dispute_of(bought, "lost"))
    assert not rests(bought)


def test_a_disputed_month_of_a_plan_lets_keys_rest_too(alice):
    subscription = make_subscription(alice.organization, terms_of(make_plan()))
    month = invoice_of(subscription)
    tell("invoice.paid", month)
    tell("invoice_payment.paid", paid_with(month))
    tell("charge.dispute.created", dispute_of(PlanInvoice.objects.get(), "needs_response", **paying(month)))

    assert rests(subscription)
    tell("charge.dispute.closed", dispute_of(PlanInvoice.objects.get(), "won", **paying(month)))
    assert not rests(subscription)


def paying(month):
    return {"payment_intent": f"pi_{month['id']}"}


def test_a_dispute_stops_auto_recharge(alice, bought, pack):
    consent = RechargeConsent.objects.create(
        organization=alice.organization, click_token=uuid.uuid4(), livemode=False, version="1", language="en",
        text="I agree.", threshold=5, pack=pack, pack_name=pack.name, credits=100, amount=1000, currency="eur",
        most_per_month=3, actor=make_member(alice.organization),
    )  # fmt: skip
    recharge = AutoRecharge.objects.create(organization=alice.organization, consent=consent, state=RechargeState.ON)
    tell("charge.dispute.created", dispute_of(bought, "needs_response"))

    recharge.refresh_from_db()
    assert (recharge.state, recharge.stop_reason) == (RechargeState.STOPPED, StopReason.DISPUTED)


def test_one_dispute_that_ends_leaves_the_other_open(alice, bought, pack):
    other = make_order(alice.organization, pack)
    tell("checkout.session.completed", session_of(other))
    for order in (bought, other):
        tell("charge.dispute.created", dispute_of(order, "needs_response"))
    tell("charge.dispute.closed", dispute_of(bought, "won"))

    assert (has(alice), rests(bought)) == ((110, 0), True)


def test_an_inquiry_takes_nothing(alice, bought):
    tell("charge.dispute.created", dispute_of(bought, "warning_needs_response"))

    assert (has(alice), rests(bought)) == ((110, 0), False)


def test_money_that_comes_back_for_a_part_does_not_end_a_dispute(alice, bought):
    """Stripe withdraws the whole payment and returns what was refunded before; the rest stays disputed."""
    tell("charge.refunded", charge_of(bought, refunded=400))
    tell("charge.dispute.created", dispute_of(bought, "needs_response"))
    tell("charge.dispute.funds_reinstated", dispute_of(bought, "under_review"))

    assert (has(alice), rests(bought)) == ((10, 0), True)


def test_a_dispute_in_another_currency_takes_everything(alice, bought):
    tell("charge.dispute.created", dispute_of(bought, "needs_response", amount=1, currency="usd"))

    assert has(alice) == (10, 0)


def test_a_dispute_that_is_told_before_its_purchase_is_of_its_mode(order):
    tell("charge.dispute.created", dispute_of(order, "needs_response"))

    assert not Payment.objects.get().livemode


def test_a_refund_and_a_dispute_that_were_told_before_their_purchase_take_each_its_share(alice, order):
    tell("charge.refunded", charge_of(order, refunded=305))
    tell("charge.dispute.created", dispute_of(order, "needs_response", amount=500))
    tell("checkout.session.completed", session_of(order))

    taken = LedgerEntry.objects.filter(amount__lt=0).values_list("kind", "amount")
    assert sorted(taken) == [("dispute", -50), ("refund", -30)]
    assert has(alice) == (30, 0)


def test_a_refund_that_failed_and_a_dispute_that_was_won_give_back_each_its_share(alice, bought):
    tell("refund.created", refund_of(bought, amount=305))
    tell("charge.dispute.created", dispute_of(bought, "needs_response", amount=500))
    assert has(alice) == (30, 0)
    Refund.objects.update(has_failed=True)
    Dispute.objects.update(stage=DisputeStage.WON)

    payments.settle(bought, Payment.objects.get())

    back = LedgerEntry.objects.filter(kind__in=("refund_back", "dispute_won")).values_list("kind", "amount")
    assert sorted(back) == [("dispute_won", 50), ("refund_back", 30)]
    assert has(alice) == (110, 0)


def test_a_suspension_is_not_lifted_by_a_won_dispute(alice, bought):
    alice.organization.suspended_at = alice.created
    alice.organization.save()
    tell("charge.dispute.created", dispute_of(bought, "needs_response"))
    tell("charge.dispute.closed", dispute_of(bought, "won"))

    alice.organization.refresh_from_db()
    assert alice.organization.is_suspended


@pytest.mark.parametrize(
    ("refunded", "left"), [((305,), 80), ((305, 700), 40), ((1000,), 10), ((700, 305), 40), ((1,), 110), ((10,), 109)]
)
def test_refunds_take_their_share_of_what_was_ever_told(alice, bought, refunded, left):
    for amount in refunded:
        tell("charge.refunded", charge_of(bought, refunded=amount))

    assert has(alice) == (left, 0)


@pytest.mark.parametrize("refunded_first", [True, False])
def test_credits_that_expired_are_not_taken_again(alice, refunded_first):
    """Of 100 that expire 30 are used: half the money back and expiry take the other 70; all of it leaves a debt."""
    order = make_order(alice.organization, make_pack("Short", expires_after_days=30))
    tell("checkout.session.completed", session_of(order))
    ledger.capture(ledger.hold(alice, amount=30))
    steps = [
        lambda: tell("charge.refunded", charge_of(order, refunded=500)),
        lambda: expiry.expire_due(timezone.now() + timedelta(days=31)),
    ]
    for step in steps if refunded_first else reversed(steps):
        step()
    assert has(alice) == (10, 0)

    tell("charge.refunded", charge_of(order, refunded=1000))
    assert has(alice) == (0, 20)


@pytest.mark.parametrize("buys_again", [False, True])
def test_what_was_held_while_its_money_went_back_is_not_taken_again_by_its_expiry(alice, pack, buys_again):
    """All 110 are held when 100 of them, which expire, are paid back: 100 are owed, which another purchase pays."""
    order = make_order(alice.organization, make_pack("Short", expires_after_days=30))
    tell("checkout.session.completed", session_of(order))
    held = ledger.hold(alice, amount=110)
    tell("charge.refunded", charge_of(order, refunded=1000))
    if buys_again:
        tell("checkout.session.completed", session_of(make_order(alice.organization, pack)))
    ledger.release(held)

    assert expiry.expire_due(timezone.now() + timedelta(days=31)) == 0
    assert has(alice) == (110, 0 if buys_again else 100)


def test_what_a_won_dispute_gives_back_has_its_term_anew(alice):
    order = make_order(alice.organization, make_pack("Short", expires_after_days=30))
    with time_machine.travel(timezone.now() - timedelta(days=29)):
        tell("checkout.session.completed", session_of(order))
        tell("charge.dispute.created", dispute_of(order, "needs_response"))
    tell("charge.dispute.closed", dispute_of(order, "won"))

    assert expiry.expire_due(timezone.now() + timedelta(days=29)) == 0
    assert expiry.expire_due(timezone.now() + timedelta(days=31)) == 100


def test_what_was_given_back_and_expired_is_not_taken_again(alice):
    order = make_order(alice.organization, make_pack("Short", expires_after_days=30))
    tell("checkout.session.completed", session_of(order))
    tell("charge.dispute.created", dispute_of(order, "needs_response"))
    tell("charge.dispute.closed", dispute_of(order, "won"))
    expiry.expire_due(timezone.now() + timedelta(days=31))
    tell("charge.refunded", charge_of(order, refunded=1000))

    assert has(alice) == (10, 0)


def test_each_movement_says_why_and_is_named_after_its_payment(alice, bought):
    tell("charge.refunded", charge_of(bought, refunded=305))
    tell("charge.dispute.created", dispute_of(bought, "needs_response"))
    tell("charge.refunded", charge_of(bought, refunded=700))
    tell("charge.dispute.closed", dispute_of(bought, "won"))
    tell("charge.refunded", charge_of(bought, refunded=1000))

    moved = alice.entries.exclude(kind__in=["grant", "purchase"]).order_by("pk")
    assert list(moved.values_list("kind", "amount", "reference", "reason")) == [
        ("refund", -30, f"pi_{bought.pk}:1", "Refund of 100 credits."),
        ("dispute", -70, f"pi_{bought.pk}:2", "The payment of 100 credits is disputed."),
        ("dispute_won", 30, f"pi_{bought.pk}:3", "The dispute about 100 credits was won."),
        ("refund", -30, f"pi_{bought.pk}:4", "Refund of 100 credits."),
    ]


def test_refunds_of_two_orders_are_refunds_of_two_orders(alice, bought, pack):
    other = make_order(alice.organization, pack)
    tell("checkout.session.completed", session_of(other))
    for order in (bought, other):
        tell("charge.refunded", charge_of(order, refunded=1000))

    assert has(alice) == (10, 0)
    assert alice.entries.filter(kind="refund").count() == 2


@pytest.mark.parametrize(
    ("what", "make", "state"),
    [
        ("charge.refunded", lambda order: charge_of(order, refunded=1), "partly_refunded"),
        ("charge.refunded", lambda order: charge_of(order, refunded=1000), "refunded"),
        ("charge.dispute.created", lambda order: dispute_of(order, "needs_response"), "disputed"),
        ("charge.dispute.closed", lambda order: dispute_of(order, "lost"), "charged_back"),
        ("charge.dispute.closed", lambda order: dispute_of(order, "won"), "paid"),
        ("charge.dispute.created", lambda order: dispute_of(order, "prevented"), "paid"),
    ],
)
def test_the_order_says_where_it_is(bought, what, make, state):
    tell(what, make(bought))

    bought.refresh_from_db()
    assert bought.state == state


def test_keys_rest_since_the_first_dispute(alice, bought, pack):
    other = make_order(alice.organization, pack)
    tell("checkout.session.completed", session_of(other))
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        for order in (bought, other):
            tell("charge.dispute.created", dispute_of(order, "needs_response"))
            clock.shift(3600)
    alice.organization.refresh_from_db()

    assert alice.organization.keys_frozen_at.isoformat() == "2026-01-01T00:00:00+00:00"


def test_one_credit_that_is_owed_after_a_lost_dispute_lets_keys_rest(alice, bought):
    ledger.capture(ledger.hold(alice, amount=11))
    tell("charge.dispute.closed", dispute_of(bought, "lost"))

    assert (has(alice), rests(bought)) == ((0, 1), True)


def test_a_long_reason_is_cut_to_fit(bought):
    tell("charge.dispute.created", dispute_of(bought, "needs_response", reason="r" * 300))

    assert Dispute.objects.get().reason == "r" * 100


@pytest.mark.parametrize("make", [lambda order: charge_of(order, refunded=1000, payment_intent=None), None])
def test_what_names_no_payment_is_not_for_us(bought, make):
    thing = dispute_of(bought, "needs_response", payment_intent=None) if make is None else make(bought)
    what = "charge.dispute.created" if make is None else "charge.refunded"

    assert tell(what, thing) == "ignored"


def test_a_payment_that_has_not_come_is_not_taken_back(alice, order):
    tell("checkout.session.completed", session_of(order, payment_status="unpaid"))
    tell("charge.refunded", charge_of(order, refunded=1000))
    tell("charge.dispute.created", dispute_of(order, "needs_response"))

    order.refresh_from_db()
    assert (has(alice), rests(order), order.state) == ((10, 0), False, "awaiting")


def test_an_event_that_failed_is_replayed_in_the_admin(client, monkeypatch, alice, order):
    with monkeypatch.context() as patch:
        patch.setattr(webhooks.fulfilment, "fulfil", None)
        with pytest.raises(TypeError):
            tell("checkout.session.completed", session_of(order))
    client.force_login(make_staff())
    page = "/admin/billing/stripeevent/"
    event = StripeEvent.objects.get()
    assert event.state == "failed"

    answer = client.post(page, {"action": "replay", "_selected_action": [event.pk]}, follow=True)

    assert [str(told) for told in answer.context["messages"]] == [f"{event.event_id}: processed"]
    assert has(alice) == (110, 0)
    for kind in ("order", "payment", "dispute", "stripecustomer", "pack", "creditlot"):
        assert client.get(f"/admin/billing/{kind}/").status_code == 200
