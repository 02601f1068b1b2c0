"""Money that an operator gives back, with Stripe's stand-in: once, however it is clicked and whatever is lost."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from billing import audit, ledger, reconciliation, refunds, stripe_gateway, webhooks
from billing.checkout import start_purchase
from billing.errors import StripeRefused, StripeUnreachable
from billing.models import LedgerEntry
from billing.order_models import Payment
from billing.refund_models import RefundRequest, RefundState
from billing.stripe_objects import read_refund
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.factories import make_account, make_member, make_pack, make_staff, make_user
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
def order(stripe):
    """A pack of 100 credits for 10 euros that Alice paid for; she had 10 credits before."""
    account = make_account(credits=10)
    owner = make_member(account.organization)
    order = start_purchase(
        account.organization, make_pack(), currency="eur", click_token=uuid.uuid4(), actor=owner
    ).order
    stripe.pay_session(order.checkout_session_id)
    stripe.wait_until_sent()
    stripe.hold_webhooks()  # two threads on SQLite's one connection would see half of what the other does
    order.refresh_from_db()
    assert order.state == "paid"
    return order


def tell(stripe):
    """Let the events that waited come."""
    stripe.release_webhooks()
    stripe.wait_until_sent()
    stripe.hold_webhooks()


def give_back(order, sam, amount=305, token=None):
    return refunds.refund(order, amount=amount, reason="Broken.", actor=sam, token=token or uuid.uuid4())


def has(order):
    order.refresh_from_db()
    account = order.organization.credit_account
    account.refresh_from_db()
    assert audit.find_disagreements() == []
    return account.balance, order.state


def test_the_credits_are_taken_at_once_and_the_events_change_nothing(stripe, order, sam):
    request = give_back(order, sam)
    assert request.state == RefundState.TAKEN
    assert has(order) == (80, "partly_refunded")

    tell(stripe)
    assert has(order) == (80, "partly_refunded")
    [refund] = stripe.objects("refund")
    assert (refund["id"], refund["amount"]) == (request.refund_id, 305)


def test_the_events_may_be_faster_than_the_answer(stripe, order, sam):
    """The answer is lost after Stripe did it; the event says which request it was."""
    stripe.order_fault("/v1/refunds", kind="status", status=500, after=True, times=1)
    with pytest.raises(StripeUnreachable):
        give_back(order, sam)
    tell(stripe)

    assert RefundRequest.objects.get().state == RefundState.TAKEN
    assert has(order) == (80, "partly_refunded")


def test_without_an_answer_it_is_asked_for_again_and_stays_one(stripe, order, sam):
    stripe.order_fault("/v1/refunds", kind="status", status=500, after=True, times=1)
    with pytest.raises(StripeUnreachable):
        give_back(order, sam)
    request = RefundRequest.objects.get()
    assert request.state == RefundState.ASKED
    assert (has(order), refunds.left_of(order)) == ((110, "paid"), 695)

    refunds.send(request)
    request.refresh_from_db()
    assert request.state == RefundState.TAKEN
    assert len(stripe.objects("refund")) == 1
    assert (has(order), refunds.left_of(order)) == ((80, "partly_refunded"), 695)


def test_it_is_found_when_it_is_asked_for_after_stripe_forgot_our_key(stripe, order, sam):
    request = give_back(order, sam)
    RefundRequest.objects.update(state=RefundState.ASKED, refund_id=None)
    stripe.advance(days=3)

    refunds.send(request)
    assert len(stripe.objects("refund")) == 1
    assert RefundRequest.objects.get().refund_id == request.refund_id


def test_the_same_token_is_one_refund(stripe, order, sam):
    token = uuid.uuid4()
    first, second = give_back(order, sam, token=token), give_back(order, sam, token=token)

    assert first == second
    tell(stripe)
    assert len(stripe.objects("refund")) == 1


def test_in_parts_and_then_all_that_is_left(stripe, order, sam):
    give_back(order, sam, amount=305)
    assert refunds.left_of(order) == 695
    order.refresh_from_db()
    with pytest.raises(refunds.CannotBeRefunded):
        give_back(order, sam, amount=696)
    give_back(order, sam, amount=695)
    tell(stripe)

    assert has(order) == (10, "refunded")
    assert refunds.left_of(order) == 0


def test_what_was_used_becomes_a_debt_that_a_failed_refund_forgives(stripe, order, sam):
    account = order.organization.credit_account
    ledger.capture(ledger.hold(account, amount=90))
    request = give_back(order, sam, amount=1000)
    tell(stripe)
    assert has(order) == (0, "refunded")
    account.refresh_from_db()
    assert account.debt == 80

    stripe.fail_refund(request.refund_id)
    tell(stripe)
    request.refresh_from_db()
    account.refresh_from_db()
    assert (request.state, request.error) == (RefundState.FAILED, "expired_or_canceled_card")
    assert (has(order), account.debt) == ((20, "paid"), 0)
    entry = LedgerEntry.objects.get(kind="refund_back")
    assert (entry.amount, entry.reason) == (100, "The refund of 100 credits failed: the money did not arrive.")
    assert refunds.left_of(order) == 1000


def test_after_one_failed_another_takes_the_credits_again(stripe, order, sam):
    request = give_back(order, sam, amount=500)
    tell(stripe)
    stripe.fail_refund(request.refund_id)
    tell(stripe)
    assert has(order) == (110, "paid")

    give_back(order, sam, amount=500)
    tell(stripe)
    assert has(order) == (60, "partly_refunded")
    kinds = LedgerEntry.objects.exclude(kind__in=["grant", "purchase"]).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["refund", "refund_back", "refund"]
    since = timezone.now() - timedelta(days=1)
    assert list(reconciliation.find_disagreements(since=since)) == []


def test_what_stripe_refuses_says_why_and_leaves_everything(stripe, order, sam):
    [charge] = stripe.objects("charge")
    stripe.open_dispute(charge["id"])  # we do not know of it yet
    with pytest.raises(StripeRefused):
        give_back(order, sam)

    request = RefundRequest.objects.get()
    assert (request.state, "charged back" in request.error) == (RefundState.FAILED, True)
    assert has(order) == (110, "paid")
    assert refunds.left_of(order) == 1000


def test_nothing_is_left_of_what_a_bank_has(stripe, order, sam):
    [charge] = stripe.objects("charge")
    stripe.open_dispute(charge["id"])
    tell(stripe)
    order.refresh_from_db()

    assert refunds.left_of(order) == 0
    with pytest.raises(refunds.CannotBeRefunded):
        give_back(order, sam)


def test_a_request_without_an_answer_is_named_by_the_audit(stripe, order, sam):
    stripe.order_fault("/v1/refunds", kind="status", status=500, times=1)
    with pytest.raises(StripeUnreachable):
        give_back(order, sam)
    assert audit.find_disagreements() == []

    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        [found] = [one for one in audit.find_disagreements() if one.rule == "refund_was_answered"]
    assert str(RefundRequest.objects.get().public_id) in found.row


def test_old_news_of_a_refund_that_failed_change_nothing(stripe, order, sam):
    request = give_back(order, sam)
    tell(stripe)
    stripe.fail_refund(request.refund_id)
    tell(stripe)
    for event in stripe.objects("event"):
        if event["type"] == "refund.created":
            refunds.note(read_refund(event["data"]["object"], livemode=False))
    request.refresh_from_db()

    assert (request.state, request.error) == (RefundState.FAILED, "expired_or_canceled_card")
    assert has(order) == (110, "paid")


def test_an_order_of_the_other_mode_is_left_alone(stripe, order, settings):
    settings.STRIPE_IS_LIVE = True

    assert refunds.left_of(order) == 0


@pytest.mark.postgres_only
def test_the_same_form_sent_many_times_at_once_is_one_refund(stripe, order, sam):
    token = uuid.uuid4()

    def click(_):
        try:
            return refunds.refund(order, amount=1000, reason="Broken.", actor=sam, token=token).public_id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(click, range(8))) == {token}
    tell(stripe)

    assert len(stripe.objects("refund")) == 1
    assert has(order) == (10, "refunded")


@pytest.mark.postgres_only
def test_two_operators_at_once_return_no_more_than_there_is(stripe, order, sam):
    def click(_):
        try:
            return refunds.refund(order, amount=600, reason="Broken.", actor=sam, token=uuid.uuid4()).amount
        except refunds.CannotBeRefunded:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(click, range(4))) == 600
    tell(stripe)

    assert [refund["amount"] for refund in stripe.objects("refund")] == [600]
    assert has(order) == (50, "partly_refunded")


# The page.


def page_of(order):
    return reverse("admin:billing_order_refund", args=[order.pk])


def form_of(client, order, **fields):
    token = client.get(page_of(order)).context["form"]["token"].value()
    return {"amount": "3.05", "reason": "Broken.", "token": str(token), **fields}


def test_an_operator_returns_part_of_an_order(client, stripe, order, sam):
    fields = form_of(client, order)
    asked = client.post(page_of(order), fields)
    assert "3.05 EUR go back to Alice&#x27;s shop" in asked.content.decode()
    assert stripe.objects("refund") == []

    done = client.post(page_of(order), {**fields, "sure": "yes"}, follow=True).content.decode()
    tell(stripe)
    assert "3.05 EUR are on their way back." in done
    assert "6.95 EUR" in done
    request = RefundRequest.objects.get()
    assert (request.amount, request.actor, request.reason) == (305, sam, "Broken.")
    assert has(order) == (80, "partly_refunded")


def test_a_double_click_returns_it_once(client, stripe, order, sam):
    fields = {**form_of(client, order), "sure": "yes"}
    client.post(page_of(order), fields)
    again = client.post(page_of(order), fields, follow=True).content.decode()
    tell(stripe)

    assert "that was asked for already" in again
    assert len(stripe.objects("refund")) == 1


def test_the_slower_click_of_two_at_once_is_told_that_it_is_under_way(client, stripe, order, sam, monkeypatch):
    fields = {**form_of(client, order), "sure": "yes"}
    wanted = {"amount": 305, "reason": "Broken.", "actor": sam, "public_id": fields["token"]}
    order.refund_requests.create(**wanted)  # the faster one, which waits for Stripe
    monkeypatch.setattr("billing.refund_admin._known", lambda *_: None)  # not there yet when this one looked

    told = client.post(page_of(order), fields, follow=True).content.decode()

    assert "3.05 EUR were asked for already; Stripe has not answered yet." in told
    assert stripe.objects("refund") == []


@pytest.mark.parametrize("amount", ["0", "-1", "10.01", "3.055", "1e9", "NaN", ""])
def test_an_amount_that_cannot_be_returned_is_shown_again(client, stripe, order, sam, amount):
    answer = client.post(page_of(order), form_of(client, order, amount=amount, sure="yes"))

    assert (answer.status_code, bool(answer.context["form"].errors)) == (200, True)
    assert stripe.objects("refund") == []


def test_stripe_away_is_told_and_asked_for_again_from_the_page(client, stripe, order, sam):
    stripe.order_fault("/v1/refunds", kind="status", status=500, times=2)
    away = client.post(page_of(order), {**form_of(client, order), "sure": "yes"}, follow=True).content.decode()
    assert "Stripe does not answer." in away
    request = RefundRequest.objects.get()
    again = reverse("admin:billing_refundrequest_ask_again", args=[request.pk])
    stripe.clear_faults()

    assert "Ask Stripe again" in client.get(again).content.decode()
    assert RefundRequest.objects.get().state == RefundState.ASKED
    assert "3.05 EUR are on their way back." in client.post(again, follow=True).content.decode()
    client.post(again)
    tell(stripe)
    assert len(stripe.objects("refund")) == 1
    assert has(order) == (80, "partly_refunded")


def test_who_may_only_look_is_refused(client, stripe, order):
    tom = make_user("tom@example.com", is_staff=True)
    tom.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "view_refundrequest"]))
    client.force_login(tom)

    shown = client.get(reverse("admin:billing_order_change", args=[order.pk]))
    assert (shown.status_code, "Return money" in shown.content.decode()) == (200, False)
    for answer in (client.get(page_of(order)), client.post(page_of(order), {"sure": "yes"})):
        assert answer.status_code == 403
    assert stripe.objects("refund") == []


def test_a_refund_made_at_stripe_counts_too(stripe, order, sam):
    stripe_gateway._client().v1.refunds.create({"payment_intent": order.payment_intent_id, "amount": 200})
    tell(stripe)
    order.refresh_from_db()
    give_back(order, sam, amount=305)
    tell(stripe)

    assert has(order) == (60, "partly_refunded")
    assert Payment.objects.get().refunds.count() == 2
