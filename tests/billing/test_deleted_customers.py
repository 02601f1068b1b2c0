"""A customer that was deleted at Stripe, as after an erasure request: the organization can buy again at once."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from billing import audit, stripe_customers, stripe_gateway, subscribing, webhooks
from billing.checkout import start_purchase
from billing.errors import CustomerMissing
from billing.order_models import StripeCustomer, StripeEvent
from billing.recharge_models import AutoRecharge
from tests.billing.plan_fakes import make_plan
from tests.billing.recharge.conftest import Shop, shop, stripe  # noqa: F401 - fixtures
from tests.factories import make_account, make_member, make_pack
from tests.stripe_stand_in.control import Control

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Buyer:
    """An organization that has bought once, so that Stripe knows a customer for it."""

    stripe: Control
    organization: Organization
    owner: User

    def __post_init__(self) -> None:
        self.pack = make_pack()
        self.buy_pack()

    @property
    def customer_id(self) -> str | None:
        return StripeCustomer.objects.get(organization=self.organization).customer_id

    def buy_pack(self) -> str:
        bought = start_purchase(
            self.organization, self.pack, currency="eur", click_token=uuid.uuid4(), actor=self.owner
        )
        self.stripe.pay_session(bought.order.checkout_session_id)
        self.stripe.wait_until_sent()
        bought.order.refresh_from_db()
        return bought.order.state

    def delete_at_stripe(self, *, is_told: bool) -> None:
        if not is_told:
            self.stripe.drop_next("customer.deleted")
        self.stripe.delete_customer(self.customer_id)
        self.stripe.wait_until_sent()


@pytest.fixture
def buyer(stripe):  # noqa: F811
    organization = make_account(credits=10).organization
    return Buyer(stripe, organization, make_member(organization))


@pytest.mark.parametrize("is_told", [True, False], ids=["by an event", "by the next call"])
def test_a_pack_is_bought_again(buyer, is_told):
    before = buyer.customer_id
    buyer.delete_at_stripe(is_told=is_told)
    assert buyer.customer_id == (None if is_told else before)

    assert buyer.buy_pack() == "paid"
    assert buyer.customer_id not in (None, before)
    assert audit.find_disagreements() == []


def test_the_event_is_processed_once(buyer):
    buyer.delete_at_stripe(is_told=True)

    event = StripeEvent.objects.get(type="customer.deleted")
    assert (event.state, StripeCustomer.objects.get().generation) == ("processed", 1)
    webhooks.replay(event)
    assert StripeCustomer.objects.get().generation == 1


def test_a_customer_of_others_is_ignored(buyer):
    other = stripe_gateway._client().v1.customers.create({"email": "x@example.com"})
    buyer.stripe.delete_customer(other.id)
    buyer.stripe.wait_until_sent()

    assert StripeEvent.objects.get(type="customer.deleted").state == "ignored"


def test_a_second_deletion_gives_a_third_customer(buyer):
    seen = [buyer.customer_id]
    for _ in range(2):
        buyer.delete_at_stripe(is_told=False)
        assert buyer.buy_pack() == "paid"
        seen.append(buyer.customer_id)

    assert len(set(seen)) == 3


def test_a_plan_is_begun_again(buyer):
    plan = make_plan()
    buyer.delete_at_stripe(is_told=False)

    subscription = subscribing.subscribe(
        buyer.organization, plan, currency="eur", click_token=uuid.uuid4(), actor=buyer.owner
    )

    assert subscription.checkout_url


def test_a_page_that_was_open_is_left_and_another_one_is_opened(buyer):
    token = uuid.uuid4()
    first = start_purchase(buyer.organization, buyer.pack, currency="eur", click_token=token, actor=buyer.owner)
    buyer.delete_at_stripe(is_told=True)

    first.order.refresh_from_db()
    assert first.order.state == "expired"
    assert buyer.buy_pack() == "paid"


def test_the_pages_of_card_and_invoices_go_on(buyer, client):
    buyer.delete_at_stripe(is_told=False)
    client.force_login(buyer.owner)

    page = client.get(reverse("billing-details"))
    assert (page.status_code, buyer.customer_id) == (200, None)
    stripe_customers.customer_of(buyer.organization, buyer.owner)
    buyer.delete_at_stripe(is_told=False)
    answer = client.post(reverse("billing-portal"))

    assert (answer.status_code, "/portal/" in answer["Location"]) == (303, True)


def test_a_call_that_fails_for_another_reason_is_not_repeated(buyer):
    calls = []

    def call(customer_id):
        calls.append(customer_id)
        raise CustomerMissing

    with pytest.raises(CustomerMissing):
        stripe_customers.call_for_customer(buyer.organization, buyer.owner, call)
    assert len(set(calls)) == 2


@pytest.mark.parametrize("is_told", [True, False], ids=["by an event", "by the charge"])
def test_auto_recharge_stops_and_a_new_card_starts_it(shop, is_told):  # noqa: F811
    shop.agree()
    shop.use(6)
    if not is_told:
        shop.stripe.drop_next("customer.deleted")
    shop.stripe.delete_customer(StripeCustomer.objects.get().customer_id)
    shop.stripe.wait_until_sent()

    shop.look()

    recharge = AutoRecharge.objects.get()
    assert (recharge.state, recharge.stop_reason) == ("stopped", "card_gone")
    assert shop.charges() == []
    assert {order.state for order in shop.orders} <= {"expired"}
    shop.agree()
    assert shop.look(timezone.now() + timedelta(days=2)) == 1
    assert shop.charges() == ["succeeded"]
