"""The page of the plan: what it shows, and what nobody can make it do."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Role
from billing import plan_mails, subscriptions
from billing.models import CreditAccount
from billing.plan_changes import Quote
from billing.plan_forms import QUOTE_LASTS_S, seal, unseal
from billing.subscription_models import ChangeKind, PlanChange
from tests.billing.plan_fakes import (
    DAY,
    invoice_of,
    make_plan,
    make_subscription,
    subscription_of,
    terms_of,
    upgrade_of,
)
from tests.billing.stripe_fakes import CREATED
from tests.billing.test_plan_invoices import tell
from tests.factories import make_account, make_member

pytestmark = pytest.mark.django_db
PAGE, CHANGE, CANCEL = "/billing/plan/", "/billing/plan/change/", "/billing/plan/cancel/"


@pytest.fixture(autouse=True)
def then():
    with time_machine.travel(datetime.fromtimestamp(CREATED + 3600, UTC)) as clock:
        yield clock


@pytest.fixture
def owner(client, alice):
    client.force_login(make_member(alice.organization))
    return client


@pytest.fixture
def small(selling):
    return terms_of(make_plan())


@pytest.fixture
def big(selling):
    return terms_of(make_plan("big", credits=400, amount=3000))


@pytest.fixture
def subscription(alice, small, big):
    subscription = make_subscription(alice.organization, small)
    tell("customer.subscription.created", subscription_of(subscription))
    tell("invoice.paid", invoice_of(subscription))
    subscription.refresh_from_db()
    return subscription


def quote_of(terms, **changes):
    return Quote(ChangeKind.UPGRADE, terms, terms, **{"due_now": 2000, "prorated_at": timezone.now(), **changes})


def test_without_keys_the_page_says_so_and_sells_nothing(owner):
    make_plan()
    text = owner.get(PAGE).content.decode()

    assert "Subscribe to" not in text
    assert (
        owner.post(f"{PAGE}subscribe/", {"plan": "small", "currency": "eur", "token": uuid.uuid4()}).status_code == 302
    )


def test_who_has_a_plan_sees_what_was_agreed_and_not_what_it_costs_now(owner, subscription):
    subscription.terms.plan.prices.update(amount=7700)
    text = owner.get(PAGE).content.decode()

    assert "10.00 EUR" in text
    assert "77.00 EUR" not in text
    assert "Change to Big" in text
    assert "USD" not in text


def test_an_admin_sees_the_plan_and_no_buttons(client, alice, subscription):
    client.force_login(make_member(alice.organization, "adam@example.com", Role.ADMIN))
    text = client.get(PAGE).content.decode()

    assert "10.00 EUR" in text
    assert not any(words in text for words in ("Cancel the plan", "Change to", "Subscribe to"))
    assert client.get(CANCEL).status_code == 403


def test_a_plan_that_is_slower_than_what_somebody_gave_says_so(owner, alice, small, big):
    words = "Slower than what your organization has now."
    for plan, requests_per_minute in ((alice.plan, 1), (big.plan, small.plan.requests_per_minute + 1)):
        plan.requests_per_minute, plan.max_concurrency = requests_per_minute, 1
        plan.save()
    assert words not in owner.get(PAGE).content.decode()

    alice.plan = big.plan
    alice.save()
    assert owner.get(PAGE).content.decode().count(words) == 1


@pytest.fixture
def going_lower(alice, small, big):
    """Big, paid for, with Small to follow."""
    subscription = make_subscription(alice.organization, big)
    tell("customer.subscription.created", subscription_of(subscription))
    tell("invoice.paid", invoice_of(subscription))
    tell("customer.subscription.updated", subscription_of(subscription, terms=small), created=CREATED + 60)
    subscription.refresh_from_db()
    return subscription


KEEP_FIRST = "To choose a larger plan, keep the one that you have first."


def test_who_goes_lower_is_told_to_keep_the_plan_where_there_is_a_button_for_it(client, owner, alice, going_lower):
    text = owner.get(PAGE).content.decode()
    assert "30.00 EUR" in text
    assert KEEP_FIRST in text
    assert "Keep Big" in text

    client.force_login(make_member(alice.organization, "adam@example.com", Role.ADMIN))
    text = client.get(PAGE).content.decode()
    assert KEEP_FIRST not in text
    assert "Keep Big" not in text


def test_a_month_that_failed_after_a_downgrade_is_that_of_the_smaller_plan(owner, going_lower, small, mailoutbox):
    late = {"month": 1, "terms": small}
    tell("customer.subscription.updated", subscription_of(going_lower, "past_due", **late), created=CREATED + 31 * DAY)
    tell("invoice.payment_failed", invoice_of(going_lower, "open", **late), created=CREATED + 31 * DAY)
    text = owner.get(PAGE).content.decode()
    current = text.split('aria-labelledby="current"')[1].split("</section>")[0]

    assert "The payment for Small failed." in text
    assert "10.00 EUR" in current
    assert "30.00 EUR" not in current
    assert "After that" not in current
    assert KEEP_FIRST not in text

    assert plan_mails.tell_of_plans(timezone.now()) == 1
    [mail] = mailoutbox
    assert mail.subject == "Alice's shop: the payment for Small failed"
    assert "The monthly payment for Small of Alice's shop was not made" in mail.body
    assert "Big" not in mail.body

    tell("customer.subscription.deleted", subscription_of(going_lower, "canceled", **late), created=CREATED + 45 * DAY)
    plan_mails.tell_of_plans(timezone.now())
    assert mailoutbox[1].subject == "Alice's shop: Small has ended"


def test_nothing_follows_a_plan_that_is_to_end(owner, subscription, big, small):
    """Not even the smaller plan that was chosen before; who keeps the plan after all goes on to that."""

    def page_after(second, **changes):
        facts = subscription_of(subscription, terms=small, **changes)
        tell("customer.subscription.updated", facts, created=CREATED + second, event_id=f"evt_{second}")
        return owner.get(PAGE).content.decode()

    tell("invoice.paid", upgrade_of(subscription, small, big))
    lower = page_after(60)
    assert ("After that" in lower, ">Next<" in lower) == (True, True)

    ending = page_after(120, cancel_at_period_end=True)
    assert "Keep Big" in ending
    assert ("After that" in ending, ">Next<" in ending) == (False, False)

    assert "After that" in page_after(180)


def test_a_price_that_was_shown_cannot_be_made_up(owner, subscription, big, then):
    sealed = seal(quote_of(big), subscription)
    assert unseal(sealed, subscription).quote.terms == big
    other = make_subscription(make_account("Bob's shop").organization, big)
    forged = signing.dumps([str(subscription.public_id), str(big.public_id), 0, str(uuid.uuid4())], salt="another")

    assert unseal(sealed, other) is None
    for wrong in ("", "x", sealed[:-1], forged):
        assert unseal(wrong, subscription) is None
        assert owner.post(CHANGE, {"agreed": wrong}).status_code == 302
    then.shift(timedelta(seconds=QUOTE_LASTS_S + 1))
    assert unseal(sealed, subscription) is None
    assert PlanChange.objects.count() == 0


def test_a_page_that_waits_looks_again_until_the_plan_begins(owner, alice, small, monkeypatch):
    monkeypatch.setattr("billing.plan_views.catch_up", lambda subscription: subscription)
    subscription = make_subscription(alice.organization, small)
    assert b"hx-get" in owner.get(PAGE).content
    look = owner.get(f"{PAGE}?looks=3", headers={"HX-Request": "true"})
    assert b'hx-get="/billing/plan/?looks=4"' in look.content
    assert b"hx-get" not in owner.get(f"{PAGE}?looks=9999", headers={"HX-Request": "true"}).content

    tell("invoice.paid", invoice_of(subscription))
    assert owner.get(f"{PAGE}?looks=4", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_the_database_holds_to_one_plan_at_a_time(alice, subscription, big):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_subscription(alice.organization, big)


def test_what_stripe_calls_active_gives_nothing_before_it_is_paid(owner, alice, small):
    subscription = make_subscription(alice.organization, small)
    before = CreditAccount.objects.get().plan
    tell("customer.subscription.created", subscription_of(subscription))

    assert subscriptions.running_of(alice.organization_id).state == "pending"
    assert CreditAccount.objects.get().plan == before
    subscription.refresh_from_db()
    assert subscription.subscription_id


def test_the_public_page_shows_what_plans_cost_and_bring(client, alice, small):
    text = client.get("/pricing/?currency=jpy").content.decode()
    assert "1,500 JPY" in text
    assert "100 credits a month" in text
    assert "What is not used expires with the month." in text
    assert "Choose a plan" not in text

    client.force_login(make_member(alice.organization))
    page = client.get("/pricing/").content.decode()
    assert "10.00 EUR" in page
    assert 'href="/billing/plan/?currency=eur#plans"' in page


def test_the_public_page_prices_no_plan_where_nothing_is_sold(client):
    make_plan()

    text = client.get("/pricing/").content.decode()
    assert "Small" in text
    assert "10.00 EUR" not in text


@pytest.mark.parametrize("odd", ["nobody", "sm\0all", "%", "x" * 5000, "小"])
def test_a_plan_that_there_is_not_is_not_found(owner, subscription, odd):
    assert owner.get(CHANGE, {"plan": odd}).status_code == 404
    sent = {"plan": odd, "currency": "eur", "token": uuid.uuid4()}
    assert owner.post(f"{PAGE}subscribe/", sent).status_code == 302


def test_a_click_that_opened_no_page_leaves_no_page_to_go_on_to(owner, alice, small):
    make_subscription(alice.organization, small, checkout_session_id=None, checkout_url="")
    text = owner.get(PAGE).content.decode()

    assert "Not paid yet" not in text
    assert "Nothing is paid for it." in text
    assert "Subscribe to Small" in text


def test_who_closes_an_organization_is_told_that_its_plan_ends(owner, alice, small):
    words = "Its plan ends."
    subscription = make_subscription(alice.organization, small)
    assert words not in owner.get("/organization/close/").content.decode()

    tell("invoice.paid", invoice_of(subscription))
    assert words in owner.get("/organization/close/").content.decode()
