"""The whole way of a plan, with Stripe's stand-in over HTTP: begun, renewed, changed, left, unpaid, refunded."""

import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.closing import close_organization
from billing import (
    audit,
    plan_changes,
    plan_mails,
    plan_reconciliation,
    reconciliation,
    stripe_gateway,
    stripe_gateway_plans,
    subscribing,
    subscriptions,
    webhooks,
)
from billing.errors import CardRefused, PurchaseRefused, StripeUnreachable
from billing.models import CreditAccount, LedgerEntry, Plan
from billing.plan_errors import AlreadySubscribed, ChangeRefused
from billing.subscribing import subscribe
from billing.subscription_models import PlanChange, PlanInvoice, PlanTerms, Subscription
from tests.billing.plan_fakes import make_plan
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.factories import make_account, make_member
from tests.stripe_stand_in import StripeStandIn

pytestmark = pytest.mark.django_db(transaction=True)
BAD_CARD, GOOD_CARD = "4000000000000341", "4242424242424242"
CHANGE = "/billing/plan/change/"
LATER, ENDS = "The plan changes when the month is over.", "The plan ends with its month."
MEANWHILE = "The plan has changed meanwhile. Reload the page and choose again."


@pytest.fixture
def stand_in(settings, live_server):
    """Stripe's stand-in, which sends its events to our server."""
    with StripeStandIn() as running:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = SECRET_KEY, [SIGNING_SECRET]
        settings.STRIPE_API_BASE, settings.STRIPE_IS_LIVE = running.url, False
        running.control.add_endpoint(
            f"{live_server.url}/webhooks/stripe/", SIGNING_SECRET, types=list(webhooks.HANDLERS)
        )
        stripe_gateway._client_with.cache_clear()
        yield running
        stripe_gateway._client_with.cache_clear()
        running.check_honest()


@pytest.fixture
def stripe(stand_in):
    return stand_in.control


class Alice:
    """Alice, her shop with 10 credits, and what she does about plans; two are for sale."""

    def __init__(self, stripe):
        self.stripe = stripe
        if not Plan.objects.filter(is_default=True).exists():  # a test with transactions before this one emptied all
            make_plan("free", credits=0, is_default=True)
        self.account = make_account(credits=10)
        self.owner = make_member(self.account.organization)
        self.small, self.big = make_plan("small"), make_plan("big", credits=400, amount=3000)

    @contextmanager
    def undisturbed(self):
        """Let events wait: in these tests server and test share one connection."""
        self.stripe.hold_webhooks()
        try:
            yield
        finally:
            self.stripe.release_webhooks()
            self.stripe.wait_until_sent()

    def subscribes(self, plan=None, *, token=None, currency="eur", pays=True):
        click = {"currency": currency, "click_token": token or uuid.uuid4(), "actor": self.owner}
        with self.undisturbed():
            begun = subscribe(self.account.organization, plan or self.small, **click)
        if pays:
            self.stripe.pay_session(begun.checkout_session_id)
            self.stripe.wait_until_sent()
        return begun

    @property
    def plan(self):
        return Subscription.objects.select_related("paid_terms__plan", "next_terms", "organization").latest("pk")

    def changes_to(self, plan):
        with self.undisturbed():
            quote = plan_changes.quote(self.plan, plan)
            return quote, self.agrees_to(quote)

    def agrees_to(self, quote, token=None):
        return plan_changes.change_plan(self.plan, quote, click_token=token or uuid.uuid4(), actor=self.owner)

    def cancels(self, *, at_once=False):
        with self.undisturbed():
            plan_changes.cancel(self.plan, at_once=at_once, click_token=uuid.uuid4(), actor=self.owner)

    def resumes(self):
        with self.undisturbed():
            plan_changes.resume(self.plan, click_token=uuid.uuid4(), actor=self.owner)

    def lets_pass(self, days):
        self.stripe.advance(days=days)
        self.stripe.wait_until_sent()

    @property
    def has(self):
        """Return balance, state and plan, in sound books."""
        assert audit.find_disagreements() == []
        account = CreditAccount.objects.select_related("plan").get(pk=self.account.pk)
        plan = "free" if account.plan.is_default else account.plan.slug
        return account.balance, self.plan.state, plan


