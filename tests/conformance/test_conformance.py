"""Every row of the conformance table, one test each; and the page that is written from the rows."""

import ipaddress
from collections import Counter

import pytest

from billing.selectors import account_of, credits_of
from tests.conformance.answers import disagreements
from tests.conformance.page import PAGE, page_text
from tests.conformance.sending import send
from tests.conformance.table import ROWS
from tests.conformance.worlds import WORLDS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_answer_is_what_the_reference_says(row, world, files_port, settings):
    settings.FETCH_ALLOWED_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    settings.FETCH_PORTS = [files_port]
    WORLDS[row.world](world)
    owned = credits_of(account_of(world.shop).pk).available

    response = send(row, world.secret, files_port)

    assert disagreements(row, response) == []
    is_delivered = row.expected.picture is not None
    assert owned - credits_of(account_of(world.shop).pk).available == is_delivered


def test_no_row_stands_there_twice():
    assert [name for name, times in Counter(row.name for row in ROWS).items() if times > 1] == []


def test_the_page_is_what_the_rows_give():
    assert PAGE.read_text(encoding="utf-8") == page_text(), "Write it anew: python -m tests.conformance.page"
