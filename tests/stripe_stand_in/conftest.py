"""A stand-in for each test, which fails it where anything was said that the real Stripe would not say or understand."""

from collections.abc import Iterator

import pytest
from stripe import StripeClient

from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.seller import SECRET, Inbox, client_for


@pytest.fixture
def dishonest_stand_in() -> Iterator[StripeStandIn]:
    """A stand-in whose violations the test looks at itself."""
    with StripeStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(dishonest_stand_in: StripeStandIn) -> Iterator[StripeStandIn]:
    yield dishonest_stand_in
    dishonest_stand_in.check_honest()


@pytest.fixture
def client(stand_in: StripeStandIn) -> StripeClient:
    return client_for(stand_in.url)


@pytest.fixture
def inbox(stand_in: StripeStandIn) -> Iterator[Inbox]:
    """A webhook endpoint that the stand-in sends to."""
    with Inbox() as inbox:
        stand_in.control.add_endpoint(inbox.url, SECRET)
        yield inbox


@pytest.fixture
def customer(client: StripeClient) -> str:
    return client.v1.customers.create({"email": "alice@example.com", "metadata": {"organization": "7"}}).id


@pytest.fixture
def monthly_prices(client: StripeClient) -> tuple[str, str]:
    """The prices of a small and a big plan."""
    product = client.v1.products.create({"name": "Plan"}).id
    small, big = (
        client.v1.prices.create(
            {"product": product, "currency": "usd", "unit_amount": amount, "recurring": {"interval": "month"}}
        ).id
        for amount in (1000, 3000)
    )
    return small, big
