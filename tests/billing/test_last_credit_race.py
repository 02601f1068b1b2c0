"""Sixteen processes want the last credit: one gets it. Without the guard the same test fails."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.billing.shared_database import run_child, shared_database

RACE = "tests.billing.race_child"


@pytest.fixture(scope="module")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with shared_database(tmp_path_factory.mktemp("race")) as url:
        yield url


def assert_one_got_it(report: dict[str, Any]) -> None:
    assert report["outcomes"] == {"held": 1, "charged": 1, "payment_required": 15}
    assert report["available"] == 0
    assert report["disagreements"] == []


def test_the_last_credit_goes_to_one_of_sixteen(database_url):
    assert_one_got_it(run_child(RACE, database_url))


def test_five_credits_go_to_five_of_sixteen(database_url):
    report = run_child(RACE, database_url, "--credits", "5")

    assert report["outcomes"] == {"held": 5, "charged": 5, "payment_required": 11}
    assert report["disagreements"] == []


def test_one_key_sent_sixteen_times_at_once_is_worked_on_once(database_url):
    report = run_child(RACE, database_url, "--credits", "5", "--same-key")

    assert report["outcomes"] == {"held": 1, "charged": 1, "request_in_progress": 15}
    assert report["available"] == 4
    assert report["disagreements"] == []


def test_a_key_is_not_overspent_by_sixteen_at_once(database_url):
    report = run_child(RACE, database_url, "--credits", "100", "--cap", "3")

    assert report["outcomes"] == {"held": 3, "charged": 3, "payment_required": 13}
    assert report["available"] == 97
    assert report["disagreements"] == []


def test_without_its_guard_the_cap_is_overspent(tmp_path):
    """Negative control, on a database of its own because it spoils the books."""
    with shared_database(tmp_path) as url:
        report = run_child(RACE, url, "--credits", "100", "--cap", "3", "--without-cap-guard")

    assert report["outcomes"]["held"] > 3


def test_without_the_guard_several_get_the_last_credit(tmp_path):
    """Negative control, on a database of its own because it spoils the books."""
    with shared_database(tmp_path) as url:
        report = run_child(RACE, url, "--without-guard")

    assert report["outcomes"]["held"] > 1
    with pytest.raises(AssertionError):
        assert_one_got_it(report)
