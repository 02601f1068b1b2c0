"""Buying by itself, with Stripe's stand-in over HTTP: when it buys, when it does not, and what banks say."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from billing import ledger, recharging, stripe_gateway
from billing.models import EntryKind, LedgerEntry
from billing.order_models import PackPrice
from billing.recharge_models import SavedCard
from tests.billing.recharge.conftest import DECLINED, GOOD, WANTS_PERSON
from tests.factories import make_debt

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(days=2)


def threshold_of(shop):
    shop.account.refresh_from_db()
    return shop.account.auto_recharge_threshold


def test_a_pack_is_bought_below_the_threshold_and_not_at_it(shop):
    shop.agree(threshold=5)
    shop.use(5)
    assert shop.look() == 0

    shop.use(1)
    assert shop.look() == 1
    assert shop.has() == (104, ["paid"])
    [order] = shop.orders
    assert (order.kind, order.amount, order.currency, order.actor) == ("recharge", 1000, "eur", shop.owner)
    assert LedgerEntry.objects.get(kind=EntryKind.PURCHASE).reference == order.payment_intent_id
    assert shop.charges() == ["succeeded"]
    assert shop.news() == ["recharged"]


def test_what_is_held_counts_as_gone(shop):
    shop.agree(threshold=5)
    ledger.hold(shop.account, amount=6)

    assert shop.look() == 1


def test_it_buys_once_however_often_it_is_looked_at(shop):
    shop.agree()
    shop.use(6)

    assert [shop.look(), shop.look(), shop.look(timezone.now() + LATER)] == [1, 0, 0]
    assert shop.charges() == ["succeeded"]


def test_nothing_is_bought_unless_somebody_agreed_and_a_card_is_there(shop):
    shop.use(10)
    assert shop.look() == 0
    shop.consent()
    assert shop.look() == 0
    assert threshold_of(shop) is None


@pytest.mark.parametrize("field", ["suspended_at", "closed_at", "keys_frozen_at"])
def test_who_is_suspended_closed_or_frozen_is_not_charged(shop, field):
    shop.agree()
    shop.use(6)
    organization = shop.organization
    setattr(organization, field, timezone.now())
    organization.save()

    assert shop.look() == 0
    assert shop.charges() == []
    # Under the lock, too, where somebody had seen the account before.
    assert recharging.place_order(shop.account.pk, timezone.now()) is None


def test_after_a_purchase_it_rests_for_a_while(shop, settings):
    settings.RECHARGE_COOL_DOWN_S = 600
    now = timezone.now()
    shop.agree(threshold=100)
    shop.use(1)
    assert shop.look(now) == 1
    shop.use(50)

    assert shop.look(now + timedelta(seconds=500)) == 0
    assert shop.look(now + timedelta(seconds=700)) == 1
    assert shop.has() == (159, ["paid", "paid"])


def test_a_month_has_no_more_than_was_agreed_and_that_is_told_once(shop, settings):
    settings.RECHARGE_COOL_DOWN_S = 1
    start = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with time_machine.travel(start, tick=True):
        shop.agree(threshold=100, most=2)
        for hours in (1, 2):
            shop.use(shop.account.balance - 5)
            with time_machine.travel(start + timedelta(hours=hours), tick=True):
                assert shop.look() == 1
            shop.account.refresh_from_db()
        shop.use(shop.account.balance - 5)
        for hours in (3, 4):
            with time_machine.travel(start + timedelta(hours=hours), tick=True):
                assert shop.look() == 0
    assert shop.charges() == ["succeeded", "succeeded"]
    assert shop.news() == ["recharged", "recharged", "cap_reached"]

    with time_machine.travel(datetime(2026, 12, 1, 0, 0, 30, tzinfo=UTC), tick=True):
        assert shop.look() == 1


def test_a_decline_is_counted_told_and_tried_again_later(shop, settings):
    settings.RECHARGE_BACK_OFF_S = 3600
    shop.agree(card=DECLINED)
    shop.use(6)
    now = timezone.now()

    assert shop.look(now) == 1
    assert shop.has() == (4, ["failed"])
    assert shop.recharge.declines == 1
    assert shop.look(now + timedelta(minutes=30)) == 0

    shop.change_bank_mind(GOOD)
    assert shop.look(now + timedelta(hours=2)) == 1
    assert shop.has() == (104, ["failed", "paid"])
    assert (shop.recharge.declines, shop.news()) == (0, ["declined", "recharged"])


def test_after_so_many_declines_it_stops_says_why_and_starts_again_by_a_new_consent(shop, settings):
    settings.RECHARGE_DECLINES = 3
    shop.agree(card=DECLINED)
    shop.use(6)
    tries = [shop.look(timezone.now() + timedelta(days=2 * day)) for day in range(5)]

    assert tries == [1, 1, 1, 0, 0]
    assert shop.has() == (4, ["failed"] * 3)
    assert (shop.recharge.state, shop.recharge.stop_reason) == ("stopped", "declined")
    assert threshold_of(shop) is None
    assert shop.news() == ["declined", "declined", "stopped"]

    shop.agree(card=GOOD)
    assert threshold_of(shop) == 5
    assert shop.look() == 1
    assert shop.has()[0] == 104
    assert SavedCard.objects.filter(removed_at=None).count() == 1


def test_the_pause_doubles_with_each_decline(shop, settings):
    settings.RECHARGE_BACK_OFF_S, settings.RECHARGE_DECLINES = 3600, 9
    shop.agree(card=DECLINED)
    shop.use(6)
    pauses = []
    now = timezone.now()
    for _ in range(3):
        assert shop.look(now) == 1
        pauses.append(round((shop.recharge.not_before - timezone.now()) / timedelta(hours=1)))
        now += timedelta(days=1)

    assert pauses == [1, 2, 4]


def test_another_price_is_never_charged(shop):
    shop.agree()
    shop.use(6)
    PackPrice.objects.filter(currency="eur").update(amount=1100)

    assert shop.look() == 0
    assert (shop.recharge.state, shop.recharge.stop_reason) == ("stopped", "offer_changed")
    assert shop.charges() == []
    assert shop.news() == ["stopped"]


def test_credits_that_last_shorter_than_agreed_are_not_bought(shop):
    shop.agree()
    shop.use(6)
    shop.pack.expires_after_days = 1
    shop.pack.save()

    assert shop.look() == 0
    assert shop.recharge.stop_reason == "offer_changed"


def test_a_pack_that_is_not_sold_any_more_is_not_bought(shop):
    shop.agree()
    shop.use(6)
    shop.pack.is_active = False
    shop.pack.save()

    assert shop.look() == 0
    assert shop.recharge.stop_reason == "offer_changed"


def test_a_refund_takes_its_credits_back(shop):
    shop.agree()
    shop.use(6)
    shop.look()
    [order] = shop.orders
    stripe_gateway._client().v1.refunds.create({"payment_intent": order.payment_intent_id, "amount": 400})
    shop.stripe.wait_until_sent()

    assert shop.has() == (64, ["partly_refunded"])


@pytest.mark.parametrize(("outcome", "end"), [("won", (104, ["paid"])), ("lost", (4, ["charged_back"]))])
def test_a_dispute_takes_the_credits_and_ends_recharging(shop, outcome, end):
    shop.agree()
    shop.use(6)
    shop.look()
    [charge] = shop.stripe.objects("charge")
    dispute = shop.stripe.open_dispute(charge["id"])
    shop.stripe.wait_until_sent()
    assert shop.has() == (4, ["disputed"])
    assert (shop.recharge.state, shop.recharge.stop_reason) == ("stopped", "disputed")
    assert shop.look(timezone.now() + LATER) == 0

    shop.stripe.settle_dispute(dispute["id"], outcome=outcome)
    shop.stripe.wait_until_sent()
    assert shop.has() == end
    assert shop.look(timezone.now() + LATER) == 0, "nobody is charged again before they wish it"


def test_a_purchase_pays_a_debt_first(shop):
    shop.agree()
    make_debt(shop.account, 30)
    shop.use(6)
    shop.look()

    assert shop.has() == (74, ["paid"])


def test_what_the_bank_wants_the_person_for_waits_and_is_told(shop):
    shop.agree(card=WANTS_PERSON)
    shop.use(6)
    assert shop.look() == 1

    assert shop.has() == (4, ["pending"])
    [order] = shop.orders
    assert order.needs_person_at is not None
    assert shop.news() == ["needs_person"]
    assert shop.look(timezone.now() + LATER) == 0, "one at a time"
    assert shop.reconcile() == 0


def test_a_currency_without_decimals_is_charged_as_it_is(shop):
    shop.save_card(shop.consent(currency="jpy"))
    shop.use(6)
    shop.look()

    assert shop.has() == (104, ["paid"])
    assert [(intent["amount"], intent["currency"]) for intent in shop.stripe.objects("payment_intent")] == [
        (1500, "jpy")
    ]


def test_what_was_agreed_to_in_test_mode_is_not_charged_in_live_mode(shop, settings):
    shop.agree()
    shop.use(6)
    settings.STRIPE_IS_LIVE = True

    assert shop.look() == 0
    assert shop.charges() == []
