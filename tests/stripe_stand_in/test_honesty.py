"""What keeps the stand-in from drifting into fiction, each guard shown to bite."""

import copy

import pytest
import stripe
from stripe import StripeClient

from tests.stripe_stand_in import StripeStandIn, response_check
from tests.stripe_stand_in.buying import open_session, subscribe
from tests.stripe_stand_in.request_check import checked
from tests.stripe_stand_in.response_check import Fiction
from tests.stripe_stand_in.routes import ROUTES
from tests.stripe_stand_in.seller import client_for
from tests.stripe_stand_in.shapes import Object


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"line_items": [{"quantity": "many", "price": "price_1"}]}, r"line_items\[0\]\[quantity\]"),
        ({"line_items": [{"amount": 5, "quantity": 1}]}, r"line_items\[0\]\[amount\]: Extra inputs"),
        ({"mode": "donation"}, "mode"),
        ({"payment_intent_data": {"setup_future_usage": "sometimes"}}, r"setup_future_usage"),
        ({"allow_promotion_codes": True}, "would ignore 'allow_promotion_codes'"),
        ({"payment_intent_data": {"transfer_group": "a"}}, r"would ignore payment_intent_data\[transfer_group\]"),
    ],
)
def test_a_request_that_the_sdk_does_not_know_is_refused_and_remembered(
    dishonest_stand_in: StripeStandIn, changes: dict[str, object], message: str
) -> None:
    client = client_for(dishonest_stand_in.url)
    customer = client.v1.customers.create().id

    with pytest.raises(stripe.InvalidRequestError, match=message):
        open_session(client, customer, **changes)

    [violation] = dishonest_stand_in.api.violations
    assert violation.startswith("POST /v1/checkout/sessions: ")
    with pytest.raises(AssertionError):
        dishonest_stand_in.check_honest()


def test_an_unknown_call_is_refused_and_remembered(dishonest_stand_in: StripeStandIn) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        client_for(dishonest_stand_in.url).v1.coupons.list()

    assert len(dishonest_stand_in.api.violations) == 1


def test_another_api_version_is_refused(dishonest_stand_in: StripeStandIn) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="speaks"):
        client_for(dishonest_stand_in.url).v1.customers.list({}, {"stripe_version": "2020-08-27"})

    assert len(dishonest_stand_in.api.violations) == 1


def test_text_from_the_wire_gets_its_type() -> None:
    sent = {"amount": "500", "payment_intent": "pi_1", "refund_application_fee": "true", "metadata": {"order": "7"}}

    typed = checked(sent, stripe.params.RefundCreateParams, heeded=frozenset(sent))

    assert (typed["amount"], typed["refund_application_fee"], typed["metadata"]) == (500, True, {"order": "7"})


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_call_names_parameters_that_the_sdk_has(route: object) -> None:
    assert route.heeded - {"expand"} <= set(route.allowed.__annotations__)  # type: ignore[attr-defined]


@pytest.fixture
def world(
    stand_in: StripeStandIn, client: StripeClient, customer: str, monthly_prices: tuple[str, str]
) -> StripeStandIn:
    """A stand-in in which much has happened."""
    paid = open_session(client, customer, invoice_creation={"enabled": True})
    stand_in.control.pay_session(paid.id)
    intent = str(client.v1.checkout.sessions.retrieve(paid.id).payment_intent)
    client.v1.refunds.create({"payment_intent": intent, "amount": 100})
    dispute = stand_in.control.open_dispute(str(client.v1.payment_intents.retrieve(intent).latest_charge))
    stand_in.control.settle_dispute(dispute["id"], outcome="won")
    stand_in.control.delay_session(open_session(client, customer).id)
    stand_in.control.pay_session(subscribe(client, customer, monthly_prices[0]).id)
    client.v1.billing_portal.sessions.create({"customer": customer, "return_url": "http://127.0.0.1/"})
    client.v1.customers.tax_ids.create(customer, {"type": "eu_vat", "value": "DE123456789"})
    setup = open_session(client, customer, mode="setup", line_items=None, payment_intent_data=None, currency="usd")
    stand_in.control.pay_session(setup.id)
    stand_in.control.advance(days=32)
    return stand_in


def test_all_that_it_knows_is_in_stripes_words(world: StripeStandIn) -> None:
    kinds = set()
    for stored in world.api.storage.each():
        response_check.check(stored)
        kinds.add(stored["object"])

    assert len(kinds) == 18, kinds


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("invoice", {"subscription": "sub_1"}, "Invoice has no 'subscription'"),
        ("subscription", {"current_period_end": 1}, "Subscription has no 'current_period_end'"),
        ("payment_intent", {"charges": []}, "PaymentIntent has no 'charges'"),
        ("charge", {"invoice": None}, "Charge has no 'invoice'"),
        ("payment_intent", {"status": "paid"}, "'paid' is none of"),
        ("checkout.session", {"amount_total": "1500"}, "'1500' is not"),
        ("checkout.session", {"expires_at": None}, "may not be null"),
        ("charge", {"outcome": {"type": "authorized", "mood": "good"}}, "Outcome has no 'mood'"),
        ("refund", {"object": "money_back"}, "no class for object 'money_back'"),
        ("event", {"type": "charge.returned"}, "'charge.returned' is none of"),
    ],
)
def test_an_answer_in_other_words_is_caught(world: StripeStandIn, kind: str, change: Object, message: str) -> None:
    honest = copy.deepcopy(world.control.objects(kind)[0])
    response_check.check(honest)

    with pytest.raises(Fiction, match=message):
        response_check.check({**honest, **change})


def test_an_answer_that_lacks_a_key_is_caught(world: StripeStandIn) -> None:
    partial = copy.deepcopy(world.control.objects("charge")[0])
    del partial["amount_refunded"]

    with pytest.raises(Fiction, match="Charge lacks 'amount_refunded'"):
        response_check.check(partial)


def test_fiction_over_the_wire_fails_the_test(dishonest_stand_in: StripeStandIn) -> None:
    client = client_for(dishonest_stand_in.url)
    customer = client.v1.customers.create().id
    dishonest_stand_in.api.storage.get("customer", customer)["loyalty"] = "gold"

    with pytest.raises(stripe.APIError, match="Customer has no 'loyalty'"):
        client.v1.customers.retrieve(customer)

    assert "loyalty" in dishonest_stand_in.api.violations[0]
