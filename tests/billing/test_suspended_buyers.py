"""Who is suspended is sold nothing, and told why; what runs can still be ended. Who only waits for a bank may buy."""

import uuid
from datetime import UTC, datetime

import pytest
import time_machine
from django.utils.html import strip_tags

from accounts import suspension
from billing.order_models import Order
from billing.recharge_models import RechargeConsent
from billing.shelf import as_shown
from billing.subscription_models import Subscription
from tests.billing.plan_fakes import invoice_of, make_plan, make_subscription, subscription_of, terms_of
from tests.billing.stripe_fakes import CREATED
from tests.billing.test_plan_invoices import tell
from tests.factories import make_member, make_order, make_organization, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]
REFUSAL = "Nothing can be bought for it until that is over."


@pytest.fixture
def shop(alice):
    return alice.organization


@pytest.fixture
def owner(client, shop):
    client.force_login(make_member(shop))
    return client


@pytest.fixture
def suspended(shop):
    suspension.suspend(shop, actor=make_staff(), reason="A stolen card.")


def click(pack):
    price = pack.prices.get(currency="eur")
    return {"pack": pack.pk, "currency": "eur", "shown": as_shown(pack, price.amount), "token": str(uuid.uuid4())}


def consent_to(pack):
    price = pack.prices.get(currency="eur")
    chosen = f"{price.pk}:{as_shown(pack, price.amount)}"
    return {"price": chosen, "threshold": 5, "most_per_month": 3, "agree": "on", "token": str(uuid.uuid4())}


def test_no_pack_is_sold(owner, pack, suspended):
    refused = owner.post("/billing/buy/", click(pack))

    assert refused.status_code == 400
    assert REFUSAL in refused.content.decode()
    assert not Order.objects.exists()


def test_no_plan_is_begun(owner, suspended):
    make_plan()
    sent = {"plan": "small", "currency": "eur", "token": str(uuid.uuid4())}

    assert REFUSAL in owner.post("/billing/plan/subscribe/", sent, follow=True).content.decode()
    assert not Subscription.objects.exists()


def test_no_auto_recharge_is_agreed_to(owner, pack, suspended):
    refused = owner.post("/billing/auto-recharge/choose/", consent_to(pack))

    assert REFUSAL in refused.content.decode()
    assert not RechargeConsent.objects.exists()


@pytest.mark.parametrize("page", ["/billing/", "/billing/plan/", "/billing/auto-recharge/", "/dashboard/", "/try/"])
def test_pages_say_why_and_offer_nothing(owner, pack, page, suspended):
    make_plan()
    shown = strip_tags(owner.get(page).content.decode())

    assert "The reason: A stolen card." in shown
    assert not [word for word in ("Buy 100 credits", "Subscribe to", "Agree and save a card") if word in shown]


def test_nobody_is_led_back_to_a_page_that_was_begun(owner, shop, pack, suspended):
    order = make_order(shop, pack, checkout_url="https://checkout.example.com/begun")
    subscription = make_subscription(shop, terms_of(make_plan()), checkout_url="https://checkout.example.com/begun")
    pages = [f"/billing/orders/{order.public_id}/", f"/billing/?left={order.public_id}", "/billing/plan/"]

    assert not [page for page in pages if "checkout.example.com" in owner.get(page).content.decode()]

    suspension.let_go_on(shop, actor=make_staff("tom@example.com"), reason="It was theirs.")
    assert subscription.state == "pending"
    assert all("checkout.example.com" in owner.get(page).content.decode() for page in (pages[0], pages[2]))


def test_nobody_is_sent_for_credits_that_cannot_be_bought(client, pack):
    broke = make_organization("Bob's shop", credits=0)
    client.force_login(make_member(broke, "bob@example.com"))
    assert "The smallest pack that is enough" in client.get("/dashboard/").content.decode()

    suspension.suspend(broke, actor=make_staff(), reason="A stolen card.")
    shown = strip_tags(client.get("/dashboard/").content.decode())
    assert "No credits are left." in shown
    assert not [words for words in ("can buy more", "The smallest pack", "write to", "Ask whoever") if words in shown]


def test_it_is_sold_to_again_afterwards(owner, shop, pack, suspended):
    suspension.let_go_on(shop, actor=make_staff("tom@example.com"), reason="It was theirs.")

    assert "Buy 100 credits" in strip_tags(owner.get("/billing/").content.decode())


def test_whose_keys_rest_may_buy_what_is_owed(owner, shop, pack):
    shop.keys_frozen_at = shop.created
    shop.save()

    assert "Buy 100 credits" in strip_tags(owner.get("/billing/").content.decode())
    owner.post("/billing/buy/", click(pack))
    assert Order.objects.filter(organization=shop).exists()


def test_a_plan_that_runs_is_not_made_larger(owner, shop):
    small, big = make_plan(), make_plan("big", credits=400, amount=3000)
    subscription = make_subscription(shop, terms_of(small))
    with time_machine.travel(datetime.fromtimestamp(CREATED + 3600, UTC)):
        tell("customer.subscription.created", subscription_of(subscription))
        tell("invoice.paid", invoice_of(subscription))
        owner.force_login(make_member(shop, "late@example.com"))
        suspension.suspend(shop, actor=make_staff(), reason="A stolen card.")
        refused = owner.get("/billing/plan/change/", {"plan": big.slug}, follow=True).content.decode()

    assert REFUSAL in refused
    assert "Cancel the plan" in refused
