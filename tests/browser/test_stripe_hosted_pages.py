"""A person on the pages that the stand-in hosts in Stripe's place."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from stripe import StripeClient

from tests.browser.conftest import DESKTOP, PHONE, Troubles
from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.buying import open_session, subscribe
from tests.stripe_stand_in.seller import client_for


@pytest.fixture
def stripe_side() -> Iterator[StripeStandIn]:
    with StripeStandIn() as stand_in:
        yield stand_in
        stand_in.check_honest()


@pytest.fixture
def client(stripe_side: StripeStandIn) -> StripeClient:
    return client_for(stripe_side.url)


@pytest.fixture
def customer(client: StripeClient) -> str:
    return client.v1.customers.create({"email": "alice@example.com"}).id


@pytest.fixture(params=["phone", "desktop"])
def page(request: pytest.FixtureRequest, chromium: Browser, troubles: Troubles) -> Iterator[Page]:
    context = chromium.new_context(viewport=PHONE if request.param == "phone" else DESKTOP)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = context.new_page()
    # The shop that the person comes back to is not part of these tests.
    page.route("**/shop/**", lambda route: route.fulfill(body="<link rel=icon href='data:,'>shop"))
    troubles.watch(page)
    yield page
    context.close()


def _session(stripe_side: StripeStandIn, client: StripeClient, customer: str) -> tuple[str, str]:
    session = open_session(
        client,
        customer,
        success_url=f"{stripe_side.url}/shop/thanks?session={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{stripe_side.url}/shop/credits",
    )
    return session.id, str(session.url)


def _pay_with(page: Page, number: str, button: str = "Pay") -> None:
    page.get_by_label("Card").select_option(number)
    page.get_by_role("button", name=button, exact=True).click()


def test_paying(stripe_side: StripeStandIn, client: StripeClient, customer: str, page: Page) -> None:
    session, url = _session(stripe_side, client, customer)
    page.goto(url)
    expect(page.get_by_text("100 credits: 15.00 USD")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("alice@example.com")

    _pay_with(page, "4242424242424242")

    expect(page).to_have_url(re.compile(rf"/shop/thanks\?session={session}$"))
    assert client.v1.checkout.sessions.retrieve(session).payment_status == "paid"
    page.goto(url)
    expect(page.get_by_text("This session is complete.")).to_be_visible()


def test_being_declined_and_paying_then(
    stripe_side: StripeStandIn, client: StripeClient, customer: str, page: Page
) -> None:
    session, url = _session(stripe_side, client, customer)
    page.goto(url)

    _pay_with(page, "4000000000009995")
    expect(page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")
    assert client.v1.checkout.sessions.retrieve(session).status == "open"
    _pay_with(page, "4242424242424242")

    expect(page).to_have_url(re.compile("/shop/thanks"))


def test_delaying_leaving_and_expiring(
    stripe_side: StripeStandIn, client: StripeClient, customer: str, page: Page
) -> None:
    delayed, url = _session(stripe_side, client, customer)
    page.goto(url)
    page.get_by_role("button", name="Pay by bank debit").click()
    expect(page).to_have_url(re.compile("/shop/thanks"))
    session = client.v1.checkout.sessions.retrieve(delayed)
    assert (session.status, session.payment_status) == ("complete", "unpaid")

    left, url = _session(stripe_side, client, customer)
    page.goto(url)
    page.get_by_role("link", name="Back to the shop").click()
    expect(page).to_have_url(re.compile("/shop/credits$"))
    assert client.v1.checkout.sessions.retrieve(left).status == "open"

    page.goto(url)
    page.get_by_role("button", name="Let the session expire").click()
    expect(page.get_by_text("This session is expired.")).to_be_visible()


def test_seeing_to_a_subscription_in_the_portal(
    stripe_side: StripeStandIn, client: StripeClient, customer: str, page: Page
) -> None:
    product = client.v1.products.create({"name": "Plan"}).id
    price = client.v1.prices.create(
        {"product": product, "currency": "usd", "unit_amount": 1000, "recurring": {"interval": "month"}}
    ).id
    page.goto(str(subscribe(client, customer, price).url))
    page.route("**/thanks**", lambda route: route.fulfill(body="<link rel=icon href='data:,'>shop"))
    _pay_with(page, "4000000000000341", "Subscribe")
    expect(page.get_by_role("alert")).to_be_visible()
    _pay_with(page, "4242424242424242", "Subscribe")
    expect(page).to_have_url(re.compile("/thanks"))
    portal = client.v1.billing_portal.sessions.create(
        {"customer": customer, "return_url": f"{stripe_side.url}/shop/billing"}
    )
    [subscription] = client.v1.subscriptions.list({"customer": customer, "status": "active"}).data

    page.goto(portal.url)
    page.get_by_role("button", name="Cancel at period end").click()
    expect(page.get_by_text("(ends with its period)")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Cancel at period end")).to_be_visible()
    _pay_with(page, "4000000000000341", "Use this card")
    stripe_side.control.advance(days=32)
    assert client.v1.subscriptions.retrieve(subscription.id).status == "past_due"

    page.goto(portal.url)
    page.get_by_role("link", name=re.compile("STANDIN")).first.click()
    _pay_with(page, "4242424242424242")
    expect(page.get_by_text("paid: 10.00 USD")).to_be_visible()
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"
    page.goto(portal.url)
    page.get_by_role("link", name="Back to the shop").click()
    expect(page).to_have_url(re.compile("/shop/billing$"))


@pytest.mark.parametrize(("button", "status"), [("Agree", "succeeded"), ("Refuse", "requires_payment_method")])
def test_answering_the_bank(
    stripe_side: StripeStandIn, client: StripeClient, customer: str, page: Page, button: str, status: str
) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 1500,
            "currency": "usd",
            "customer": customer,
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
            "return_url": f"{stripe_side.url}/shop/back",
        }
    )
    page.goto(intent.next_action.redirect_to_url.url)

    page.get_by_role("button", name=button).click()

    expect(page).to_have_url(re.compile("/shop/back$"))
    assert client.v1.payment_intents.retrieve(intent.id).status == status
