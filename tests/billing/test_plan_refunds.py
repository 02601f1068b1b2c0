"""Money of a plan's invoice that an operator gives back, with Stripe's stand-in: as that of an order, once."""

import uuid

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from billing import audit, ledger, refunds, stripe_gateway, webhooks
from billing.errors import StripeUnreachable
from billing.models import LedgerEntry, Plan
from billing.refund_models import RefundRequest, RefundState
from billing.subscribing import subscribe
from billing.subscription_models import PlanInvoice, Subscription
from tests.billing.plan_fakes import make_plan
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.factories import make_account, make_member, make_order, make_pack, make_staff, make_user
from tests.stripe_stand_in import StripeStandIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stripe(settings, live_server):
    """Stripe's stand-in, which sends its events to our server."""
    with StripeStandIn() as running:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = SECRET_KEY, [SIGNING_SECRET]
        settings.STRIPE_API_BASE, settings.STRIPE_IS_LIVE, settings.STRIPE_RETRIES = running.url, False, 0
        running.control.add_endpoint(
            f"{live_server.url}/webhooks/stripe/", SIGNING_SECRET, types=list(webhooks.HANDLERS)
        )
        stripe_gateway._client_with.cache_clear()
        yield running.control
        stripe_gateway._client_with.cache_clear()
        running.check_honest()


@pytest.fixture
def sam(client):
    """Sam, who is staff and logged in."""
    staff = make_staff()
    client.force_login(staff)
    return staff


@pytest.fixture
def invoice(stripe):
    """A month of a plan, 100 credits for 10 euros, that Alice paid for; she had 10 credits before."""
    if not Plan.objects.filter(is_default=True).exists():  # a test with transactions before this one emptied all
        make_plan("free", credits=0, is_default=True)
    account = make_account(credits=10)
    owner, plan = make_member(account.organization), make_plan()
    stripe.hold_webhooks()
    begun = subscribe(account.organization, plan, currency="eur", click_token=uuid.uuid4(), actor=owner)
    tell(stripe, hold=False)
    stripe.pay_session(begun.checkout_session_id)
    stripe.wait_until_sent()
    stripe.hold_webhooks()  # two threads on SQLite's one connection would see half of what the other does
    invoice = PlanInvoice.objects.get()
    assert (invoice.state, has(invoice)) == ("paid", (110, "paid", "active"))
    return invoice


def tell(stripe, *, hold=True):
    """Let the events that waited come."""
    stripe.release_webhooks()
    stripe.wait_until_sent()
    if hold:
        stripe.hold_webhooks()


def give_back(invoice, sam, amount=305, token=None):
    return refunds.refund(invoice, amount=amount, reason="Broken.", actor=sam, token=token or uuid.uuid4())


def has(invoice):
    """Return balance and states, in sound books."""
    invoice.refresh_from_db()
    account = invoice.organization.credit_account
    account.refresh_from_db()
    assert audit.find_disagreements() == []
    return account.balance, invoice.state, Subscription.objects.get().state


def test_the_credits_follow_at_once_and_the_events_change_nothing(stripe, invoice, sam):
    request = give_back(invoice, sam)
    assert (request.state, request.sale) == (RefundState.TAKEN, invoice)
    assert has(invoice) == (80, "partly_refunded", "active")

    tell(stripe)
    assert has(invoice) == (80, "partly_refunded", "active")
    [refund] = stripe.objects("refund")
    assert (refund["id"], refund["amount"]) == (request.refund_id, 305)


def test_in_parts_and_then_all_that_is_left(stripe, invoice, sam):
    give_back(invoice, sam)
    invoice.refresh_from_db()
    assert refunds.left_of(invoice) == 695
    with pytest.raises(refunds.CannotBeRefunded):
        give_back(invoice, sam, amount=696)
    give_back(invoice, sam, amount=695)
    tell(stripe)

    assert has(invoice) == (10, "refunded", "active")
    assert refunds.left_of(invoice) == 0


def test_what_was_used_becomes_a_debt_that_a_failed_refund_forgives(stripe, invoice, sam):
    account = invoice.organization.credit_account
    ledger.capture(ledger.hold(account, amount=90))
    request = give_back(invoice, sam, amount=1000)
    tell(stripe)
    account.refresh_from_db()
    assert (account.balance, account.debt) == (0, 80)

    stripe.fail_refund(request.refund_id)
    tell(stripe)
    account.refresh_from_db()
    assert has(invoice) == (20, "paid", "active")
    assert LedgerEntry.objects.get(kind="refund_back").reason == "The refund of Small failed: the money did not arrive."