@pytest.fixture
def alice(stripe):
    return Alice(stripe)


@contextmanager
def by_stripes_clock(stripe, days=0.0):
    """Let our clock say what the stand-in's says, and so many days more."""
    now = datetime.fromtimestamp(stripe.advance(), UTC)
    stripe.wait_until_sent()
    with time_machine.travel(now + timedelta(days=days)):
        yield


@pytest.mark.parametrize("currency", ["eur", "jpy"])
def test_somebody_subscribes_and_it_renews_twice(stripe, alice, currency):
    alice.subscribes(currency=currency)
    assert alice.has == (110, "active", "small")

    alice.lets_pass(31)
    assert alice.has == (210, "active", "small")
    alice.lets_pass(31)
    assert alice.has == (310, "active", "small")
    invoices = PlanInvoice.objects.order_by("pk")
    assert [invoice.amount for invoice in invoices] == [1000 if currency == "eur" else 1500] * 3
    assert LedgerEntry.objects.filter(kind="plan", expires_at=None).count() == 0
    assert invoices[1].period_start == invoices[0].period_end == invoices[0].expires_at
    assert all(invoice.payment_intent_id for invoice in invoices)


def test_a_click_is_one_page_and_two_pages_are_never_open(stripe, alice):
    token = uuid.uuid4()
    first = alice.subscribes(token=token, pays=False)
    assert alice.subscribes(token=token, pays=False).checkout_url == first.checkout_url
    assert len(stripe.objects("checkout.session")) == 1

    alice.subscribes(alice.big, pays=False)
    first.refresh_from_db()
    assert first.state == "left"
    assert [session["status"] for session in stripe.objects("checkout.session")] == ["open", "expired"]


def test_two_windows_at_the_same_moment_leave_one_page_open(stripe, alice, monkeypatch):
    """The second click looks before the first has noted its page, and would give it up after."""
    token, look, first = uuid.uuid4(), subscriptions.running_of, []

    def look_early(organization_id):
        seen = look(organization_id)
        if not first:
            first.append(seen)
            alice.subscribes(token=token, pays=False)  # the page is noted meanwhile
        return seen

    subscribing._store(
        alice.account.organization, subscribing.terms_of(alice.small, "eur"), click_token=token, actor=alice.owner
    )
    monkeypatch.setattr(subscriptions, "running_of", look_early)
    second = alice.subscribes(pays=False)

    assert [session["status"] for session in stripe.objects("checkout.session")] == ["open", "expired"]
    assert second.checkout_session_id == stripe.objects("checkout.session")[0]["id"]
    assert Subscription.objects.get(click_token=token).state == "left"


def test_a_click_that_was_given_up_sends_nobody_to_its_page(stripe, alice, monkeypatch):
    opened, gave_up = stripe_gateway_plans.create_subscribe_page, []

    def slowly(subscription, **facts):
        page = opened(subscription, **facts)
        if not gave_up:
            gave_up.append(subscription)
            alice.subscribes(alice.big, pays=False)  # another window, before this page is noted
        return page

    monkeypatch.setattr(stripe_gateway_plans, "create_subscribe_page", slowly)
    with pytest.raises(AlreadySubscribed):
        alice.subscribes(pays=False)

    assert sorted(session["status"] for session in stripe.objects("checkout.session")) == ["expired", "open"]
    assert alice.plan.terms.plan == alice.big


