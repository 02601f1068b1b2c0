"""CSV exports: one at a time for an organization, a few in a process, and each place comes back."""

import pytest
from django.core.cache import cache

from billing import exports
from tests.factories import make_member, make_organization

# Closing an answer outside the test client closes the database connection, which a test's transaction forbids.
pytestmark = pytest.mark.django_db(transaction=True)
PATHS = ["/billing/statement.csv", "/usage/requests.csv"]


@pytest.fixture(autouse=True)
def fresh_leases():
    cache.clear()


@pytest.fixture
def owner(client, alice):
    client.force_login(make_member(alice.organization))
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("path", PATHS)
def test_an_organization_downloads_one_table_at_a_time(owner, path):
    first = owner.get(PATHS[0])
    refused = owner.get(path)
    assert refused.status_code == 429
    assert "is downloading a table already" in refused.content.decode()
    assert refused["Retry-After"] == str(exports.RETRY_AFTER_S)

    assert b"".join(first.streaming_content).count(b"\n") == 2
    first.close()
    again = owner.get(path)
    assert again.status_code == 200
    again.close()


def test_a_download_that_is_given_up_before_its_first_line_gives_its_place_back(owner):
    for _many in range(exports.MOST_IN_A_PROCESS + 1):
        owner.get(PATHS[0]).close()


def test_a_process_sends_a_few_at_once(alice):
    shops = [make_organization(f"Shop {n}") for n in range(exports.MOST_IN_A_PROCESS + 1)]
    running = [exports.csv_response(shop, [["a"]], file_name="a.csv") for shop in shops[:-1]]
    with pytest.raises(exports.TooManyExports):
        exports.csv_response(shops[-1], [["a"]], file_name="a.csv")

    running[0].close()
    running[0].close()  # twice is harmless
    last = exports.csv_response(shops[-1], [["a"]], file_name="a.csv")
    with pytest.raises(exports.TooManyExports):
        exports.csv_response(make_organization("One more"), [["a"]], file_name="a.csv")
    for response in (*running, last):
        response.close()
