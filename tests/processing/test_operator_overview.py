"""The admin's first page: money by day and currency, credits, failures, and what waits for somebody."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import fulfilment, ledger, payments, webhooks
from billing.models import LedgerEntry
from billing.order_models import Dispute, DisputeStage, Order, Payment, StripeEvent
from billing.refund_models import Refund
from billing.stripe_objects import read_event, read_refunds, read_session
from billing.subscription_models import PlanInvoice, Subscription
from processing.models import DailyUsage, Origin, RemovalRecord
from processing.operator_figures import figures_of
from tests.billing.plan_fakes import invoice_of, make_plan, make_subscription, paid_with, terms_of
from tests.billing.stripe_fakes import charge_of, event_about, session_of
from tests.factories import make_account, make_order, make_pack, make_staff, make_user

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def sam(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


@pytest.fixture
def pack():
    return make_pack()


@pytest.fixture
def account():
    with time_machine.travel(NOON - timedelta(days=200)):
        return make_account(credits=10)


def buy(account, pack, *, at, currency="eur", **changes):
    """Return an order that was paid at this moment."""
    with time_machine.travel(at, tick=False):
        order = make_order(account.organization, pack, currency, **changes)
        return fulfilment.fulfil(order.checkout_session_id, told=read_session(session_of(order)))


def figures(length=30, today=TODAY):
    return figures_of(today, length=length)


def nonzero(days):
    return {day: number for day, number in days.items() if number}


def test_money_is_added_by_day_and_never_across_currencies(account, pack):
    buy(account, pack, at=NOON)
    buy(account, pack, at=NOON)
    buy(account, pack, at=NOON - timedelta(days=1))
    buy(account, pack, at=NOON, currency="jpy")

    eur, jpy = figures().takings
    assert (eur.currency, eur.orders, nonzero(eur.paid)) == ("eur", 3, {TODAY: 2000, TODAY - timedelta(days=1): 1000})
    assert (jpy.currency, jpy.orders, nonzero(jpy.paid)) == ("jpy", 1, {TODAY: 1500})
    assert list(eur.paid) == [TODAY - timedelta(days=n) for n in reversed(range(30))]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 24, 23, 59, 59, 999999, UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 25, 0, 0, 0, 0, UTC), TODAY),
    ],
)
def test_days_are_those_of_utc(account, pack, moment, day):
    buy(account, pack, at=moment)

    [eur] = figures().takings
    assert nonzero(eur.paid) == {day: 1000}


def test_what_is_older_is_left_out(account, pack):
    buy(account, pack, at=NOON - timedelta(days=30))

    assert figures().takings == []
    assert nonzero(figures(90).takings[0].paid) == {TODAY - timedelta(days=30): 1000}


def test_what_went_back_stands_beside_what_was_paid(account, pack):
    order, other = (buy(account, pack, at=NOON - timedelta(days=n)) for n in (1, 2))
    with time_machine.travel(NOON):
        payments.note_refunds(read_refunds(charge_of(order, refunded=305)))
        payments.note_refunds(read_refunds(charge_of(other, refunded=1000)))
        Refund.objects.create(
            refund_id="re_1", payment=Payment.objects.get(payment_intent_id=other.payment_intent_id),
            amount=400, has_failed=True,
        )  # fmt: skip

    [eur] = figures().takings
    assert nonzero(eur.returned) == {TODAY - timedelta(days=1): 305, TODAY - timedelta(days=2): 600}


# Plans.


FIRST_DAY = date(2026, 1, 1)


@pytest.fixture
def plan(account):
    """A plan of 10 euros a month whose first month was paid."""
    subscription = make_subscription(account.organization, terms_of(make_plan()))
    pay(invoice_of(subscription))
    return subscription


def pay(invoice):
    for what, thing in (("invoice.paid", invoice), ("invoice_payment.paid", paid_with(invoice))):
        webhooks.receive(read_event(event_about(what, thing)))


def test_invoices_of_plans_are_revenue_too(account, pack, plan):
    pay(invoice_of(plan, month=1))
    buy(account, pack, at=datetime(2026, 1, 1, 9, tzinfo=UTC))
    yen = make_subscription(
        make_account("Bob's shop").organization, terms_of(make_plan("big", amount=3000, credits=400), "jpy")
    )
    pay(invoice_of(yen))

    eur, jpy = figures(today=FIRST_DAY).takings
    assert (eur.orders, eur.invoices, nonzero(eur.paid)) == (1, 1, {FIRST_DAY: 2000})
    assert (jpy.orders, jpy.invoices, nonzero(jpy.paid)) == (0, 1, {FIRST_DAY: 4500})
    [eur] = figures(today=FIRST_DAY + timedelta(days=31), length=5).takings
    assert (eur.orders, eur.invoices, nonzero(eur.paid)) == (0, 1, {FIRST_DAY + timedelta(days=31): 1000})


def test_what_went_back_of_plans_stands_beside_orders(account, pack, plan):
    invoice = PlanInvoice.objects.get()
    bought = buy(account, pack, at=datetime(2026, 1, 1, 9, tzinfo=UTC))
    payments.note_refunds(read_refunds(charge_of(bought, refunded=100)))
    payments.note_refunds(read_refunds(charge_of(bought, refunded=305, payment_intent=invoice.payment_intent_id)))

    [eur] = figures(today=FIRST_DAY).takings
    assert nonzero(eur.returned) == {FIRST_DAY: 405}


def test_what_is_not_paid_or_of_the_other_mode_is_no_revenue_of_plans(plan, settings):
    webhooks.receive(read_event(event_about("invoice.payment_failed", invoice_of(plan, "open", month=1))))
    [eur] = figures(today=FIRST_DAY + timedelta(days=40), length=90).takings
    assert (eur.invoices, sum(eur.paid.values())) == (1, 1000)

    settings.STRIPE_IS_LIVE = True
    assert figures(today=FIRST_DAY).takings == []


def test_what_stripe_dates_later_than_today_breaks_nothing(plan):
    """Its clock may be ahead of ours by the end of a day."""
    pay(invoice_of(plan, month=1))

    [eur] = figures(today=FIRST_DAY).takings
    assert nonzero(eur.paid) == {FIRST_DAY: 1000}


def test_plans_that_do_not_agree_wait_for_somebody(client, sam, plan):
    Subscription.objects.update(problem="It does not agree.")
    PlanInvoice.objects.update(problem="Nor does this.")

    waiting = figures().waiting
    assert (waiting.subscriptions_with_problems, waiting.invoices_with_problems) == (1, 1)
    page = client.get(reverse("admin:index")).content.decode()
    for model in ("subscription", "planinvoice"):
        address = f"{reverse(f'admin:billing_{model}_changelist')}?problem__isempty=0"
        assert address in page
        assert client.get(address).context["cl"].result_count == 1


def test_the_tile_says_what_was_sold_and_leads_there(client, sam, account, pack, plan):
    PlanInvoice.objects.update(paid_at=timezone.now())
    page = client.get(reverse("admin:index")).content.decode()
    assert "1 invoice of plans, of which 0.00 EUR went back" in page
    assert f"{reverse('admin:billing_planinvoice_changelist')}?currency=eur" in page

    buy(account, pack, at=timezone.now())
    buy(account, pack, at=timezone.now())
    page = client.get(reverse("admin:index")).content.decode()
    assert "2 orders and 1 invoice of plans, of which 0.00 EUR went back" in page


def test_the_other_mode_is_no_revenue(account, pack, settings):
    buy(account, pack, at=NOON)
    settings.STRIPE_IS_LIVE = True

    assert figures().takings == []


def test_credits_sold_given_used_and_outstanding(account, pack):
    with time_machine.travel(NOON - timedelta(days=1)):
        ledger.grant(account, amount=7, reference="gift", reason="A gift.")
    buy(account, pack, at=NOON)
    with time_machine.travel(NOON):
        ledger.capture(ledger.hold(account, amount=30))
        ledger.hold(account, amount=5)

    found = figures()
    assert {doing: nonzero(days) for doing, days in found.credits.items()} == {
        "sold": {TODAY: 100},
        "given": {TODAY - timedelta(days=1): 7},
        "used": {TODAY: 30},
    }
    assert (found.outstanding.balance, found.outstanding.held, found.outstanding.debt) == (87, 5, 0)


def test_failures_of_old_and_of_today(account):
    facts = {"organization": account.organization, "origin": Origin.API}
    yesterday = TODAY - timedelta(days=1)
    DailyUsage.objects.create(**facts, day=yesterday, status=500, requests=3, credits_charged=0)
    DailyUsage.objects.create(**facts, day=yesterday, status=400, requests=9, credits_charged=0)
    for number, status in enumerate((500, 503, 200, 400)):
        RemovalRecord.objects.create(**facts, request_id=f"req_{number}", created=NOON, status=status, took_ms=1)
    RemovalRecord.objects.create(
        **facts, request_id="req_counted", created=NOON - timedelta(days=1), status=500, took_ms=1, is_counted=True
    )
    with time_machine.travel(NOON):
        StripeEvent.objects.create(event_id="evt_1", type="x", livemode=False, payload={}, state="failed")
        StripeEvent.objects.create(event_id="evt_2", type="x", livemode=False, payload={}, state="ignored")

    found = figures()
    assert nonzero(found.failed_requests) == {yesterday: 3, TODAY: 2}
    assert nonzero(found.failed_events) == {TODAY: 1}


def test_what_waits_for_somebody(account, pack):
    order = buy(account, pack, at=NOON)
    payment = Payment.objects.get()
    for number, stage in enumerate((DisputeStage.OPEN, DisputeStage.INQUIRY, DisputeStage.WON)):
        Dispute.objects.create(dispute_id=f"dp_{number}", payment=payment, amount=1, currency="eur", stage=stage)
    Order.objects.filter(pk=order.pk).update(problem="It does not agree.")
    account.organization.suspended_at = timezone.now()
    account.organization.save()

    waiting = figures().waiting
    assert (waiting.open_disputes, waiting.inquiries, waiting.orders_with_problems) == (1, 1, 1)
    assert (waiting.suspended, waiting.resting, waiting.failed_events, waiting.refunds_without_answer) == (1, 0, 0, 0)


def test_the_page_shows_it_and_has_a_table_for_each_chart(client, sam, account, pack):
    buy(account, pack, at=timezone.now())
    buy(account, pack, at=timezone.now(), currency="jpy")

    answer = client.get(reverse("admin:index"))
    page = answer.content.decode()
    assert "Paid in EUR" in page
    assert "10.00 EUR" in page
    assert "Paid in JPY" in page
    assert "1,500 JPY" in page
    charts = answer.context["overview"]["charts"]
    assert page.count('<canvas class="chart"') == page.count("<details") == len(charts) == 4
    data = json.loads(charts[0].data)
    assert (len(data["labels"]), data["datasets"][0]["data"][-1]) == (30, 10.0)


@pytest.mark.parametrize(("asked", "days"), [("", 30), ("30", 30), ("90", 90), ("9000", 30), ("x", 30)])
def test_days_are_chosen(client, sam, asked, days):
    overview = client.get(reverse("admin:index"), {"days": asked}).context["overview"]

    assert len(json.loads(overview["charts"][-1].data)["labels"]) == days


def test_staff_who_may_not_see_money_see_none(client):
    tom = make_user("tom@example.com", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename="view_ledgerentry"))
    client.force_login(tom)

    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    assert "overview" not in answer.context
    assert "Orders" not in answer.content.decode()


def test_the_questions_do_not_grow_with_the_rows(client, sam, account, pack):
    def count():
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("admin:index"), {"days": 90})
        return len(asked)

    buy(account, pack, at=timezone.now())
    count()  # what is read once a process
    few = count()
    for n in range(20):
        order = buy(account, pack, at=timezone.now() - timedelta(days=n))
        payments.note_refunds(read_refunds(charge_of(order, refunded=100 + n)))
    LedgerEntry.objects.bulk_create(
        LedgerEntry(account=account, kind="use", reference=f"test:{n}", amount=-1, balance_after=0) for n in range(500)
    )

    assert count() == few <= 25


def test_the_day_s_entries_are_found_by_their_index(account):
    entries = LedgerEntry.objects.filter(created__gte=timezone.now() - timedelta(days=1)).values("kind", "amount")

    if connection.vendor == "sqlite":
        assert "billing_entry_day" in entries.explain()


def test_the_figures_lead_only_where_somebody_may_look(client, account, pack):
    """Whoever sees the figures sees the numbers; a link that answers 403 helps nobody."""
    buy(account, pack, at=timezone.now())
    tom = make_user("tom@example.com", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "view_ledgerentry"]))
    client.force_login(tom)

    overview = client.get(reverse("admin:index")).context["overview"]
    tiles = [*overview["tiles"], *overview["waiting"]]
    led_to = {tile.link for tile in tiles if tile.link}
    assert len(led_to) == 5
    assert {client.get(link).status_code for link in led_to} == {200}
    assert {tile.title for tile in tiles} >= {"Events that failed", "Credits outstanding"}


def test_every_tile_leads_to_as_many_rows_as_it_says(client, sam, account, pack):
    for organization in (account.organization, make_account("Bob's shop").organization):
        organization.suspended_at = organization.keys_frozen_at = timezone.now()
        organization.save()
    organization.closed_at = timezone.now()
    organization.save()
    Order.objects.filter(pk=buy(account, pack, at=timezone.now()).pk).update(problem="It does not agree.")

    for tile in client.get(reverse("admin:index")).context["overview"]["waiting"]:
        assert str(client.get(tile.link).context["cl"].result_count) == tile.value, tile.title