def test_without_an_answer_it_is_asked_for_again_and_stays_one(stripe, invoice, sam):
    stripe.order_fault("/v1/refunds", kind="status", status=500, after=True, times=1)
    with pytest.raises(StripeUnreachable):
        give_back(invoice, sam)
    request = RefundRequest.objects.get()
    assert refunds.left_of(invoice) == 695

    refunds.send(request)
    tell(stripe)
    assert len(stripe.objects("refund")) == 1
    assert has(invoice) == (80, "partly_refunded", "active")


def test_nothing_is_left_of_what_a_bank_has_or_what_is_not_paid(stripe, invoice, sam, settings):
    [charge] = stripe.objects("charge")
    stripe.open_dispute(charge["id"])
    tell(stripe)
    invoice.refresh_from_db()
    assert refunds.left_of(invoice) == 0
    with pytest.raises(refunds.CannotBeRefunded):
        give_back(invoice, sam)

    assert refunds.left_of(PlanInvoice(invoice_id="in_2", livemode=False, payment_intent_id="pi_2")) == 0


def test_a_form_of_one_payment_does_nothing_to_another(stripe, invoice, sam):
    """It neither returns money of the second, nor says so."""
    token = give_back(invoice, sam).public_id
    order = make_order(invoice.organization, make_pack())
    with pytest.raises(refunds.CannotBeRefunded):
        give_back(order, sam, token=token)
    assert len(stripe.objects("refund")) == 1


# The page.


def page_of(invoice):
    return reverse("admin:billing_planinvoice_refund", args=[invoice.pk])


def form_of(client, invoice, **fields):
    token = client.get(page_of(invoice)).context["form"]["token"].value()
    return {"amount": "3.05", "reason": "Broken.", "token": str(token), **fields}


def test_an_operator_returns_part_of_an_invoice(client, stripe, invoice, sam):
    shown = client.get(reverse("admin:billing_planinvoice_change", args=[invoice.pk])).content.decode()
    assert page_of(invoice) in shown
    fields = form_of(client, invoice)
    asked = client.post(page_of(invoice), fields).content.decode()
    assert "3.05 EUR go back to Alice&#x27;s shop" in asked
    assert "The plan itself goes on" in asked
    assert stripe.objects("refund") == []

    sure = {**fields, "sure": "yes"}
    done = client.post(page_of(invoice), sure, follow=True).content.decode()
    again = client.post(page_of(invoice), sure, follow=True).content.decode()
    tell(stripe)
    assert "3.05 EUR are on their way back." in done
    assert "6.95 EUR" in done
    assert "that was asked for already" in again
    assert [refund["amount"] for refund in stripe.objects("refund")] == [305]
    assert has(invoice) == (80, "partly_refunded", "active")
    asked_for = RefundRequest.objects.get()
    listed = client.get(reverse("admin:billing_refundrequest_change", args=[asked_for.pk])).content.decode()
    assert reverse("admin:billing_planinvoice_change", args=[invoice.pk]) in listed


def test_a_plan_that_ends_is_not_said_to_go_on(client, stripe, invoice, sam):
    Subscription.objects.update(state="ended")

    assert "goes on" not in client.post(page_of(invoice), form_of(client, invoice)).content.decode()


def test_who_may_only_look_is_refused(client, stripe, invoice):
    tom = make_user("tom@example.com", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["view_planinvoice", "view_refundrequest"]))
    client.force_login(tom)

    shown = client.get(reverse("admin:billing_planinvoice_change", args=[invoice.pk]))
    assert (shown.status_code, "Return money" in shown.content.decode()) == (200, False)
    for answer in (client.get(page_of(invoice)), client.post(page_of(invoice), {"sure": "yes"})):
        assert answer.status_code == 403
    assert stripe.objects("refund") == []


def test_an_invoice_that_was_not_paid_offers_nothing(client, stripe, sam):
    open_one = PlanInvoice.objects.create(invoice_id="in_open", livemode=False)

    shown = client.get(reverse("admin:billing_planinvoice_change", args=[open_one.pk]))
    assert (shown.status_code, "Return money" in shown.content.decode()) == (200, False)
    for answer in (client.get(page_of(open_one)), client.post(page_of(open_one), {"sure": "yes"})):
        assert answer.status_code == 403