def test_a_second_plan_that_was_paid_all_the_same_is_named_and_lets_the_others_be(stripe, alice):
    page = alice.subscribes(pays=False)
    Subscription.objects.update(state="left")
    alice.subscribes(alice.big)
    with alice.undisturbed():
        stripe.pay_session(page.checkout_session_id)
    alice.lets_pass(1)

    page.refresh_from_db()
    with by_stripes_clock(stripe), alice.undisturbed():
        found = list(plan_reconciliation.find_disagreements(since=timezone.now() - timedelta(days=3)))
    assert [one.rule for one in found if one.row == f"subscription {page.public_id}"] == ["plan_has_no_problem"]
    page.refresh_from_db()
    assert "end it there" in page.problem
    assert alice.plan.state == "active"


def test_who_has_a_plan_begins_no_other(stripe, alice):
    page = alice.subscribes(pays=False)
    stripe.hold_webhooks()
    stripe.pay_session(page.checkout_session_id)
    with pytest.raises(AlreadySubscribed):  # although no event came yet
        alice.subscribes(alice.big, pays=False)
    stripe.release_webhooks()
    stripe.wait_until_sent()

    with pytest.raises(AlreadySubscribed):
        alice.subscribes(alice.big, pays=False)
    assert alice.has == (110, "active", "small")
    assert len(stripe.objects("subscription")) == 1


def test_the_default_plan_and_unknown_currencies_are_not_sold(stripe, alice):
    with pytest.raises(PurchaseRefused):
        alice.subscribes(Plan.objects.get(is_default=True), pays=False)
    with pytest.raises(PurchaseRefused):
        alice.subscribes(currency="chf", pays=False)


def test_an_upgrade_is_paid_and_credited_for_the_rest_of_the_month(stripe, alice):
    alice.subscribes()
    alice.lets_pass(15)
    quote, change = alice.changes_to(alice.big)

    bill = PlanInvoice.objects.latest("pk")
    assert (quote.kind, change.state, bill.reason) == ("upgrade", "done", "subscription_update")
    assert bill.amount == quote.due_now == pytest.approx(1000, abs=40)
    assert bill.credits == quote.credits_now == 300 * bill.amount // 2000
    assert alice.has == (110 + bill.credits, "active", "big")

    alice.lets_pass(16)
    assert alice.has == (510 + bill.credits, "active", "big")


def test_an_upgrade_just_before_the_month_ends_brings_next_to_nothing(stripe, alice):
    alice.subscribes()
    stripe.advance(days=29.9)
    quote, _change = alice.changes_to(alice.big)

    assert quote.credits_now <= 30
    assert alice.has == (110 + quote.credits_now, "active", "big")


def test_an_upgrade_that_is_not_paid_changes_nothing(stripe, alice):
    alice.subscribes()
    [card] = stripe.objects("payment_method")
    stripe.change_bank_mind(card["id"], card=BAD_CARD)
    with pytest.raises(CardRefused):
        alice.changes_to(alice.big)
    stripe.wait_until_sent()

    assert alice.has == (110, "active", "small")
    assert PlanChange.objects.get().state == "refused"
    assert plan_mails.tell_of_plans(timezone.now()) == 0


def test_a_downgrade_comes_with_the_next_month_and_may_be_taken_back(stripe, alice):
    alice.subscribes(alice.big)
    quote, _change = alice.changes_to(alice.small)
    assert (quote.kind, quote.due_now, quote.starts_at) == ("downgrade", 0, alice.plan.period_end)
    assert alice.has == (410, "active", "big")
    with pytest.raises(ChangeRefused):
        alice.changes_to(make_plan("huge", credits=1000, amount=9000))

    quote, _change = alice.changes_to(alice.big)
    assert (quote.kind, quote.due_now) == ("keep", 0)
    alice.lets_pass(31)
    assert alice.has == (810, "active", "big")

    alice.changes_to(alice.small)
    alice.lets_pass(31)
    assert alice.has == (910, "active", "small")
    assert [invoice["total"] for invoice in stripe.objects("invoice")] == [1000, 3000, 3000]


def test_a_plan_that_gets_dearer_stays_as_it_was_agreed(stripe, alice):
    alice.subscribes()
    alice.small.prices.filter(currency="eur").update(amount=5000)
    Plan.objects.filter(pk=alice.small.pk).update(monthly_credits=1)
    alice.lets_pass(31)

    assert alice.has == (210, "active", "small")
    assert PlanTerms.objects.count() == 1


