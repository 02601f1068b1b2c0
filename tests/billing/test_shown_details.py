"""What is shown of a customer's cards and invoices: what Stripe says, and what we know of the money since."""

from datetime import UTC, datetime

import pytest

from billing.models import CreditAccount
from billing.shown_invoices import shown
from billing.stripe_objects import read_customer
from billing.subscription_models import PlanInvoice
from tests.billing.plan_fakes import invoice_of, make_plan, make_subscription, subscription_of, terms_of
from tests.billing.stripe_fakes import CREATED
from tests.billing.test_plan_invoices import tell
from tests.factories import make_order, make_pack

pytestmark = pytest.mark.django_db


def card(method_id, fingerprint, *, last4="4242", year=2030):
    looks = {"brand": "visa", "last4": last4, "exp_month": 4, "exp_year": year}
    return {"id": method_id, "card": {**looks, "fingerprint": fingerprint}}


def invoice(status, *, total=1000, returned=0, intent=None, invoice_id="in_1"):
    """Return an invoice as the page gets it from Stripe."""
    payments = [{"payment": {"type": "payment_intent", "payment_intent": intent}}] if intent else []
    told = {
        "id": invoice_id,
        "number": "N-1",
        "status": status,
        "total": total,
        "post_payment_credit_notes_amount": returned,
        "currency": "eur",
        "created": CREATED,
        "hosted_invoice_url": "https://pay.example.com/in_1",
        "payments": {"object": "list", "data": payments},
    }
    return read_customer({}, [], [told]).invoices[0]


def state_of(told):
    [one] = shown([told])
    return one.state


@pytest.mark.parametrize(
    ("status", "words"),
    [("open", "not paid yet"), ("uncollectible", "not paid yet"), ("void", "no longer owed"), ("paid", "paid")],
)
def test_each_of_stripe_s_states_has_words(status, words):
    [one] = shown([invoice(status)])

    assert one.get_state_display == words


@pytest.mark.parametrize(("returned", "state"), [(0, "paid"), (999, "partly_refunded"), (1000, "refunded")])
def test_credit_notes_say_what_was_returned(returned, state):
    assert state_of(invoice("paid", returned=returned)) == state


@pytest.mark.parametrize("state", ["paid", "partly_refunded", "refunded", "disputed", "charged_back"])
def test_of_a_plan_s_invoice_we_know_where_its_money_went(alice, selling, state):
    subscription = make_subscription(alice.organization, terms_of(make_plan()))
    tell("customer.subscription.created", subscription_of(subscription))
    tell("invoice.paid", invoice_of(subscription))
    ours = PlanInvoice.objects.get()
    PlanInvoice.objects.update(state=state)

    assert state_of(invoice("paid", invoice_id=ours.invoice_id)) == state
    assert state_of(invoice("void", invoice_id=ours.invoice_id)) == "void"


def test_a_plan_s_invoice_whose_payment_failed_says_so_until_it_is_paid(alice, selling):
    subscription = make_subscription(alice.organization, terms_of(make_plan()))
    failed = {"invoice_id": "in_1", "livemode": False, "state": "failed", "failed_at": datetime.now(UTC)}
    PlanInvoice.objects.create(subscription=subscription, **failed)

    assert state_of(invoice("open")) == "failed"
    assert state_of(invoice("paid")) == "paid"


def test_of_a_pack_s_invoice_we_know_it_by_its_payment(alice):
    shop = CreditAccount.objects.get().organization
    PlanInvoice.objects.create(invoice_id="in_1", livemode=False, payment_intent_id="pi_1")  # its payment was told
    make_order(shop, make_pack(), state="refunded", payment_intent_id="pi_1", paid_at=datetime.now(UTC))

    assert state_of(invoice("paid", intent="pi_1")) == "refunded"
    assert state_of(invoice("paid", intent="pi_2")) == "paid"


def test_a_card_that_was_saved_twice_is_one():
    """By its number, which its fingerprint stands for, or by all that a person sees of it."""
    customer = {"invoice_settings": {"default_payment_method": "pm_3"}}
    new, same, first = card("pm_1", "a", year=2031), card("pm_2", None), card("pm_3", "a")
    other, bank = card("pm_4", "b", last4="1111"), {"id": "pm_5"}
    cards = read_customer(customer, [new, same, first, other, bank], []).cards

    assert [(card.last_four, card.year, card.is_default) for card in cards] == [
        ("4242", 2030, True),
        ("1111", 2030, False),
    ]
