"""Money that goes back: by the seller's will, or by the bank's."""

import pytest
import stripe
from stripe import StripeClient

from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.errors import Refusal
from tests.stripe_stand_in.seller import Inbox


@pytest.fixture
def intent(client: StripeClient, customer: str) -> str:
    return client.v1.payment_intents.create(
        {"amount": 1500, "currency": "usd", "customer": customer, "payment_method": "pm_card_visa", "confirm": True}
    ).id


@pytest.fixture
def charge(client: StripeClient, intent: str) -> str:
    return str(client.v1.payment_intents.retrieve(intent).latest_charge)


def test_partial_refunds_add_up(
    stand_in: StripeStandIn, client: StripeClient, intent: str, charge: str, inbox: Inbox
) -> None:
    for amount in (500, 300, 700):
        client.v1.refunds.create({"payment_intent": intent, "amount": amount, "reason": "requested_by_customer"})
    stand_in.control.wait_until_sent()

    told = [event["data"] for event in stand_in.control.objects("event") if event["type"] == "charge.refunded"]
    assert [one["object"]["amount_refunded"] for one in told] == [1500, 800, 500]
    assert told[0]["previous_attributes"] == {"amount_refunded": 800, "refunded": False}
    assert inbox.types.count("charge.refunded") == 3
    assert client.v1.charges.retrieve(charge).refunded is True
    expanded = client.v1.charges.retrieve(charge, {"expand": ["refunds"]})
    assert [refund.amount for refund in expanded.refunds.data] == [700, 300, 500]


def test_no_more_is_given_back_than_was_taken(client: StripeClient, intent: str, charge: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"charge": charge, "amount": 1501})
    client.v1.refunds.create({"charge": charge})
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"payment_intent": intent})
    assert raised.value.code == "charge_already_refunded"


@pytest.mark.parametrize(
    ("outcome", "types", "balance"),
    [
        ("won", ["created", "funds_withdrawn", "funds_reinstated", "closed"], -1500),
        ("lost", ["created", "funds_withdrawn", "closed"], -3000),
    ],
)
def test_a_dispute_takes_and_may_give_back(
    stand_in: StripeStandIn,
    client: StripeClient,
    charge: str,
    inbox: Inbox,
    outcome: str,
    types: list[str],
    balance: int,
) -> None:
    dispute = stand_in.control.open_dispute(charge)["id"]
    assert client.v1.charges.retrieve(charge).disputed is True
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.refunds.create({"charge": charge})
    assert raised.value.code == "charge_disputed"

    stand_in.control.settle_dispute(dispute, outcome=outcome)  # type: ignore[arg-type]
    stand_in.control.wait_until_sent()

    assert inbox.types == [f"charge.dispute.{one}" for one in types]
    stored = client.v1.disputes.retrieve(dispute)
    assert stored.status == outcome
    assert sum(moved.net for moved in stored.balance_transactions) == balance
    with pytest.raises(Refusal, match="already closed"):
        stand_in.control.settle_dispute(dispute, outcome="lost")


def test_an_inquiry_takes_nothing_and_may_become_a_dispute(
    stand_in: StripeStandIn, client: StripeClient, charge: str, inbox: Inbox
) -> None:
    asked = stand_in.control.open_dispute(charge, is_inquiry=True)["id"]
    stand_in.control.settle_dispute(asked, outcome="warning_closed")
    stand_in.control.wait_until_sent()
    assert inbox.types == ["charge.dispute.created", "charge.dispute.closed"]
    assert client.v1.disputes.retrieve(asked).balance_transactions == []

    again = stand_in.control.open_dispute(charge, is_inquiry=True)["id"]
    stand_in.control.escalate_dispute(again)
    stand_in.control.wait_until_sent()

    assert inbox.types[3:] == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]


def test_a_seller_may_answer_or_accept(client: StripeClient, stand_in: StripeStandIn, charge: str) -> None:
    dispute = stand_in.control.open_dispute(charge)["id"]

    answered = client.v1.disputes.update(dispute, {"evidence": {"product_description": "100 credits"}, "submit": True})
    accepted = client.v1.disputes.close(dispute)

    assert (answered.status, answered.evidence_details.has_evidence) == ("under_review", True)
    assert accepted.status == "lost"


def test_some_cards_are_disputed_at_once(stand_in: StripeStandIn, client: StripeClient, customer: str) -> None:
    client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "usd",
            "customer": customer,
            "payment_method": "pm_card_createDispute",
            "confirm": True,
        }
    )

    disputes = client.v1.disputes.list().data

    assert [(dispute.amount, dispute.status) for dispute in disputes] == [(900, "needs_response")]
