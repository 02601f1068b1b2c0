"""Checkout: what a finished, declined, delayed, left or expired session looks like to the SDK."""

import pytest
import stripe
from stripe import StripeClient

from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.buying import open_session, subscribe
from tests.stripe_stand_in.errors import CardRefusal
from tests.stripe_stand_in.seller import Inbox


def test_a_paid_session_is_complete_with_its_charge(
    stand_in: StripeStandIn, client: StripeClient, customer: str, inbox: Inbox
) -> None:
    session = open_session(client, customer)
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert session.url is not None and session.url.startswith(stand_in.url)

    stand_in.control.pay_session(session.id)
    session = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items"]}
    )

    assert (session.status, session.payment_status, session.amount_total) == ("complete", "paid", 1500)
    assert session.payment_intent.latest_charge.status == "succeeded"
    assert session.payment_intent.metadata["order"] == "1"
    assert [item.description for item in session.line_items.data] == ["100 credits"]
    completed = inbox.wait_for("checkout.session.completed")
    assert completed["data"]["object"]["client_reference_id"] == "order-1"
    order = ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]
    assert [one for one in inbox.types if one in order] == order


def test_the_card_is_kept_where_that_was_asked_for(
    stand_in: StripeStandIn, client: StripeClient, customer: str
) -> None:
    kept, not_kept = open_session(client, customer), open_session(client, customer, payment_intent_data=None)
    for session in (kept, not_kept):
        stand_in.control.pay_session(session.id)

    cards = client.v1.customers.payment_methods.list(customer, {"type": "card"}).data

    assert [card.card.last4 for card in cards] == ["4242"]


def test_a_declined_card_leaves_the_session_open(
    stand_in: StripeStandIn, client: StripeClient, customer: str, inbox: Inbox
) -> None:
    session = open_session(client, customer)

    with pytest.raises(CardRefusal, match="declined"):
        stand_in.control.pay_session(session.id, card="4000000000000002")

    session = client.v1.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("open", "unpaid")
    failed = inbox.wait_for("payment_intent.payment_failed")["data"]["object"]
    assert failed["last_payment_error"]["decline_code"] == "generic_decline"
    stand_in.control.pay_session(session.id)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent == failed["id"]


@pytest.mark.parametrize(
    ("paid", "event_type", "payment_status"),
    [
        (True, "checkout.session.async_payment_succeeded", "paid"),
        (False, "checkout.session.async_payment_failed", "unpaid"),
    ],
)
def test_a_delayed_payment_is_complete_and_unpaid_until_it_settles(
    stand_in: StripeStandIn,
    client: StripeClient,
    customer: str,
    inbox: Inbox,
    paid: bool,
    event_type: str,
    payment_status: str,
) -> None:
    session = open_session(client, customer)

    stand_in.control.delay_session(session.id)
    assert inbox.wait_for("checkout.session.completed")["data"]["object"]["payment_status"] == "unpaid"
    stand_in.control.settle_session(session.id, paid=paid)

    assert inbox.wait_for(event_type)["data"]["object"]["payment_status"] == payment_status
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == payment_status


def test_a_session_expires_when_asked_or_after_a_day(
    stand_in: StripeStandIn, client: StripeClient, customer: str, inbox: Inbox
) -> None:
    asked, forgotten = open_session(client, customer), open_session(client, customer)

    client.v1.checkout.sessions.expire(asked.id)
    stand_in.control.advance(hours=25)
    stand_in.control.wait_until_sent()

    assert client.v1.checkout.sessions.retrieve(forgotten.id).status == "expired"
    assert inbox.types.count("checkout.session.expired") == 2
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        client.v1.checkout.sessions.expire(asked.id)


def test_setup_mode_saves_a_card_and_takes_nothing(
    stand_in: StripeStandIn, client: StripeClient, customer: str, inbox: Inbox
) -> None:
    session = open_session(client, customer, mode="setup", line_items=None, payment_intent_data=None, currency="usd")

    stand_in.control.pay_session(session.id)
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})

    assert (session.status, session.payment_status) == ("complete", "no_payment_required")
    assert session.setup_intent.status == "succeeded"
    method = client.v1.payment_methods.retrieve(session.setup_intent.payment_method)
    assert method.customer == customer
    assert "charge.succeeded" not in inbox.types


def test_a_new_customer_is_made_where_none_was_named(stand_in: StripeStandIn, client: StripeClient) -> None:
    session = open_session(client, None, customer_creation="always")

    stand_in.control.pay_session(session.id, email="bob@example.com")

    session = client.v1.checkout.sessions.retrieve(session.id)
    assert client.v1.customers.retrieve(session.customer).email == "bob@example.com"
    assert session.customer_details.email == "bob@example.com"


