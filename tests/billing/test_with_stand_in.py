"""The whole way of a purchase, with Stripe's stand-in over HTTP: pages, events, refunds, disputes, lost news."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from billing import audit, reconciliation, stripe_gateway, webhooks
from billing.checkout import start_purchase
from billing.errors import StripeUnreachable
from billing.fulfilment import fulfil
from billing.order_models import Order
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.factories import make_account, make_member, make_pack
from tests.stripe_stand_in import StripeStandIn

pytestmark = pytest.mark.django_db(transaction=True)
CLICK = uuid.UUID("00000000-0000-4000-8000-000000000001")


@pytest.fixture
def stripe(settings, live_server):
    """Stripe's stand-in, which sends its events to our server."""
    with StripeStandIn() as running:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = SECRET_KEY, [SIGNING_SECRET]
        settings.STRIPE_API_BASE, settings.STRIPE_IS_LIVE = running.url, False
        running.control.add_endpoint(
            f"{live_server.url}/webhooks/stripe/", SIGNING_SECRET, types=list(webhooks.HANDLERS)
        )
        stripe_gateway._client_with.cache_clear()
        yield running.control
        stripe_gateway._client_with.cache_clear()
        running.check_honest()


@pytest.fixture
def account(db):
    return make_account(credits=10)


@pytest.fixture
def buy(account):
    owner, pack = make_member(account.organization), make_pack()
    return lambda token=CLICK, currency="eur": start_purchase(
        account.organization, pack, currency=currency, click_token=token, actor=owner
    )


def has(account, order):
    order.refresh_from_db()
    account.refresh_from_db()
    assert audit.find_disagreements() == []
    return account.balance, order.state


@pytest.mark.parametrize("currency", ["eur", "jpy"])
def test_a_pack_is_bought(stripe, account, buy, currency):
    purchase = buy(currency=currency)
    stripe.pay_session(purchase.order.checkout_session_id)
    stripe.wait_until_sent()

    assert has(account, purchase.order) == (110, "paid")
    assert buy(currency=currency).url is None


def test_a_double_click_opens_one_page(stripe, buy):
    assert buy().url == buy().url
    assert len(stripe.objects("checkout.session")) == 1


@pytest.mark.parametrize(("paid", "end"), [(True, (110, "paid")), (False, (10, "failed"))])
def test_a_delayed_payment(stripe, account, buy, paid, end):
    order = buy().order
    stripe.delay_session(order.checkout_session_id)
    stripe.wait_until_sent()
    assert has(account, order) == (10, "awaiting")

    stripe.settle_session(order.checkout_session_id, paid=paid)
    stripe.wait_until_sent()
    assert has(account, order) == end


def test_a_page_that_is_left_expires(stripe, account, buy):
    order = buy().order
    stripe.expire_session(order.checkout_session_id)
    stripe.wait_until_sent()

    assert has(account, order) == (10, "expired")


@pytest.mark.parametrize(("outcome", "end"), [("won", (110, "paid")), ("lost", (10, "charged_back"))])
def test_a_dispute(stripe, account, buy, outcome, end):
    order = buy().order
    stripe.pay_session(order.checkout_session_id)
    stripe.wait_until_sent()
    [charge] = stripe.objects("charge")
    dispute = stripe.open_dispute(charge["id"])
    stripe.wait_until_sent()
    assert has(account, order) == (10, "disputed")

    stripe.settle_dispute(dispute["id"], outcome=outcome)
    stripe.wait_until_sent()
    assert has(account, order) == end


@pytest.mark.parametrize(("amounts", "end"), [((305,), (80, "partly_refunded")), ((305, 695), (10, "refunded"))])
def test_refunds_of_the_seller_take_their_credits(stripe, account, buy, amounts, end):
    order = buy().order
    stripe.pay_session(order.checkout_session_id)
    stripe.wait_until_sent()
    order.refresh_from_db()
    for amount in amounts:
        stripe_gateway._client().v1.refunds.create({"payment_intent": order.payment_intent_id, "amount": amount})
    stripe.wait_until_sent()

    assert has(account, order) == end


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_news_in_any_order(stripe, account, buy, seed):
    order = buy().order
    stripe.hold_webhooks()
    stripe.delay_session(order.checkout_session_id)
    session = stripe.settle_session(order.checkout_session_id, paid=True)
    stripe_gateway._client().v1.refunds.create({"payment_intent": session["payment_intent"], "amount": 400})
    stripe.send_shuffled(seed=seed)
    stripe.wait_until_sent()

    assert has(account, order) == (70, "partly_refunded")


def test_a_reconciled_shop_has_nothing_to_say(stripe, account, buy):
    for _ in range(2):
        order = buy(uuid.uuid4()).order
        stripe.pay_session(order.checkout_session_id)
        # On SQLite the live server's thread has this thread's connection: it must be done before we go on.
        stripe.wait_until_sent()

    assert list(reconciliation.find_disagreements(since=timezone.now() - timedelta(days=1))) == []
    assert has(account, order) == (210, "paid")


def test_the_landing_page_may_be_faster_than_the_event(stripe, account, buy):
    order = buy().order
    stripe.hold_webhooks()
    stripe.pay_session(order.checkout_session_id)
    fulfil(order.checkout_session_id)
    assert has(account, order) == (110, "paid")

    stripe.release_webhooks()
    stripe.wait_until_sent()
    assert has(account, order) == (110, "paid")


def test_events_that_are_lost_are_asked_for(stripe, account, buy):
    order = buy().order
    stripe.drop_next("checkout.session.completed")
    stripe.pay_session(order.checkout_session_id)
    stripe.wait_until_sent()
    assert has(account, order) == (10, "pending")

    with time_machine.travel(timezone.now() + timedelta(minutes=15)):
        assert reconciliation.finish_open_orders(timezone.now()) == 1
    assert has(account, order) == (110, "paid")


def test_an_answer_that_is_lost_makes_no_second_page(stripe, buy, settings):
    settings.STRIPE_RETRIES = 0
    buy(uuid.uuid4())  # so that the customer is known
    Order.objects.update(created=timezone.now() - timedelta(minutes=1))
    with pytest.raises(StripeUnreachable):
        settings.STRIPE_API_BASE, base = "http://127.0.0.1:9", settings.STRIPE_API_BASE
        buy()
    settings.STRIPE_API_BASE = base

    assert buy().url == buy().url
    assert len(stripe.objects("checkout.session")) == 2
