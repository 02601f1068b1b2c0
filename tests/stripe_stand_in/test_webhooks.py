"""The webhook sender: what it signs verifies, and it misbehaves on order."""

import json
import time

import pytest
import stripe
from stripe import StripeClient

from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.seller import SECRET, Inbox
from tests.stripe_stand_in.webhook_sender import signature


def _make_customers(client: StripeClient, count: int) -> list[str]:
    return [client.v1.customers.create({"name": str(number)}).id for number in range(count)]


def _names(inbox: Inbox) -> list[str]:
    return [json.loads(payload)["data"]["object"]["name"] for payload, _ in inbox.received]


def test_what_it_signs_is_accepted_by_the_sdk(client: StripeClient, inbox: Inbox) -> None:
    [customer] = _make_customers(client, 1)
    inbox.wait_for("customer.created")
    [(payload, header)] = inbox.received

    event = stripe.Webhook.construct_event(payload, header, SECRET)

    assert (event.type, event.data.object.id) == ("customer.created", customer)
    assert event.api_version == stripe.api_version
    for wrong in ("whsec_other", SECRET + " "):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(payload, header, wrong)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload.replace(b'"livemode": false', b'"livemode": true '), header, SECRET)


def test_secrets_that_rotate_sign_together() -> None:
    header = signature("{}", ["whsec_new", "whsec_old"], stamp=int(time.time()))

    for secret in ("whsec_new", "whsec_old"):
        assert stripe.WebhookSignature.verify_header("{}", header, secret, tolerance=300)


def test_events_can_be_held_and_sent_in_any_order(stand_in: StripeStandIn, client: StripeClient, inbox: Inbox) -> None:
    stand_in.control.hold_webhooks()
    _make_customers(client, 3)
    assert inbox.received == []

    stand_in.control.release_webhooks(lambda waiting: [*reversed(waiting), waiting[0]])

    assert _names(inbox) == ["2", "1", "0", "0"]


def test_events_can_be_shuffled_the_same_way_again(stand_in: StripeStandIn, client: StripeClient, inbox: Inbox) -> None:
    orders = []
    for _ in range(2):
        stand_in.control.hold_webhooks()
        _make_customers(client, 5)
        stand_in.control.send_shuffled(seed=3)
        orders.append(_names(inbox))
        inbox.received.clear()

    assert orders[0] == orders[1]
    assert sorted(orders[0]) == ["0", "1", "2", "3", "4"] != orders[0]


def test_events_can_be_doubled_delayed_and_lost(stand_in: StripeStandIn, client: StripeClient, inbox: Inbox) -> None:
    stand_in.control.duplicate_next("customer.created", copies=3)
    _make_customers(client, 1)
    stand_in.control.delay_next("customer.created")
    stand_in.control.drop_next("customer.deleted")
    delayed = client.v1.customers.create({"name": "late"}).id
    client.v1.customers.delete(delayed)
    stand_in.control.wait_until_sent()
    assert _names(inbox) == ["0"] * 3

    stand_in.control.send_waiting()
    assert _names(inbox)[3:] == ["late"]

    [lost] = [delivery for delivery in stand_in.control.deliveries() if not delivery.statuses]
    stand_in.control.resend(lost.event_id)
    assert inbox.types[4:] == ["customer.deleted"]


def test_what_is_not_accepted_is_sent_again(stand_in: StripeStandIn, client: StripeClient, inbox: Inbox) -> None:
    inbox.statuses = [500, 301]
    _make_customers(client, 1)
    stand_in.control.wait_until_sent()

    stand_in.control.retry_failed()
    stand_in.control.retry_failed()
    assert stand_in.control.retry_failed() == []

    assert [delivery.statuses for delivery in stand_in.control.deliveries()] == [[500, 301, 200]]
    assert len({payload for payload, _ in inbox.received}) == 1


def test_an_endpoint_that_is_gone_is_noted(stand_in: StripeStandIn, client: StripeClient) -> None:
    stand_in.control.add_endpoint("http://127.0.0.1:9/nobody", SECRET, types=["customer.created"])
    [customer] = _make_customers(client, 1)
    client.v1.customers.update(customer, {"name": "other"})
    stand_in.control.wait_until_sent()

    assert [(one.event_type, one.statuses) for one in stand_in.control.deliveries()] == [("customer.created", [0])]


def test_events_can_be_listed_and_fetched(client: StripeClient) -> None:
    [customer] = _make_customers(client, 1)
    client.v1.customers.update(customer, {"name": "other"})

    updated, created = client.v1.events.list({"types": ["customer.created", "customer.updated"]}).data

    assert created.data.object.name == "0", "an event keeps the object as it was"
    assert updated.data.previous_attributes.to_dict() == {"name": "0"}
    assert client.v1.events.retrieve(created.id).type == "customer.created"
    assert client.v1.events.list({"type": "customer.deleted"}).data == []
