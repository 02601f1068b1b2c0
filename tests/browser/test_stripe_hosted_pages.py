"""A person on the pages that the stand-in hosts in Stripe's place."""

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from stripe import StripeClient
from werkzeug import Response
from werkzeug.serving import make_server

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
    troubles.watch(page)
    yield page
    context.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """Whatever page of the seller's a person comes back to."""
    page = Response("<link rel=icon href='data:,'>The shop.", mimetype="text/html")
    server = make_server("127.0.0.1", 0, page, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def _session(shop: str, client: StripeClient, customer: str) -> tuple[str, str]:
    session = open_session(
        client,
        customer,
        success_url=f"{shop}/thanks?session={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{shop}/credits",
    )
    return session.id, str(session.url)


def _pay_with(page: Page, number: str, button: str = "Pay") -> None:
    page.get_by_label("Card").select_option(number)
    page.get_by_role("button", name=button, exact=True).click()


def test_paying(client: StripeClient, customer: str, shop: str, page: Page) -> None:
    session, url = _session(shop, client, customer)
    page.goto(url)
    expect(page.get_by_text("100 credits: 15.00 USD")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("alice@example.com")

    _pay_with(page, "4242424242424242")

    expect(page).to_have_url(re.compile(rf"/thanks\?session={session}$"))
    assert client.v1.checkout.sessions.retrieve(session).payment_status == "paid"
    page.goto(url)
    expect(page.get_by_text("This session is complete.")).to_be_visible()


def test_giving_a_vat_number_and_reading_what_is_agreed(
    client: StripeClient, customer: str, shop: str, page: Page
) -> None:
    session = open_session(
        client,
        customer,
        success_url=f"{shop}/thanks",
        tax_id_collection={"enabled": True},
        customer_update={"name": "auto"},
        custom_text={"submit": {"message": "We keep your card for later."}},
    )
    page.goto(str(session.url))
    expect(page.get_by_text("We keep your card for later.")).to_be_visible()

    page.get_by_label("VAT number").fill("DE123456789")
    _pay_with(page, "4242424242424242")

    expect(page).to_have_url(re.compile("/thanks"))
    assert [tax_id.value for tax_id in client.v1.customers.tax_ids.list(customer).data] == ["DE123456789"]


def test_being_declined_and_paying_then(client: StripeClient, customer: str, shop: str, page: Page) -> None:
    session, url = _session(shop, client, customer)
    page.goto(url)

    _pay_with(page, "4000000000009995")
    expect(page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")
    assert client.v1.checkout.sessions.retrieve(session).status == "open"
    _pay_with(page, "4242424242424242")

    expect(page).to_have_url(re.compile("/thanks"))


def test_delaying_leaving_and_expiring(client: StripeClient, customer: str, shop: str, page: Page) -> None:
    delayed, url = _session(shop, client, customer)
    page.goto(url)
    page.get_by_role("button", name="Pay by bank debit").click()
    expect(page).to_have_url(re.compile("/thanks"))
    session = client.v1.checkout.sessions.retrieve(delayed)
    assert (session.status, session.payment_status) == ("complete", "unpaid")

    left, url = _session(shop, client, customer)
    page.goto(url)
    page.get_by_role("link", name="Back to the shop").click()
    expect(page).to_have_url(re.compile("/credits$"))
    assert client.v1.checkout.sessions.retrieve(left).status == "open"

    page.goto(url)
    page.get_by_role("button", name="Let the session expire").click()
    expect(page.get_by_text("This session is expired.")).to_be_visible()


def test_seeing_to_a_subscription_in_the_portal(
    stripe_side: StripeStandIn, client: StripeClient, customer: str, shop: str, page: Page
) -> None:
    product = client.v1.products.create({"name": "Plan"}).id
    price = client.v1.prices.create(
        {"product": product, "currency": "usd", "unit_amount": 1000, "recurring": {"interval": "month"}}
    ).id
    page.goto(str(subscribe(client, customer, price, success_url=f"{shop}/thanks").url))
    _pay_with(page, "4000000000000341", "Subscribe")
    expect(page.get_by_role("alert")).to_be_visible()
    _pay_with(page, "4242424242424242", "Subscribe")
    expect(page).to_have_url(re.compile("/thanks"))
    portal = client.v1.billing_portal.sessions.create({"customer": customer, "return_url": f"{shop}/billing"})
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
    expect(page).to_have_url(re.compile("/billing$"))


@pytest.mark.parametrize(("button", "status"), [("Agree", "succeeded"), ("Refuse", "requires_payment_method")])
def test_answering_the_bank(
    client: StripeClient, customer: str, shop: str, page: Page, button: str, status: str
) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 1500,
            "currency": "usd",
            "customer": customer,
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
            "return_url": f"{shop}/back",
        }
    )
    page.goto(intent.next_action.redirect_to_url.url)

    page.get_by_role("button", name=button).click()

    expect(page).to_have_url(re.compile("/back$"))
    assert client.v1.payment_intents.retrieve(intent.id).status == status