def test_a_plan_is_canceled_resumed_and_canceled(stripe, alice, mailoutbox):
    alice.subscribes()
    alice.cancels()
    assert alice.has == (110, "canceling", "small")
    with pytest.raises(ChangeRefused):
        alice.changes_to(alice.big)
    alice.resumes()
    alice.lets_pass(31)
    assert alice.has == (210, "active", "small")

    alice.cancels()
    alice.lets_pass(31)
    assert alice.has == (210, "ended", "free")
    assert plan_mails.tell_of_plans(timezone.now()) == 1
    assert plan_mails.tell_of_plans(timezone.now()) == 0
    assert "as somebody asked for" in mailoutbox[0].body


def test_who_had_a_plan_may_begin_another(stripe, alice):
    alice.subscribes()
    stripe_gateway._client().v1.subscriptions.cancel(alice.plan.subscription_id)
    stripe.wait_until_sent()
    assert alice.has == (110, "ended", "free")

    alice.subscribes(alice.big)
    assert alice.has == (510, "active", "big")


def test_a_failed_renewal_is_told_has_a_grace_and_recovers(stripe, alice, mailoutbox):
    alice.subscribes()
    [card] = stripe.objects("payment_method")
    stripe.change_bank_mind(card["id"], card=BAD_CARD)
    alice.lets_pass(31.5)
    assert alice.has == (110, "past_due", "small")
    assert plan_mails.tell_of_plans(timezone.now()) == 1
    assert plan_mails.tell_of_plans(timezone.now()) == 0
    [mail] = mailoutbox
    assert "/billing/plan/" in mail.body
    assert "/billing/plan/" in mail.alternatives[0][0]
    with pytest.raises(ChangeRefused):
        alice.changes_to(alice.big)

    stripe.advance(days=2)
    with by_stripes_clock(stripe, days=6):
        plan_reconciliation.see_to_plans(timezone.now())
        assert alice.has == (110, "past_due", "free")
    with by_stripes_clock(stripe, days=6.1):
        stripe.pay_invoice(alice.plan.invoices.get(state="failed").invoice_id)
        stripe.wait_until_sent()
        assert alice.has == (210, "active", "small")
    assert alice.plan.past_due_told_at is None


def test_who_never_pays_loses_the_plan(stripe, alice, mailoutbox):
    alice.subscribes()
    [card] = stripe.objects("payment_method")
    stripe.change_bank_mind(card["id"], card=BAD_CARD)
    alice.lets_pass(48)

    assert alice.has == (110, "ended", "free")
    plan_mails.tell_of_plans(timezone.now())
    assert "could not be made" in mailoutbox[0].body


def test_a_renewal_is_refunded_and_another_disputed(stripe, alice):
    alice.subscribes()
    alice.lets_pass(31)
    first, second = PlanInvoice.objects.order_by("pk")
    for amount, balance in ((305, 180), (695, 110)):
        stripe_gateway._client().v1.refunds.create({"payment_intent": second.payment_intent_id, "amount": amount})
        stripe.wait_until_sent()
        assert alice.has == (balance, "active", "small")

    charge = next(one for one in stripe.objects("charge") if one["payment_intent"] == first.payment_intent_id)
    dispute = stripe.open_dispute(charge["id"])
    stripe.wait_until_sent()
    assert alice.has == (10, "active", "small")
    assert alice.plan.organization.keys_frozen_at is not None

    stripe.settle_dispute(dispute["id"], outcome="won")
    stripe.wait_until_sent()
    assert alice.has == (110, "active", "small")
    assert alice.plan.organization.keys_frozen_at is None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_news_in_any_order(stripe, alice, seed):
    page = alice.subscribes(pays=False)
    stripe.hold_webhooks()
    stripe.pay_session(page.checkout_session_id)
    stripe.advance(days=31)
    [card] = stripe.objects("payment_method")
    stripe.change_bank_mind(card["id"], card=BAD_CARD)
    stripe.advance(days=31)
    stripe.change_bank_mind(card["id"], card=GOOD_CARD)
    stripe.advance(days=3.5)
    stripe.send_shuffled(seed=seed)
    stripe.wait_until_sent()
    # Most of it came to be within one second of real time, or two: what came last in it, Stripe has to be asked.
    plan_reconciliation.see_to_plans(timezone.now())

    assert alice.has == (310, "active", "small")


