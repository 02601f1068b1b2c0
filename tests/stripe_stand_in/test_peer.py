"""The same flows against the stand-in and against `localstripe`, which nobody here wrote: both must behave alike."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
import stripe
from stripe import PaymentIntent, StripeClient

from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.peer import running_localstripe
from tests.stripe_stand_in.seller import SECRET, Inbox, client_for


@dataclass
class Either:
    """One of the two, seen through the SDK and its webhooks."""

    client: StripeClient
    inbox: Inbox

    def customer_with(self, number: str) -> tuple[str, str]:
        """Return a customer and the card saved with it."""
        card = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}
        customer = self.client.v1.customers.create({"email": "alice@example.com"}).id
        method = self.client.v1.payment_methods.create({"type": "card", "card": card})  # type: ignore[typeddict-item]
        self.client.v1.payment_methods.attach(method.id, {"customer": customer})
        return customer, method.id

    def charge(self, customer: str, method: str) -> PaymentIntent:
        return self.client.v1.payment_intents.create(
            {
                "amount": 1500,
                "currency": "usd",
                "customer": customer,
                "payment_method": method,
                "off_session": True,
                "confirm": True,
                "metadata": {"order": "1"},
            }
        )


@pytest.fixture(scope="module")
def localstripe() -> Iterator[str]:
    with running_localstripe() as url:
        yield url


@pytest.fixture(params=["stand-in", "localstripe"])
def either(request: pytest.FixtureRequest) -> Iterator[Either]:
    with Inbox() as inbox:
        if request.param == "localstripe":
            url = request.getfixturevalue("localstripe")
            told = requests.post(f"{url}/_config/webhooks/test", json={"url": inbox.url, "secret": SECRET}, timeout=5)
            assert told.status_code == 200
            yield Either(client_for(url), inbox)
        else:
            with StripeStandIn() as stand_in:
                stand_in.control.add_endpoint(inbox.url, SECRET)
                yield Either(client_for(stand_in.url), inbox)
                stand_in.check_honest()


def test_a_charge_off_session(either: Either) -> None:
    customer, method = either.customer_with("4242424242424242")

    intent = either.charge(customer, method)

    assert (intent.status, intent.amount, intent.currency, intent.customer) == ("succeeded", 1500, "usd", customer)
    assert intent.metadata["order"] == "1"
    [charge] = either.client.v1.charges.list({"customer": customer}).data
    assert (charge.paid, charge.status, charge.amount, charge.captured) == (True, "succeeded", 1500, True)
    assert (charge.payment_intent, charge.payment_method, charge.refunded) == (intent.id, method, False)


def test_a_card_that_is_declined_when_charged(either: Either) -> None:
    customer, method = either.customer_with("4000000000000341")

    with pytest.raises(stripe.CardError) as raised:
        either.charge(customer, method)

    error = raised.value
    assert (error.http_status, error.code) == (402, "card_declined")
    intents = either.client.v1.payment_intents.list().data
    [intent] = [intent for intent in intents if intent.customer == customer]
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", "card_declined")
    [charge] = either.client.v1.charges.list({"customer": customer}).data
    assert (charge.status, charge.paid) == ("failed", False)
    with pytest.raises(stripe.InvalidRequestError):
        either.client.v1.refunds.create({"payment_intent": intent.id})
    either.inbox.wait_for("payment_intent.payment_failed", about=intent.id)


def test_a_card_that_cannot_be_saved(either: Either) -> None:
    with pytest.raises(stripe.CardError) as raised:
        either.customer_with("4000000000000002")

    assert (raised.value.http_status, raised.value.code) == (402, "card_declined")


@pytest.mark.parametrize("by", ["payment_intent", "charge"])
def test_a_refund_in_parts(either: Either, by: str) -> None:
    customer, method = either.customer_with("4242424242424242")
    intent = either.charge(customer, method)
    [charge] = either.client.v1.charges.list({"customer": customer}).data
    named = {by: intent.id if by == "payment_intent" else charge.id}

    first = either.client.v1.refunds.create({**named, "amount": 500})  # type: ignore[typeddict-item]
    [charge] = either.client.v1.charges.list({"customer": customer}).data
    assert (first.amount, first.charge, first.status) == (500, charge.id, "succeeded")
    assert (charge.amount_refunded, charge.refunded) == (500, False)

    either.client.v1.refunds.create({**named, "amount": 1000})  # type: ignore[typeddict-item]
    [charge] = either.client.v1.charges.list({"customer": customer}).data
    assert (charge.amount_refunded, charge.refunded) == (1500, True)
    found = either.client.v1.refunds.list({"charge": charge.id}).data
    assert sorted(refund.amount for refund in found) == [500, 1000]


def test_events_are_signed_and_told(either: Either) -> None:
    customer, method = either.customer_with("4242424242424242")
    intent = either.charge(customer, method)

    either.inbox.wait_for("payment_intent.succeeded", about=intent.id)
    for payload, header in either.inbox.received:
        assert stripe.Webhook.construct_event(payload, header, SECRET).object == "event"
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(payload, header, "whsec_other")
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(payload + b" ", header, SECRET)


def test_what_is_missing(either: Either) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        either.client.v1.payment_intents.retrieve("pi_unknown")

    assert raised.value.http_status == 404


def test_a_saved_card_is_set_up_and_let_go(either: Either) -> None:
    customer, method = either.customer_with("4242424242424242")

    intent = either.client.v1.setup_intents.create({"customer": customer})
    intent = either.client.v1.setup_intents.confirm(intent.id, {"payment_method": method})

    assert (intent.status, intent.payment_method) == ("succeeded", method)
    found = either.client.v1.payment_methods.list({"customer": customer, "type": "card"}).data
    assert [card.card.last4 for card in found] == ["4242"]
    either.client.v1.payment_methods.detach(method)
    assert either.client.v1.payment_methods.retrieve(method).customer is None


def test_a_key_that_is_none(either: Either) -> None:
    stranger = StripeClient("nonsense", base_addresses={"api": either.client._requestor.base_addresses["api"]})

    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.customers.list()
