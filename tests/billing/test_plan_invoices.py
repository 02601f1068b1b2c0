"""What an invoice of a plan brings, and what is refused because it was not agreed."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from billing import audit, event_subjects, expiry, ledger, plan_invoices, subscriptions, webhooks
from billing.models import CreditAccount, EntryKind, LedgerEntry, Plan
from billing.order_models import Payment, StripeEvent
from billing.plan_errors import PlanDisagrees
from billing.stripe_objects import read_event
from billing.stripe_plan_objects import read_invoice
from billing.subscription_models import PlanChange, PlanInvoice, Subscription
from tests.billing.plan_fakes import (
    DAY,
    MONTH,
    invoice_of,
    line_of,
    make_plan,
    make_subscription,
    page_of,
    paid_with,
    subscription_of,
    terms_of,
    upgrade_of,
)
from tests.billing.stripe_fakes import CREATED, event_about

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]


@pytest.fixture(autouse=True)
def then():
    """Live when the events were made."""
    with time_machine.travel(datetime.fromtimestamp(CREATED + DAY, UTC)):
        yield


@pytest.fixture
def small():
    return terms_of(make_plan())


@pytest.fixture
def big():
    return terms_of(make_plan("big", credits=400, amount=3000))


@pytest.fixture
def subscription(alice, small):
    return make_subscription(alice.organization, small)


def tell(what, thing, **changes):
    return webhooks.receive(read_event(event_about(what, thing, **changes)))


def has(account):
    return CreditAccount.objects.get(pk=account.pk).balance


def month_from(days):
    return datetime.fromtimestamp(CREATED, UTC) + timedelta(days=days)


@pytest.mark.parametrize(
    ("rollover", "expires_at"), [("none", month_from(31)), ("one_month", month_from(59)), ("forever", None)]
)
def test_a_month_expires_by_the_rule_of_its_plan(alice, rollover, expires_at):
    terms = terms_of(make_plan(rollover=rollover))
    tell("invoice.paid", invoice_of(make_subscription(alice.organization, terms)))

    entry = LedgerEntry.objects.get(kind=EntryKind.PLAN)
    assert (entry.amount, entry.expires_at, entry.reason) == (100, expires_at, "A month of Small.")
    assert audit.find_disagreements() == []


def test_who_pays_after_the_month_has_a_month_from_then(subscription):
    late = {"status_transitions": {"paid_at": CREATED + 40 * DAY}}
    tell("invoice.paid", invoice_of(subscription, **late))

    assert PlanInvoice.objects.get().expires_at == datetime(2026, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(("day", "after"), [((2027, 1, 31), (2027, 2, 28)), ((2026, 12, 15), (2027, 1, 15))])
def test_a_month_later(day, after):
    assert plan_invoices.a_month_after(datetime(*day, tzinfo=UTC)) == datetime(*after, tzinfo=UTC)


def lines(*of):
    return {"lines": {"object": "list", "has_more": False, "data": list(of)}}


WRONG = {
    "a coupon": lambda terms: {"total": 0},
    "a tax": lambda terms: {"total": terms.amount + 190},
    "another currency": lambda terms: {"currency": "usd"},
    "another quantity": lambda terms: lines({**line_of(terms, start=CREATED, end=CREATED + MONTH), "quantity": 2}),
    "two months": lambda terms: lines(*[line_of(terms, start=CREATED, end=CREATED + MONTH)] * 2),
    "no line": lambda terms: lines(),
    "a proration": lambda terms: lines(line_of(terms, start=CREATED, end=CREATED + MONTH, proration=True)),
    "more lines than are told": lambda terms: {"lines": {"has_more": True, "data": []}},
    "another price": lambda terms: lines(
        {**line_of(terms, start=CREATED, end=CREATED + MONTH), "pricing": {"price_details": {"price": "price_x"}}}
    ),
    "another reason": lambda terms: {"billing_reason": "manual"},
    "an upgrade that is none": lambda terms: {"billing_reason": "subscription_update"},
    "the other mode": lambda terms: {"livemode": True},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_was_not_agreed_brings_nothing_and_alarms(alice, subscription, wrong, caplog):
    invoice = {**invoice_of(subscription), **WRONG[wrong](subscription.terms)}
    with pytest.raises(PlanDisagrees):
        tell("invoice.paid", invoice)

    assert has(alice) == 10
    assert StripeEvent.objects.get().state == "failed"
    assert PlanInvoice.objects.get().problem
    assert "plan_disagrees" in caplog.text
    assert [found.rule for found in audit.find_disagreements()] == ["plan_has_no_problem"]


def test_a_first_month_of_another_plan_than_the_agreed_one_is_refused(alice, subscription, big):
    with pytest.raises(PlanDisagrees):
        tell("invoice.paid", invoice_of(subscription, terms=big))
    assert has(alice) == 10


@pytest.mark.parametrize("changes", [{"amount_total": 1}, {"currency": "usd"}, {"client_reference_id": None}])
def test_a_page_that_says_something_else_is_refused(subscription, changes):
    with pytest.raises(PlanDisagrees):
        tell("checkout.session.completed", page_of(subscription, **changes))
    assert Subscription.objects.get().problem


def test_one_click_is_one_subscription_at_stripe(subscription):
    tell("customer.subscription.created", subscription_of(subscription))
    with pytest.raises(PlanDisagrees):
        tell("customer.subscription.created", subscription_of(subscription, id="sub_second"))


def test_what_is_none_of_ours_is_let_be(subscription):
    other = invoice_of(subscription, id="in_other")
    other["parent"] = {
        "type": "subscription_details",
        "subscription_details": {"subscription": "sub_x", "metadata": {}},
    }
    assert tell("invoice.paid", other) == "ignored"
    assert tell("invoice.paid", invoice_of(subscription, id="in_manual", parent=None)) == "ignored"
    assert tell("invoice_payment.paid", paid_with(other)) == "ignored"
    alien = subscription_of(subscription, id="sub_x", metadata={"subscription": "7"})
    assert tell("customer.subscription.updated", alien) == "ignored"
    assert audit.find_disagreements() == []


def test_an_invoice_that_was_paid_twice_alarms(subscription):
    invoice = invoice_of(subscription)
    tell("invoice.paid", invoice)
    tell("invoice_payment.paid", paid_with(invoice))
    with pytest.raises(PlanDisagrees):
        tell("invoice_payment.paid", {**paid_with(invoice, "pi_again"), "id": "inpay_again"})


def test_an_invoice_that_was_voided_is_owed_by_nobody_and_paid_all_the_same_where_it_is(alice, subscription):
    failed = invoice_of(subscription, "open")
    for what, status in (("invoice.payment_failed", "open"), ("invoice.voided", "void")):
        assert tell(what, {**failed, "status": status}) == "processed"
    assert tell("invoice.payment_failed", failed, event_id="evt_late") == "processed"
    bill = PlanInvoice.objects.get()
    assert (bill.state, bill.get_state_display(), has(alice)) == ("void", "no longer owed", 10)
    assert subscriptions.unpaid_invoice_of(subscription) is None
    assert set(event_subjects.rows_of(StripeEvent.objects.get(type="invoice.voided"))) == {bill, subscription}

    tell("invoice.paid", invoice_of(subscription))
    assert (PlanInvoice.objects.get().state, has(alice)) == ("paid", 110)
    assert tell("invoice.voided", {**failed, "status": "void"}, event_id="evt_later") == "processed"
    assert (PlanInvoice.objects.get().state, has(alice)) == ("paid", 110)


def test_an_invoice_that_is_called_uncollectible_can_still_be_paid(alice, subscription):
    tell("invoice.payment_failed", invoice_of(subscription, "uncollectible"))
    assert PlanInvoice.objects.get().state == "failed"

    tell("invoice.paid", invoice_of(subscription))
    assert has(alice) == 110


@pytest.mark.parametrize("day", range(0, 31, 3))
def test_an_upgrade_brings_what_was_paid_for(alice, subscription, small, big, day):
    tell("invoice.paid", invoice_of(subscription))
    up = upgrade_of(subscription, small, big, day=day)
    tell("invoice.paid", up)

    assert up["total"] == pytest.approx(2000 * (31 - day) / 31, abs=1)
    assert has(alice) == 110 + 300 * up["total"] // 2000
    assert CreditAccount.objects.get().plan == big.plan


def test_an_upgrade_to_a_plan_with_fewer_credits_brings_none_and_takes_none(alice, subscription, small):
    fast = terms_of(make_plan("fast", credits=50, amount=2000))
    tell("invoice.paid", invoice_of(subscription))
    tell("invoice.paid", upgrade_of(subscription, small, fast))

    assert has(alice) == 110
    assert CreditAccount.objects.get().plan == fast.plan
    assert audit.find_disagreements() == []


def test_a_line_of_a_discount_on_an_upgrade_is_refused(alice, subscription, small, big):
    tell("invoice.paid", invoice_of(subscription))
    up = upgrade_of(subscription, small, big, day=3)
    with pytest.raises(PlanDisagrees):
        tell("invoice.paid", {**up, "total": up["total"] - 1})
    assert has(alice) == 110


def test_expired_credits_are_not_taken_twice(alice, subscription):
    invoice = invoice_of(subscription)
    tell("invoice.paid", invoice)
    tell("invoice_payment.paid", paid_with(invoice))
    ledger.capture(ledger.hold(alice, amount=30))
    with time_machine.travel(month_from(32)):
        assert expiry.expire_due(timezone.now()) == 70
        charge = {
            "id": "ch_1",
            "livemode": False,
            "payment_intent": f"pi_{invoice['id']}",
            "amount_refunded": 1000,
        }
        tell("charge.refunded", charge)

    account = CreditAccount.objects.get()
    assert (account.balance, account.debt) == (0, 20)  # 10 of before, and 30 were used
    assert audit.find_disagreements() == []


def test_a_plan_set_by_hand_stays_until_the_subscription_gives_another(subscription):
    tell("invoice.paid", invoice_of(subscription))
    by_hand = make_plan("by-hand")
    CreditAccount.objects.update(plan=by_hand)
    tell("invoice.paid", invoice_of(subscription, month=1))
    assert CreditAccount.objects.get().plan == by_hand

    tell("customer.subscription.deleted", subscription_of(subscription, "canceled"))
    assert CreditAccount.objects.get().plan.is_default


def test_a_page_that_is_left_ends_nothing(subscription):
    before = CreditAccount.objects.get().plan
    left = {**page_of(subscription), "status": "expired", "payment_status": "unpaid", "subscription": None}
    tell("checkout.session.expired", left)

    subscription.refresh_from_db()
    assert (subscription.state, CreditAccount.objects.get().plan) == ("left", before)


def test_grace_lasts_from_the_first_failure(subscription, settings):
    settings.PLAN_GRACE_DAYS = 3
    tell("invoice.paid", invoice_of(subscription))
    failed = invoice_of(subscription, "open", month=1)
    for day in (31, 34):
        tell("invoice.payment_failed", failed, event_id=f"evt_{day}", created=CREATED + day * DAY)
    tell("customer.subscription.updated", subscription_of(subscription, "past_due", month=1))

    subscription.refresh_from_db()
    assert subscription.grace_ends_at == month_from(34)
    plan = subscription.paid_terms.plan
    assert subscriptions.plan_due(subscription, month_from(34) - timedelta(seconds=1)) == plan
    assert subscriptions.plan_due(subscription, month_from(34)) == Plan.objects.get(is_default=True)


DAMAGE = {
    "paid_invoice_has_its_credits": lambda: PlanInvoice.objects.update(credits=99),
    "plan_credits_have_their_invoice": lambda: ledger.grant(
        CreditAccount.objects.get(), amount=5, reference="in_none", reason="", kind=EntryKind.PLAN
    ),
    "invoice_is_settled": lambda: PlanInvoice.objects.update(state="refunded"),
    "invoice_has_its_payment": lambda: Payment.objects.update(livemode=True),
    "subscription_gives_its_plan": lambda: Subscription.objects.update(given_plan=None),
    "plan_goes_on_as_agreed": lambda: Subscription.objects.update(next_terms=None),
    "waiting_change_is_owed": lambda: PlanChange.objects.create(
        subscription=Subscription.objects.get(),
        kind="upgrade",
        state="waiting",
        invoice=PlanInvoice.objects.get(),
        waits_until=timezone.now(),
        click_token=uuid.uuid4(),
    ),
    "plan_has_no_problem": lambda: Subscription.objects.update(problem="It has another amount."),
}


@pytest.mark.parametrize("rule", DAMAGE)
def test_the_audit_of_plans_sees(subscription, rule):
    invoice = invoice_of(subscription)
    tell("customer.subscription.created", subscription_of(subscription))
    tell("invoice.paid", invoice)
    tell("invoice_payment.paid", paid_with(invoice))
    assert audit.find_disagreements() == []
    DAMAGE[rule]()

    assert {found.rule for found in audit.find_disagreements()} == {rule}


def test_a_preview_reads_like_the_invoice_that_follows(subscription, small, big):
    facts = read_invoice(upgrade_of(subscription, small, big, day=10), as_of=timezone.now())
    bill = plan_invoices.read_bill(facts)

    assert (bill.terms, bill.credits, bill.start) == (big, 300 * facts.total // 2000, month_from(10))