def test_news_that_are_lost_are_asked_for(stripe, alice):
    page = alice.subscribes(pays=False)
    stripe.hold_webhooks()  # and nothing is ever sent
    stripe.pay_session(page.checkout_session_id)
    with time_machine.travel(timezone.now() + timedelta(minutes=15)):
        assert plan_reconciliation.see_to_plans(timezone.now()) == 1
    assert alice.has == (110, "active", "small")
    assert PlanInvoice.objects.get().payment_intent_id

    stripe.advance(days=31)
    with by_stripes_clock(stripe, days=1):
        assert plan_reconciliation.see_to_plans(timezone.now()) == 1
        assert plan_reconciliation.see_to_plans(timezone.now()) == 0
    assert alice.has == (210, "active", "small")


def test_what_was_told_in_the_second_of_an_answer_is_asked_for_soon(stripe, alice):
    alice.subscribes()
    alice.cancels()
    stripe.hold_webhooks()
    stripe_gateway._client().v1.subscriptions.update(alice.plan.subscription_id, {"cancel_at_period_end": False})
    # As if the answer to our own change had come in that very second.
    [event] = [one for one in stripe.objects("event") if one["type"] == "customer.subscription.updated"][:1]
    told = datetime.fromtimestamp(event["created"], UTC)
    Subscription.objects.update(as_of=told, is_answer=True, checked_at=timezone.now())
    stripe.release_webhooks()
    stripe.wait_until_sent()
    assert alice.has == (110, "canceling", "small")

    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        assert plan_reconciliation.see_to_plans(timezone.now()) == 1
        assert plan_reconciliation.see_to_plans(timezone.now()) == 0
    assert alice.has == (110, "active", "small")


def test_reconciling_finds_what_was_lost_and_then_nothing(stripe, alice):
    alice.subscribes()
    since = timezone.now() - timedelta(days=1)
    assert list(reconciliation.find_disagreements(since=since)) == []

    stripe.hold_webhooks()
    stripe.advance(days=31)
    second = stripe.objects("invoice")[0]
    [payment] = [one for one in stripe.objects("invoice_payment") if one["invoice"] == second["id"]]
    stripe_gateway._client().v1.refunds.create({"payment_intent": payment["payment"]["payment_intent"], "amount": 500})
    found = [str(one) for one in reconciliation.find_disagreements(since=since)]
    assert any(f"{second['id']} was paid" in one for one in found)
    assert any("is partly_refunded now" in one for one in found)
    assert alice.has == (160, "active", "small")
    assert list(reconciliation.find_disagreements(since=since)) == []


def test_reconciling_names_a_subscription_that_nobody_here_knows(stripe, alice):
    alice.subscribes()
    Subscription.objects.update(public_id=uuid.uuid4(), subscription_id="sub_other")

    found = {one.rule for one in reconciliation.find_disagreements(since=timezone.now() - timedelta(days=1))}
    assert {"subscription_is_at_stripe", "subscription_has_its_row"} <= found


def test_an_answer_that_is_lost_opens_no_second_page(stripe, alice, settings):
    token = uuid.uuid4()
    settings.STRIPE_RETRIES = 0
    stripe.order_fault("/v1/checkout/sessions", kind="drop", after=True)
    with pytest.raises(StripeUnreachable):
        alice.subscribes(token=token, pays=False)

    assert alice.subscribes(token=token).checkout_session_id
    assert len(stripe.objects("checkout.session")) == 1
    assert alice.has == (110, "active", "small")