def test_an_invoice_is_written_where_that_was_asked_for(
    stand_in: StripeStandIn, client: StripeClient, customer: str
) -> None:
    session = open_session(client, customer, invoice_creation={"enabled": True})

    stand_in.control.pay_session(session.id)

    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["invoice.payments"]})
    assert (session.invoice.status, session.invoice.total, session.invoice.parent) == ("paid", 1500, None)
    assert session.invoice.payments.data[0].payment.payment_intent == session.payment_intent
    found = client.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": session.payment_intent}}
    )
    assert [payment.invoice for payment in found.data] == [session.invoice.id]


def test_currencies_without_cents_stay_whole(stand_in: StripeStandIn, client: StripeClient, customer: str) -> None:
    yen = {"currency": "JPY", "unit_amount": 1500, "product_data": {"name": "100 credits"}}

    session = open_session(client, customer, line_items=[{"quantity": 2, "price_data": yen}])

    assert (session.amount_total, session.currency) == (3000, "jpy")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"line_items": None}, "line_items"),
        ({"customer_email": "alice@example.com"}, "only specify one"),
        ({"customer": "cus_unknown"}, "No such customer"),
        ({"success_url": None}, "success_url"),
        ({"tax_id_collection": {"enabled": True}}, "customer_update"),
        ({"mode": "subscription", "payment_intent_data": None}, "recurring"),
        ({"subscription_data": {"description": "plan"}}, "subscription_data"),
    ],
)
def test_sessions_that_stripe_refuses(
    client: StripeClient, customer: str, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        open_session(client, changes.pop("customer", customer), **changes)  # type: ignore[arg-type]


def test_a_subscription_begins_with_a_paid_invoice(
    stand_in: StripeStandIn, client: StripeClient, customer: str, monthly_prices: tuple[str, str]
) -> None:
    session = subscribe(client, customer, monthly_prices[0])

    stand_in.control.pay_session(session.id)

    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "invoice"]})
    assert session.subscription.status == "active"
    assert session.subscription.metadata["organization"] == "7"
    assert session.invoice.parent.subscription_details.subscription == session.subscription.id
    assert (session.invoice.billing_reason, session.invoice.status) == ("subscription_create", "paid")


def test_a_declined_subscription_leaves_nothing_behind(
    stand_in: StripeStandIn, client: StripeClient, customer: str, monthly_prices: tuple[str, str], inbox: Inbox
) -> None:
    session = subscribe(client, customer, monthly_prices[0])

    with pytest.raises(CardRefusal):
        stand_in.control.pay_session(session.id, card="4000000000000341")
    inbox.wait_for("payment_intent.payment_failed")
    assert client.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []
    stand_in.control.pay_session(session.id)
    stand_in.control.wait_until_sent()

    [subscription] = client.v1.subscriptions.list({"customer": customer}).data
    assert subscription.status == "active"
    told = ["payment_intent.succeeded", "customer.subscription.created", "invoice.paid", "checkout.session.completed"]
    assert [one for one in inbox.types if one in told] == told


def test_what_costs_nothing_needs_no_payment(stand_in: StripeStandIn, client: StripeClient, customer: str) -> None:
    free = {"currency": "usd", "unit_amount": 0, "product_data": {"name": "10 credits"}}
    session = open_session(client, customer, line_items=[{"quantity": 1, "price_data": free}])

    stand_in.control.pay_session(session.id)

    session = client.v1.checkout.sessions.retrieve(session.id)
    assert (session.payment_status, session.payment_intent) == ("no_payment_required", None)


def test_a_subscription_without_checkout_may_stay_incomplete(
    stand_in: StripeStandIn, client: StripeClient, customer: str, monthly_prices: tuple[str, str]
) -> None:
    def begin(card: str) -> str:
        method = client.v1.payment_methods.attach(card, {"customer": customer}).id
        items = [{"price": monthly_prices[0]}]
        return client.v1.subscriptions.create(
            {"customer": customer, "items": items, "default_payment_method": method}  # type: ignore[typeddict-item]
        ).status

    assert begin("pm_card_visa") == "active"
    assert begin("pm_card_chargeCustomerFail") == "incomplete"
    with pytest.raises(stripe.InvalidRequestError, match="attached to the customer"):
        client.v1.customers.update(
            customer, {"invoice_settings": {"default_payment_method": _unsaved_card(stand_in, client)}}
        )


def _unsaved_card(stand_in: StripeStandIn, client: StripeClient) -> str:
    client.v1.payment_intents.create(
        {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    )
    return str(stand_in.control.objects("payment_method")[0]["id"])


def test_the_portal_opens_for_one_task(client: StripeClient, customer: str) -> None:
    portal = client.v1.billing_portal.sessions.create(
        {"customer": customer, "return_url": "http://127.0.0.1/", "flow_data": {"type": "payment_method_update"}}
    )

    assert portal.flow is not None
    assert (portal.flow.type, portal.flow.after_completion.type) == ("payment_method_update", "portal_homepage")
