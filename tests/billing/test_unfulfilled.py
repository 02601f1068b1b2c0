"""Money arrived and its credits could not be given: the order says so, to both sides, until it is fulfilled."""

import json

import pytest
from django.core.cache import cache
from django.urls import reverse

from billing import fulfilment, stripe_gateway, webhooks
from billing.errors import LedgerBusy, OrderNotFulfilled
from billing.models import CreditAccount, Plan
from billing.order_models import Order, StripeEvent
from billing.plan_errors import PlanNotFulfilled
from billing.stripe_objects import read_event, read_session
from billing.subscription_models import PlanInvoice
from tests.billing.plan_fakes import invoice_of, make_plan, make_subscription, terms_of
from tests.billing.stripe_fakes import FakeHttp, event_about, session_of, sign
from tests.factories import make_member, make_order, make_organization, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling", "sound_books")]


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def stripe(monkeypatch):
    """Let Stripe answer with the session, and what else a test names by its path."""

    def let(answers):
        http = FakeHttp(lambda method, path, sent: (200, answers[path]))
        monkeypatch.setattr(stripe_gateway, "make_http_client", lambda: http)
        stripe_gateway._client_with.cache_clear()

    return let


@pytest.fixture
def newcomer(pack):
    """An order of an organization without a credit account, which cannot be opened: there is no default plan.

    The operator took it away, so that this is a cause that they can fix.
    """
    organization = make_organization("Nina's shop", credits=0)
    CreditAccount.objects.filter(organization=organization).delete()
    Plan.objects.filter(is_default=True).update(is_default=False)
    return make_order(organization, pack)


def fix_the_cause():
    Plan.objects.filter(slug="free").update(is_default=True)


def send(client, event):
    body = json.dumps(event)
    headers = {"Stripe-Signature": sign(body)}
    return client.post("/webhooks/stripe/", data=body, content_type="application/json", headers=headers)


def balance_of(organization):
    return CreditAccount.objects.get(organization=organization).balance


def test_a_failure_stands_on_the_order_and_the_event_heals_it(client, newcomer):
    """Finding 18: the order stayed pending without a problem, and each retry was the same."""
    paid = event_about("checkout.session.completed", session_of(newcomer))

    assert send(client, paid).status_code == 500
    newcomer.refresh_from_db()
    first = newcomer.credits_failed_at
    assert (newcomer.state, newcomer.paid_at) == ("pending", None)
    assert newcomer.problem.startswith("DoesNotExist: Plan")
    assert first is not None
    assert StripeEvent.objects.get().error.startswith("DoesNotExist: Plan")

    assert send(client, paid).status_code == 500
    newcomer.refresh_from_db()
    assert newcomer.credits_failed_at == first

    fix_the_cause()
    assert send(client, paid).status_code == 200
    newcomer.refresh_from_db()
    assert (newcomer.state, newcomer.problem, newcomer.credits_failed_at) == ("paid", "", None)
    assert balance_of(newcomer.organization) == 100


def test_the_landing_page_says_that_the_payment_arrived(client, newcomer, stripe, monkeypatch):
    stripe({f"/v1/checkout/sessions/{newcomer.checkout_session_id}": session_of(newcomer)})
    with pytest.raises(OrderNotFulfilled):
        fulfilment.fulfil(newcomer.checkout_session_id)
    fix_the_cause()
    client.force_login(make_member(newcomer.organization))
    with monkeypatch.context() as patch:
        break_ledger(patch)
        answer = client.get(f"/billing/orders/{newcomer.public_id}/")
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "Your payment arrived, your credits are on the way" in page
    assert "Go on to pay" not in page
    assert "Nothing was charged" not in page

    cache.clear()
    assert "Paid: 100 credits are yours" in client.get(f"/billing/orders/{newcomer.public_id}/").content.decode()


def break_ledger(monkeypatch):
    def overflow(*args, **kwargs):
        raise OverflowError("date value out of range")

    monkeypatch.setattr("billing.ledger.grant", overflow)


def test_the_operator_sees_it_and_fulfils_it_again(client, order, available, alice, stripe):
    client.force_login(make_staff())
    with pytest.MonkeyPatch.context() as patch:
        break_ledger(patch)
        with pytest.raises(OrderNotFulfilled):
            fulfilment.fulfil(order.checkout_session_id, told=read_session(session_of(order)))
    overview = client.get("/admin/").content.decode()
    assert "Orders with a problem" in overview
    assert "OverflowError: date value out of range" in client.get(order_page(order)).content.decode()

    stripe({f"/v1/checkout/sessions/{order.checkout_session_id}": session_of(order)})
    again = reverse("admin:billing_order_fulfill_again", args=[order.pk])
    assert "The problem is: OverflowError" in client.get(again).content.decode()
    assert available(alice) == 10
    for _twice in range(2):
        answer = client.post(again, follow=True).content.decode()
        assert "It is paid, and its credits are given." in answer

    order.refresh_from_db()
    assert (order.state, order.problem, available(alice)) == ("paid", "", 110)


def order_page(order):
    return reverse("admin:billing_order_change", args=[order.pk])


def test_a_busy_database_is_no_problem_of_the_order(order, monkeypatch):
    def busy(*args, **kwargs):
        raise LedgerBusy

    monkeypatch.setattr(fulfilment, "give_credits", busy)
    with pytest.raises(LedgerBusy):
        fulfilment.fulfil(order.checkout_session_id, told=read_session(session_of(order)))
    order.refresh_from_db()
    assert (order.problem, order.credits_failed_at) == ("", None)


def test_a_failure_of_a_paid_order_leaves_it_paid(order, monkeypatch):
    session = read_session(session_of(order))
    fulfilment.fulfil(order.checkout_session_id, told=session)
    with monkeypatch.context() as patch:
        break_ledger(patch)
        with pytest.raises(OrderNotFulfilled):
            fulfilment.fulfil(order.checkout_session_id, told=session)
    order.refresh_from_db()
    assert (order.state, order.credits_failed_at) == ("paid", None)
    Order.objects.update(problem="")  # as *Fulfil again* does


def test_a_plan_invoice_says_so_too(client, alice, available):
    subscription = make_subscription(alice.organization, terms_of(make_plan()))
    paid = read_event(event_about("invoice.paid", invoice_of(subscription)))
    with pytest.MonkeyPatch.context() as patch:
        break_ledger(patch)
        with pytest.raises(PlanNotFulfilled):
            webhooks.receive(paid)
    invoice = PlanInvoice.objects.get()
    assert invoice.problem == "OverflowError: date value out of range"
    assert (invoice.subscription, invoice.paid_at, invoice.credits_failed_at is None) == (subscription, None, False)
    client.force_login(make_member(alice.organization))
    cache.set(f"plan-asked:{subscription.pk}", 1)  # Stripe is not asked
    assert "Your payment arrived, but something on our side" in client.get("/billing/plan/").content.decode()

    webhooks.receive(paid)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.problem, invoice.credits_failed_at) == ("paid", "", None)
    assert available(alice) == 110