def test_an_upgrade_whose_answer_is_lost_is_paid_once(stripe, alice, settings):
    alice.subscribes()
    quote = plan_changes.quote(alice.plan, alice.big)
    token = uuid.uuid4()
    settings.STRIPE_RETRIES = 0
    stripe.order_fault(f"/v1/subscriptions/{alice.plan.subscription_id}", kind="drop", after=True)
    stripe.hold_webhooks()
    with pytest.raises(StripeUnreachable):
        alice.agrees_to(quote, token)
    assert alice.agrees_to(quote, token).state == "done"
    stripe.release_webhooks()
    stripe.wait_until_sent()

    assert alice.agrees_to(quote, token).state == "done"
    assert [invoice["total"] for invoice in stripe.objects("invoice")] == [2000, 1000]
    assert alice.has == (410, "active", "big")


def test_an_upgrade_that_came_about_though_its_answer_was_lost_is_no_error_for_who_clicks_again(
    stripe, alice, settings
):
    alice.subscribes()
    quote, token = plan_changes.quote(alice.plan, alice.big), uuid.uuid4()
    settings.STRIPE_RETRIES = 0
    stripe.order_fault(f"/v1/subscriptions/{alice.plan.subscription_id}", kind="drop", after=True)
    with alice.undisturbed(), pytest.raises(StripeUnreachable):
        alice.agrees_to(quote, token)
    assert alice.has == (410, "active", "big")

    with alice.undisturbed():
        assert alice.agrees_to(quote, token).state == "done"
    assert alice.has == (410, "active", "big")


def test_what_was_shown_before_the_plan_changed_in_another_window_is_not_agreed_to(stripe, alice):
    middle = make_plan("middle", credits=250, amount=2000)
    alice.subscribes()
    dearer, shown = plan_changes.quote(alice.plan, alice.big), plan_changes.quote(alice.plan, middle)
    with alice.undisturbed():
        alice.agrees_to(dearer)
    with pytest.raises(ChangeRefused):  # it would come with the next month, as a downgrade
        alice.agrees_to(shown)
    assert alice.plan.next_terms == alice.plan.paid_terms

    assert len(stripe.objects("invoice")) == 2


def test_an_upgrade_that_was_declined_is_not_called_done_by_a_second_click(stripe, alice):
    alice.subscribes()
    quote, token = plan_changes.quote(alice.plan, alice.big), uuid.uuid4()
    [card] = stripe.objects("payment_method")
    stripe.change_bank_mind(card["id"], card=BAD_CARD)
    with alice.undisturbed(), pytest.raises(CardRefused):
        alice.agrees_to(quote, token)

    with pytest.raises(ChangeRefused):
        alice.agrees_to(quote, token)
    assert alice.has == (110, "active", "small")


def test_a_declined_card_is_told_in_the_words_of_the_reader(stripe, alice, client, caplog):
    alice.subscribes()
    [card] = stripe.objects("payment_method")
    stripe.change_bank_mind(card["id"], card=BAD_CARD)
    client.force_login(alice.owner)
    client.cookies["django_language"] = "de"
    with alice.undisturbed():
        sealed = client.get(CHANGE, {"plan": "big"}).context["sealed"]
        text = client.post(CHANGE, {"agreed": sealed}, follow=True).content.decode()

    assert "Die Karte wurde abgelehnt." in text
    assert "Your card was declined" not in text
    [refused] = [record for record in caplog.records if record.msg == "card_refused"]
    assert (refused.reason, refused.said) == ("generic_decline", "Your card was declined.")


