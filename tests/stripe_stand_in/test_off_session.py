"""Cards charged while their person is away: what the SDK raises, and what is left behind."""

import pytest
import stripe
from stripe import PaymentIntent, StripeClient

from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.buying import open_session
from tests.stripe_stand_in.seller import Inbox


@pytest.fixture
def saved_card(stand_in: StripeStandIn, client: StripeClient, customer: str) -> str:
    session = open_session(client, customer)
    stand_in.control.pay_session(session.id)
    return client.v1.customers.payment_methods.list(customer).data[0].id


def _recharge(client: StripeClient, customer: str, card: str) -> PaymentIntent:
    return client.v1.payment_intents.create(
        {
            "amount": 1500,
            "currency": "usd",
            "customer": customer,
            "payment_method": card,
            "off_session": True,
            "confirm": True,
        }
    )


def test_a_saved_card_is_charged(client: StripeClient, customer: str, saved_card: str) -> None:
    intent = _recharge(client, customer, saved_card)

    assert (intent.status, intent.amount_received) == ("succeeded", 1500)
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.paid, charge.payment_method_details.card.last4) == (True, "4242")
    moved = client.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (moved.amount, moved.net) == (1500, 1500 - moved.fee)


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("4000000000000341", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", None),
        ("4000002760003184", "authentication_required", "authentication_required"),
    ],
)
def test_a_no_is_raised_as_a_card_error_with_its_intent(
    stand_in: StripeStandIn,
    client: StripeClient,
    customer: str,
    saved_card: str,
    inbox: Inbox,
    card: str,
    code: str,
    decline_code: str | None,
) -> None:
    stand_in.control.change_bank_mind(saved_card, card=card)

    with pytest.raises(stripe.CardError) as raised:
        _recharge(client, customer, saved_card)

    error = raised.value
    assert (error.http_status, error.code, error.error.decline_code) == (402, code, decline_code)
    assert error.error.payment_intent.status == "requires_payment_method"
    stored = client.v1.payment_intents.retrieve(error.error.payment_intent.id)
    assert stored.last_payment_error.code == code
    assert stored.last_payment_error.payment_method.id == saved_card
    assert inbox.wait_for("payment_intent.payment_failed")["data"]["object"]["id"] == stored.id


def test_a_card_set_up_once_needs_its_person_no_more(
    stand_in: StripeStandIn, client: StripeClient, customer: str
) -> None:
    session = open_session(client, customer)
    stand_in.control.pay_session(session.id, card="4000002500003155")
    saved = client.v1.customers.payment_methods.list(customer).data[0].id

    assert _recharge(client, customer, saved).status == "succeeded"


@pytest.mark.parametrize(("agreed", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_with_the_person_there_the_bank_asks_first(
    stand_in: StripeStandIn, client: StripeClient, customer: str, agreed: bool, status: str
) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 1500,
            "currency": "usd",
            "customer": customer,
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
            "return_url": "http://127.0.0.1/back",
        }
    )
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")

    try:
        stand_in.control.authenticate(intent.id, agreed=agreed)
    except Exception as refusal:
        assert not agreed, refusal

    assert client.v1.payment_intents.retrieve(intent.id).status == status


def test_an_intent_is_confirmed_later_or_canceled(client: StripeClient, customer: str) -> None:
    confirmed, canceled = (
        client.v1.payment_intents.create({"amount": 500, "currency": "usd", "customer": customer}) for _ in range(2)
    )

    client.v1.payment_intents.confirm(confirmed.id, {"payment_method": "pm_card_visa"})
    client.v1.payment_intents.cancel(canceled.id, {"cancellation_reason": "abandoned"})

    assert client.v1.payment_intents.retrieve(confirmed.id).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.payment_intents.confirm(canceled.id, {"payment_method": "pm_card_visa"})
    assert raised.value.code == "payment_intent_unexpected_state"


def test_a_card_that_was_let_go_cannot_be_used_again(client: StripeClient, customer: str, saved_card: str) -> None:
    client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": saved_card}})

    client.v1.payment_methods.detach(saved_card)

    assert client.v1.customers.payment_methods.list(customer).data == []
    assert client.v1.customers.retrieve(customer).invoice_settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        _recharge(client, customer, saved_card)


def test_a_card_is_saved_by_a_setup_intent(client: StripeClient, customer: str) -> None:
    intent = client.v1.setup_intents.create({"customer": customer, "payment_method": "pm_card_visa", "confirm": True})

    assert intent.status == "succeeded"
    assert _recharge(client, customer, str(intent.payment_method)).status == "succeeded"
    with pytest.raises(stripe.CardError):
        client.v1.setup_intents.create(
            {"customer": customer, "payment_method": "pm_card_chargeDeclined", "confirm": True}
        )
