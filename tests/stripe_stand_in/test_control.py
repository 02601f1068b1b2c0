"""The controls over HTTP, and the stand-in as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from stripe import StripeClient

from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.buying import open_session
from tests.stripe_stand_in.seller import SECRET, Inbox, client_for


def _pull(url: str, name: str, **arguments: object) -> requests.Response:
    return requests.post(f"{url}/_control/{name}", json=arguments, timeout=10)


def test_strings_are_pulled_over_http(stand_in: StripeStandIn, client: StripeClient, customer: str) -> None:
    session = open_session(client, customer).id

    assert _pull(stand_in.url, "pay_session", session=session).json()["status"] == "complete"
    assert _pull(stand_in.url, "pay_session", session=session).status_code == 400
    before = _pull(stand_in.url, "advance").json()
    assert _pull(stand_in.url, "advance", days=1).json() >= before + 86400
    assert [one["id"] for one in _pull(stand_in.url, "objects", kind="customer").json()] == [customer]
    assert _pull(stand_in.url, "violations").json() == []


@pytest.mark.parametrize("name", ["nonsense", "_get", "__init__", "api"])
def test_there_are_no_other_strings(stand_in: StripeStandIn, name: str) -> None:
    assert _pull(stand_in.url, name).status_code == 404


@pytest.fixture
def process() -> Iterator[tuple[str, Inbox]]:
    with Inbox() as inbox:
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.stripe_stand_in", "--webhook", inbox.url, SECRET],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert started.stdout is not None
        with started.stdout as printed:
            yield printed.readline().strip(), inbox
        started.terminate()
        started.wait(timeout=10)


def test_it_runs_by_itself(process: tuple[str, Inbox]) -> None:
    url, inbox = process

    customer = client_for(url).v1.customers.create().id

    assert inbox.wait_for("customer.created")["data"]["object"]["id"] == customer
    [delivery] = _pull(url, "deliveries").json()
    assert delivery["event_type"] == "customer.created"