def test_a_form_that_is_sent_again_after_another_change_does_not_say_what_is_no_more(stripe, alice, client):
    alice.subscribes(alice.big)
    client.force_login(alice.owner)

    def form_for(plan):
        with alice.undisturbed():
            return {"agreed": client.get(CHANGE, {"plan": plan}).context["sealed"]}

    def sent(address, form):
        with alice.undisturbed():
            return client.post(address, form, follow=True).content.decode()

    lower = form_for("small")
    assert [LATER in sent(CHANGE, lower) for _click in range(2)] == [True, True]
    keep = form_for("big")
    assert "The plan goes on." in sent(CHANGE, keep)
    again = sent(CHANGE, lower)
    assert LATER not in again
    assert MEANWHILE in again
    assert "The plan goes on." in sent(CHANGE, keep)

    assert LATER in sent(CHANGE, form_for("small"))
    assert MEANWHILE in sent(CHANGE, keep)
    cancel, resume = {"token": uuid.uuid4()}, {"token": uuid.uuid4()}
    assert ENDS in sent("/billing/plan/cancel/", cancel)
    assert MEANWHILE in sent(CHANGE, lower)
    assert "The plan goes on." in sent("/billing/plan/resume/", resume)
    again = sent("/billing/plan/cancel/", cancel)
    assert ENDS not in again
    assert MEANWHILE in again
    assert ENDS in sent("/billing/plan/cancel/", {"token": uuid.uuid4()})
    assert MEANWHILE in sent("/billing/plan/resume/", resume)


def test_who_cancels_an_unpaid_plan_is_charged_no_more(stripe, alice, mailoutbox):
    alice.subscribes()
    [card] = stripe.objects("payment_method")
    stripe.change_bank_mind(card["id"], card=BAD_CARD)
    alice.lets_pass(31)
    assert alice.has == (110, "past_due", "small")
    with pytest.raises(ChangeRefused):  # a page from before said that it would go on until the month's end
        alice.cancels()
    alice.cancels(at_once=True)
    assert [one["status"] for one in stripe.objects("invoice")] == ["void", "paid"]
    assert not PlanInvoice.objects.filter(state="failed").exists()

    stripe.change_bank_mind(card["id"], card=GOOD_CARD)
    alice.lets_pass(10)
    assert alice.has == (110, "ended", "free")
    plan_mails.tell_of_plans(timezone.now())
    assert "as somebody asked for" in mailoutbox[-1].body


def test_a_plan_that_was_paid_a_moment_ago_does_not_end_at_once(stripe, alice):
    alice.subscribes()
    [card] = stripe.objects("payment_method")
    stripe.change_bank_mind(card["id"], card=BAD_CARD)
    alice.lets_pass(31)
    with alice.undisturbed():
        stripe.pay_invoice(stripe.objects("invoice")[0]["id"])
        with pytest.raises(ChangeRefused):
            plan_changes.cancel(alice.plan, at_once=True, click_token=uuid.uuid4(), actor=alice.owner)
    assert alice.has == (210, "active", "small")


def test_a_closed_organization_pays_no_more(stripe, alice):
    alice.subscribes()
    close_organization(alice.account.organization)
    with alice.undisturbed():
        plan_reconciliation.see_to_plans(timezone.now())

    assert alice.has == (110, "ended", "free")
    assert [one["status"] for one in stripe.objects("subscription")] == ["canceled"]


def test_a_price_that_is_none_of_ours_brings_nothing_and_alarms(stripe, alice):
    alice.subscribes()
    [item] = stripe.objects("subscription_item")
    client = stripe_gateway._client()
    price = client.v1.prices.create(
        {"currency": "eur", "unit_amount": 1, "recurring": {"interval": "month"}, "product_data": {"name": "Cheap"}}
    )
    client.v1.subscriptions.update(
        alice.plan.subscription_id, {"items": [{"id": item["id"], "price": price.id}], "proration_behavior": "none"}
    )
    stripe.advance(days=31)
    stripe.wait_until_sent()

    rules = {one.rule for one in audit.find_disagreements()}
    assert rules == {"plan_goes_on_as_agreed", "plan_has_no_problem"}
    assert CreditAccount.objects.get(pk=alice.account.pk).balance == 110
    assert "not ours" in PlanInvoice.objects.exclude(problem="").get().problem
