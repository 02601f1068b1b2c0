"""What an operator enters is bounded where it is entered and in the tables, before money arrives for it."""

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from billing.bounds import LARGEST_MOVEMENT, LARGEST_PRICE, LONGEST_TERM_DAYS, MOST_RECHARGES_A_MONTH
from billing.models import CreditAccount, Plan
from billing.order_models import Order, Pack, PackPrice, PlanPrice
from billing.recharge_models import RechargeConsent
from billing.refund_models import RefundRequest
from billing.subscription_models import PlanInvoice, PlanTerms
from tests.billing.plan_fakes import make_plan, make_subscription, terms_of
from tests.factories import make_staff

pytestmark = pytest.mark.django_db
FORMSET = {"prices-TOTAL_FORMS": 0, "prices-INITIAL_FORMS": 0, "prices-MIN_NUM_FORMS": 0, "prices-MAX_NUM_FORMS": 10}


@pytest.fixture
def sam(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


@pytest.fixture
def rows(order):
    """One row of each table whose numbers count when money arrives."""
    terms = terms_of(make_plan())
    subscription = make_subscription(order.organization, terms)
    PlanInvoice.objects.create(invoice_id="in_1", livemode=False, subscription=subscription)
    return order


BOUNDS = [
    (Pack, "credits", LARGEST_MOVEMENT),
    (Pack, "expires_after_days", LONGEST_TERM_DAYS),
    (PackPrice, "amount", LARGEST_PRICE),
    (PlanPrice, "amount", LARGEST_PRICE),
    (Plan, "monthly_credits", LARGEST_MOVEMENT),
    (PlanTerms, "credits", LARGEST_MOVEMENT),
    (PlanTerms, "amount", LARGEST_PRICE),
    (PlanInvoice, "credits", LARGEST_MOVEMENT),
    (Order, "credits", LARGEST_MOVEMENT),
    (Order, "amount", LARGEST_PRICE),
    (Order, "expires_after_days", LONGEST_TERM_DAYS),
    (CreditAccount, "low_credit_threshold", LARGEST_MOVEMENT),
    (CreditAccount, "auto_recharge_threshold", LARGEST_MOVEMENT),
]


@pytest.mark.parametrize(("model", "field", "most"), BOUNDS)
def test_the_table_takes_the_bound_and_nothing_above(rows, model, field, most):
    assert model.objects.update(**{field: most}) > 0
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**{field: most + 1})


CONSENT_BOUNDS = {
    "threshold": LARGEST_MOVEMENT,
    "credits": LARGEST_MOVEMENT,
    "amount": LARGEST_PRICE,
    "most_per_month": MOST_RECHARGES_A_MONTH,
    "expires_after_days": LONGEST_TERM_DAYS,
}


@pytest.mark.parametrize("field", CONSENT_BOUNDS)
def test_a_consent_is_bounded(order, sam, field):
    facts = {
        **{"organization": order.organization, "actor": sam, "livemode": False, "version": "1", "language": "en"},
        **{"text": "I agree.", "pack": order.pack, "pack_name": "Pack", "currency": "eur", **CONSENT_BOUNDS},
    }
    RechargeConsent.objects.create(**facts, click_token=uuid.uuid4())
    with pytest.raises(IntegrityError), transaction.atomic():
        RechargeConsent.objects.create(**{**facts, field: facts[field] + 1}, click_token=uuid.uuid4())


def test_a_refund_is_bounded(order, sam):
    facts = {"order": order, "actor": sam, "reason": "A test."}
    RefundRequest.objects.create(**facts, amount=LARGEST_PRICE)
    with pytest.raises(IntegrityError), transaction.atomic():
        RefundRequest.objects.create(**facts, amount=LARGEST_PRICE + 1)


@pytest.mark.parametrize(("above", "saved"), [(0, True), (1, False)])
@pytest.mark.parametrize(("field", "most"), [("credits", LARGEST_MOVEMENT), ("expires_after_days", LONGEST_TERM_DAYS)])
def test_the_form_of_a_pack_is_bounded(client, sam, field, most, above, saved):
    """Finding 18: a pack of 5,000,000 days was sold, and its credits could not be given."""
    fields = {"name": "Many", "credits": 100, "is_active": "on", **FORMSET, field: most + above}
    answer = client.post(reverse("admin:billing_pack_add"), fields)

    assert (answer.status_code == 302) is Pack.objects.exists() is saved
    assert saved or f"less than or equal to {most}" in answer.content.decode()


@pytest.mark.parametrize(("above", "saved"), [(0, True), (1, False)])
def test_the_form_of_a_plan_is_bounded(client, sam, above, saved):
    fields = {
        **{"slug": "big", "name": "Big", "requests_per_minute": 1, "requests_per_second": 1, "max_concurrency": 1},
        **{"megapixels_per_minute": 1, "rollover": "none", "monthly_credits": LARGEST_MOVEMENT + above, **FORMSET},
    }
    answer = client.post(reverse("admin:billing_plan_add"), fields)

    assert (answer.status_code == 302) is Plan.objects.filter(slug="big").exists() is saved


@pytest.mark.parametrize(("above", "saved"), [(0, True), (1, False)])
def test_the_form_of_an_account_is_bounded(client, sam, alice, above, saved):
    threshold = LARGEST_MOVEMENT + above
    fields = {"plan": alice.plan_id, "low_credit_threshold": threshold}
    client.post(reverse("admin:billing_creditaccount_change", args=[alice.pk]), fields)

    alice.refresh_from_db()
    assert (alice.low_credit_threshold == threshold) is saved


@pytest.mark.parametrize(
    ("cents", "saved"), [(49, False), (50, True), (LARGEST_PRICE, True), (LARGEST_PRICE + 1, False)]
)
@pytest.mark.parametrize("kind", ["pack", "plan"])
def test_a_price_is_what_stripe_charges(client, sam, kind, cents, saved):
    thing = Plan.objects.get(is_default=True) if kind == "plan" else Pack.objects.create(name="Many", credits=1)
    price = {
        **{"prices-0-currency": "eur", "prices-0-price": f"{cents // 100}.{cents % 100:02}", "prices-0-id": ""},
        f"prices-0-{kind}": thing.pk,
    }
    fields = {**FORMSET, "prices-TOTAL_FORMS": 1, **price}
    for field in type(thing)._meta.fields:
        value = getattr(thing, field.name)
        if field.editable and not field.primary_key and value is not None and value is not False:
            fields[field.name] = "on" if value is True else value
    answer = client.post(reverse(f"admin:billing_{kind}_change", args=[thing.pk]), fields)

    assert (answer.status_code == 302) is saved, answer.content.decode()
    assert list(thing.prices.values_list("amount", flat=True)) == ([cents] if saved else [])
