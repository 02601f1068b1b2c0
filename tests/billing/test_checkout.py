"""Beginning a purchase: one order for each click, one page for each order, whatever Stripe's line does."""

import uuid
from datetime import timedelta

import pytest
import requests
import stripe
import time_machine
from django.utils import timezone

from billing import stripe_gateway
from billing.checkout import start_purchase
from billing.errors import PaymentsNotConfigured, PurchaseRefused, StripeRefused, StripeUnreachable
from billing.order_models import Order, StripeCustomer
from tests.billing.stripe_fakes import CREATED, FakeHttp
from tests.factories import make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]
CLICK = uuid.UUID("00000000-0000-4000-8000-000000000001")
CUSTOMERS, SESSIONS = "/v1/customers", "/v1/checkout/sessions"


def open_page(method, path, sent):
    if path == CUSTOMERS:
        return 200, {"id": "cus_1", "object": "customer"}
    reference = sent["client_reference_id"]
    return 200, {
        "id": f"cs_test_{reference[:8]}",
        "object": "checkout.session",
        "url": f"https://checkout.example.com/{reference}",
        "livemode": False,
        "mode": "payment",
        "status": "open",
        "payment_status": "unpaid",
        "amount_total": int(sent["line_items[0][price_data][unit_amount]"]),
        "currency": sent["line_items[0][price_data][currency]"],
        "client_reference_id": reference,
        "payment_intent": None,
        "created": CREATED,
    }


@pytest.fixture
def answers_with(monkeypatch):
    """Let a function answer in Stripe's place."""

    def install(answer):
        http = FakeHttp(answer)
        monkeypatch.setattr(stripe_gateway, "make_http_client", lambda: http)
        stripe_gateway._client_with.cache_clear()
        return http

    return install


@pytest.fixture
def http(answers_with):
    return answers_with(open_page)


@pytest.fixture
def buy(alice, pack):
    owner = make_member(alice.organization, "alice@example.com")

    def click(token=CLICK, currency="eur", pack=pack):
        return start_purchase(alice.organization, pack, currency=currency, click_token=token, actor=owner)

    return click


def test_a_click_is_an_order_and_a_page(alice, buy, http, settings):
    purchase = buy()

    order = Order.objects.get()
    assert purchase.order == order
    assert purchase.url == f"https://checkout.example.com/{order.public_id}"
    assert (order.credits, order.amount, order.currency, order.state) == (100, 1000, "eur", "pending")
    assert (order.livemode, order.actor.email) == (False, "alice@example.com")
    [(_, customers, who, _), (method, path, sent, headers)] = http.calls
    assert (customers, who["email"], who["name"]) == (CUSTOMERS, "alice@example.com", "Alice's shop")
    assert (method, path) == ("POST", SESSIONS)
    assert sent == {
        "mode": "payment",
        "customer": "cus_1",
        "client_reference_id": str(order.public_id),
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "1000",
        "line_items[0][price_data][product_data][name]": "100 credits",
        "adaptive_pricing[enabled]": "false",
        "metadata[order]": str(order.public_id),
        "payment_intent_data[metadata][order]": str(order.public_id),
        "invoice_creation[enabled]": "false",
        "tax_id_collection[enabled]": "true",
        "customer_update[name]": "auto",
        "success_url": f"{settings.PUBLIC_URL}/billing/orders/{order.public_id}/",
        "cancel_url": f"{settings.PUBLIC_URL}/billing/?left={order.public_id}",
        "expires_at": str(int((order.created + timedelta(hours=1)).timestamp())),
    }
    assert headers["Idempotency-Key"] == f"order:{order.public_id}:cus_1"
    assert headers["Stripe-Version"] == "2026-10-28.endive"
    assert "X-Stripe-Client-Telemetry" not in headers


def test_the_same_click_is_the_same_order_and_page(buy, http):
    assert [buy().url for _ in range(3)] == [buy().url] * 3
    assert Order.objects.count() == 1
    assert [call[1] for call in http.calls] == [CUSTOMERS, SESSIONS]


def test_two_tabs_at_the_same_moment_are_one_order(buy, answers_with):
    others = []

    def open_slowly(method, path, sent):
        if path == SESSIONS and not others:
            others.append(None)
            others.append(buy(uuid.uuid4()))  # the other tab, while Stripe opens the page for the first
        return open_page(method, path, sent)

    answers_with(open_slowly)
    purchase = buy()

    assert (others[1].order, others[1].url) == (purchase.order, purchase.url)
    assert Order.objects.count() == 1


