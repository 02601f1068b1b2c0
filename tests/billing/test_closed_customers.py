"""Closing an organization while something is open at Stripe, with the stand-in over HTTP."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.closing import close_organization
from billing import (
    audit,
    checkout,
    closed_customers,
    plan_reconciliation,
    recharge_switch,
    recharging,
    saved_cards,
    stripe_gateway,
    stripe_gateway_cards,
    subscribing,
)
from billing.errors import PurchaseRefused
from billing.fulfilment import fulfil
from billing.metrics import paid_after_closing
from billing.order_models import Order, StripeCustomer
from billing.recharge_models import SavedCard
from billing.subscription_models import Subscription
from tests.billing.plan_fakes import make_plan
from tests.billing.recharge.conftest import WANTS_PERSON, shop, stripe  # noqa: F401 - fixtures
from tests.factories import make_staff

pytestmark = pytest.mark.django_db(transaction=True)
AFTERWARDS = timedelta(hours=2)


def buy(shop):  # noqa: F811
    return checkout.start_purchase(
        shop.organization, shop.pack, currency="eur", click_token=uuid.uuid4(), actor=shop.owner
    ).order


def subscribe(shop):  # noqa: F811
    return subscribing.subscribe(
        shop.organization, make_plan(), currency="eur", click_token=uuid.uuid4(), actor=shop.owner
    )


def run_job(shop, now=None):  # noqa: F811
    """Run the periodic job and let its events arrive afterwards: the test server shares this connection."""
    shop.stripe.hold_webhooks()
    deleted = closed_customers.close_customers(now or timezone.now())
    shop.hear()
    return deleted


def pages(shop):  # noqa: F811
    return {page["status"] for page in shop.stripe.objects("checkout.session")}


def test_open_pages_of_packs_plans_and_cards_are_closed(shop):  # noqa: F811
    order, subscription = buy(shop), subscribe(shop)
    saved_cards.open_page(shop.consent(), shop.owner)
    assert pages(shop) == {"open"}

    close_organization(shop.organization)
    run_job(shop)

    assert pages(shop) == {"expired"}
    order.refresh_from_db()
    assert order.state == "expired"
    assert Subscription.objects.get(pk=subscription.pk).state == "left"


def test_while_stripe_is_away_the_job_tries_again(shop):  # noqa: F811
    buy(shop)
    close_organization(shop.organization)
    shop.stripe.order_fault("/v1/checkout/sessions.*", method="GET", status=500, times=9)
    assert run_job(shop) == 0
    assert pages(shop) == {"open"}

    shop.stripe.clear_faults()
    run_job(shop)

    assert pages(shop) == {"expired"}


def test_pages_of_others_stay_open(shop):  # noqa: F811
    buy(shop)
    run_job(shop)

    assert pages(shop) == {"open"}


def test_a_recharge_that_waits_for_its_person_is_canceled(shop):  # noqa: F811
    shop.agree(card=WANTS_PERSON)
    shop.use(6)
    shop.change_bank_mind(WANTS_PERSON)
    shop.look()
    [intent] = shop.stripe.objects("payment_intent")
    assert shop.orders[0].needs_person_at is not None

    close_organization(shop.organization)
    run_job(shop)

    [intent] = shop.stripe.objects("payment_intent")
    assert (intent["status"], shop.orders[0].state) == ("canceled", "expired")


def test_the_customer_is_deleted_once_nothing_can_be_paid_any_more(shop):  # noqa: F811
    shop.agree()
    buy(shop)
    close_organization(shop.organization)
    assert run_job(shop) == 0
    assert len(shop.stripe.objects("customer")) == 1

    assert run_job(shop, timezone.now() + AFTERWARDS) == 1

    customer = StripeCustomer.objects.get()
    assert shop.stripe.objects("customer") == []
    assert (customer.email, customer.name, customer.deleted_at is not None) == ("", "", True)
    assert run_job(shop, timezone.now() + 2 * AFTERWARDS) == 0
    assert shop.stripe.violations() == []


def test_the_customer_of_an_open_organization_is_never_deleted(shop):  # noqa: F811
    buy(shop)
    assert run_job(shop, timezone.now() + AFTERWARDS) == 0
    assert len(shop.stripe.objects("customer")) == 1


def test_the_customer_stays_while_a_payment_is_on_its_way(shop):  # noqa: F811
    order = buy(shop)
    shop.stripe.delay_session(order.checkout_session_id)
    shop.stripe.wait_until_sent()
    close_organization(shop.organization)
    assert run_job(shop, timezone.now() + AFTERWARDS) == 0

    shop.stripe.settle_session(order.checkout_session_id, paid=False)
    shop.stripe.wait_until_sent()

    assert run_job(shop, timezone.now() + 2 * AFTERWARDS) == 1


def test_the_customer_stays_while_its_plan_runs(shop):  # noqa: F811
    subscription = subscribe(shop)
    shop.stripe.pay_session(subscription.checkout_session_id)
    shop.stripe.wait_until_sent()
    close_organization(shop.organization)
    assert run_job(shop, timezone.now() + AFTERWARDS) == 0

    shop.stripe.hold_webhooks()
    plan_reconciliation.see_to_plans(timezone.now())
    shop.hear()

    assert run_job(shop, timezone.now() + 2 * AFTERWARDS) == 1


def test_money_that_comes_after_closing_is_reported_and_listed(shop, client, caplog):  # noqa: F811
    before = paid_after_closing._value.get()
    order = buy(shop)
    shop.stripe.delay_session(order.checkout_session_id)
    shop.stripe.wait_until_sent()
    close_organization(shop.organization)

    shop.stripe.settle_session(order.checkout_session_id, paid=True)
    shop.stripe.wait_until_sent()

    assert shop.has() == (110, ["paid"])
    assert [record.message for record in caplog.records].count("paid_after_closing") == 1
    fulfil(order.checkout_session_id)
    assert paid_after_closing._value.get() == before + 1, "once"
    client.force_login(make_staff())
    assert tile(client, "Orders paid for closed organizations") == "1"
    listed = client.get(reverse("admin:billing_order_changelist"), {"paid_after_closing": "yes"})
    assert [row.pk for row in listed.context["cl"].result_list] == [order.pk]

    order.refresh_from_db()
    stripe_gateway._client().v1.refunds.create({"payment_intent": order.payment_intent_id})
    shop.stripe.wait_until_sent()
    assert tile(client, "Orders paid for closed organizations") == "0"


def test_the_month_of_a_plan_that_is_paid_after_closing_is_listed(shop, client):  # noqa: F811
    subscription = subscribe(shop)
    close_organization(shop.organization)
    with time_machine.travel(timezone.now() + timedelta(seconds=2)):
        shop.stripe.pay_session(subscription.checkout_session_id)
        shop.stripe.wait_until_sent()

    client.force_login(make_staff())
    assert tile(client, "Invoices paid for closed organizations") == "1"
    listed = client.get(reverse("admin:billing_planinvoice_changelist"), {"paid_after_closing": "yes"})
    assert len(listed.context["cl"].result_list) == 1


def test_what_was_paid_before_closing_is_not_listed(shop, client):  # noqa: F811
    order = buy(shop)
    shop.stripe.pay_session(order.checkout_session_id)
    shop.stripe.wait_until_sent()
    close_organization(shop.organization)

    client.force_login(make_staff())
    assert tile(client, "Orders paid for closed organizations") == "0"


def tile(client, title):
    waiting = client.get(reverse("admin:index")).context["overview"]["waiting"]
    return next(tile.value for tile in waiting if tile.title == title)


@pytest.mark.parametrize("what", ["pack", "plan", "card"])
def test_an_organization_that_closes_while_its_page_is_opened_is_sent_nowhere(shop, monkeypatch, what):  # noqa: F811
    """Closed after the order was placed, while Stripe opens its page: the page is closed again."""
    opens = {
        "pack": (stripe_gateway, "create_checkout", buy),
        "plan": (subscribing.stripe_gateway_plans, "create_subscribe_page", subscribe),
        "card": (
            stripe_gateway_cards,
            "create_card_page",
            lambda shop: saved_cards.open_page(shop.consent(), shop.owner),
        ),
    }
    module, name, begin = opens[what]
    opened = getattr(module, name)

    def close_meanwhile(*args, **kwargs):
        close_organization(shop.organization)
        return opened(*args, **kwargs)

    monkeypatch.setattr(module, name, close_meanwhile)
    shop.stripe.hold_webhooks()
    with pytest.raises(PurchaseRefused):
        begin(shop)
    shop.hear()

    assert pages(shop) == {"expired"}
    assert not Order.objects.exclude(state="expired").exists()


@pytest.mark.parametrize("field", ["closed_at", "suspended_at"])
def test_nothing_is_begun_for_who_was_closed_after_the_first_look(shop, monkeypatch, field):  # noqa: F811
    """The look before the lock sees an open organization; under the lock it is closed."""
    for module in (checkout, subscribing, recharge_switch):
        monkeypatch.setattr(module, "require_buyer", lambda organization: None)
    type(shop.organization).objects.filter(pk=shop.organization.pk).update(**{field: timezone.now()})

    for begin in (buy, subscribe, lambda shop: shop.consent()):
        with pytest.raises(PurchaseRefused):
            begin(shop)

    assert not Order.objects.exists() and not Subscription.objects.exists()
    assert audit.find_disagreements() == []


def test_a_card_saved_after_closing_is_let_go(shop):  # noqa: F811
    url = saved_cards.open_page(shop.consent(), shop.owner)
    close_organization(shop.organization)
    shop.stripe.pay_session(url.rsplit("/", 1)[1])
    shop.stripe.wait_until_sent()
    shop.finish_cards()

    card = SavedCard.objects.get()
    assert card.removed_at is not None and card.detached_at is not None


@pytest.mark.parametrize("what", ["turned off", "card removed", "closed", "suspended"])
def test_a_recharge_that_is_not_wanted_any_more_is_not_charged(shop, what):  # noqa: F811
    """Turned off after the order was placed and before Stripe is called."""
    shop.agree()
    shop.use(6)
    order = recharging.place_order(shop.account.pk, timezone.now())
    ends = {
        "turned off": lambda: recharge_switch.turn_off(shop.organization),
        "card removed": lambda: SavedCard.objects.update(removed_at=timezone.now()),
        "closed": lambda: close_organization(shop.organization),
        "suspended": lambda: type(shop.organization).objects.update(suspended_at=timezone.now()),
    }
    ends[what]()

    recharging.charge(order)

    assert shop.charges() == []
    assert shop.has() == (4, ["expired"])