def test_what_got_no_page_a_while_ago_is_left_alone(buy, answers_with, http):
    answers_with(lambda *_: (500, {"error": {"message": "Away."}}))
    with pytest.raises(StripeUnreachable):
        buy()
    Order.objects.update(created=timezone.now() - timedelta(minutes=1))
    answers_with(open_page)

    assert buy(uuid.uuid4()).order.click_token != CLICK
    assert Order.objects.count() == 2


def test_another_click_later_is_another_order_of_the_same_customer(buy, http):
    first = buy().order
    Order.objects.update(created=timezone.now() - timedelta(minutes=1))

    assert buy(uuid.uuid4()).order != first
    assert [call[1] for call in http.calls] == [CUSTOMERS, SESSIONS, SESSIONS]
    assert StripeCustomer.objects.get().customer_id == "cus_1"


def test_yen_are_not_multiplied(buy, http):
    buy(currency="jpy")

    assert http.calls[-1][2]["line_items[0][price_data][unit_amount]"] == "1500"


def test_a_price_that_changes_later_changes_no_order(buy, http, pack):
    order = buy().order
    pack.prices.update(amount=5)

    assert buy().order.amount == order.amount == 1000


def test_a_click_is_for_one_pack_in_one_currency(buy, http):
    buy()

    with pytest.raises(PurchaseRefused, match="another purchase"):
        buy(currency="jpy")


def test_what_is_not_on_sale_is_not_sold(buy, http, pack):
    with pytest.raises(PurchaseRefused):
        buy(currency="usd")
    pack.is_active = False
    with pytest.raises(PurchaseRefused):
        buy(pack=pack)
    assert (Order.objects.count(), http.calls) == (0, [])


def test_an_order_that_is_over_has_no_page(buy, http):
    Order.objects.filter(pk=buy().order.pk).update(state="expired")

    assert buy().url is None


def test_without_keys_nothing_pretends_to_sell(buy, http, settings):
    settings.STRIPE_SECRET_KEY = ""

    with pytest.raises(PaymentsNotConfigured):
        buy()
    assert Order.objects.count() == 0


def refuses_to_connect(method, path, sent):
    raise stripe.APIConnectionError("no route", should_retry=True)


def broken(status):
    return lambda method, path, sent: (status, {"error": {"message": "Oops", "type": "api_error"}})


@pytest.mark.parametrize(
    ("answer", "tries"), [(refuses_to_connect, 3), (broken(500), 3), (broken(503), 3), (broken(429), 1)]
)
def test_when_stripe_is_away_the_order_waits_for_the_next_click(buy, answers_with, answer, tries):
    http = answers_with(answer)
    with pytest.raises(StripeUnreachable) as refused:
        buy()
    assert (refused.value.status, refused.value.retry_after_s) == (503, 60)
    assert len(http.calls) == tries
    assert len({call[3]["Idempotency-Key"] for call in http.calls}) == 1
    order = Order.objects.get()

    answers_with(open_page)
    assert buy().order == order


def test_a_page_whose_answer_was_lost_is_the_one_that_comes_again(buy, answers_with):
    """Stripe made the page and the line broke: the key of the order makes the next answer the same page."""
    lost = answers_with(lambda m, p, s: open_page(m, p, s) if p == CUSTOMERS else refuses_to_connect(m, p, s))
    with pytest.raises(StripeUnreachable):
        buy()
    found = answers_with(open_page)
    buy()

    assert found.calls[-1][2] == lost.calls[-1][2]
    assert found.calls[-1][3]["Idempotency-Key"] == lost.calls[-1][3]["Idempotency-Key"]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_stripe_does_not_take_is_our_fault(buy, answers_with, caplog, status):
    http = answers_with(lambda m, p, s: (status, {"error": {"message": "No", "type": "invalid_request_error"}}))

    with pytest.raises(StripeRefused):
        buy()
    assert len(http.calls) == 1
    assert "stripe_refused" in caplog.messages


def test_a_page_of_the_other_mode_is_not_shown(buy, answers_with):
    answers_with(lambda m, p, s: (200, {**open_page(m, p, s)[1], "livemode": True}))

    with pytest.raises(StripeRefused):
        buy()
    assert Order.objects.get().checkout_session_id is None


def test_a_click_of_long_ago_opens_nothing(buy, answers_with):
    answers_with(broken(500))
    with pytest.raises(StripeUnreachable):
        buy()
    answers_with(open_page)

    with time_machine.travel(timezone.now() + timedelta(minutes=31)), pytest.raises(PurchaseRefused, match="too long"):
        buy()


def test_a_call_waits_no_longer_than_it_may(settings):
    settings.STRIPE_CONNECT_TIMEOUT_S, settings.STRIPE_READ_TIMEOUT_S = 1.5, 2.5
    client = stripe_gateway.make_http_client()

    assert isinstance(client, stripe.RequestsClient)
    assert client._timeout == (1.5, 2.5)
    assert client.requests is requests
