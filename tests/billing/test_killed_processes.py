"""A process may die at any moment: no credit is lost, doubled or leaked, and the same key works again."""

import os

import pytest

from tests.billing.shared_database import run_child, shared_database

RANDOM_KILLS = int(os.environ.get("RANDOM_KILLS", "8"))  # an even number; `make verify` asks for hundreds


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    with shared_database(tmp_path_factory.mktemp("kill")) as url:
        return run_child("tests.billing.kill_child", url, "--random", str(RANDOM_KILLS))


@pytest.mark.parametrize(
    ("point", "unavailable", "open_holds", "claim"),
    [
        ("before_claim", 0, 0, None),
        ("after_claim", 0, 0, "running"),
        ("after_hold", 1, 1, "running"),
        ("after_work", 1, 1, "running"),
        ("inside_capture", 1, 1, "running"),
        ("after_capture", 1, 0, "delivered"),
    ],
)
def test_a_death_leaves_what_it_should(report, point, unavailable, open_holds, claim):
    left = {"killed": True, "unavailable": unavailable, "open_holds": open_holds, "claim": claim}

    assert report["points"][point] == left


def test_random_deaths_happened_during_work(report):
    assert report["killed_at_random"] == RANDOM_KILLS
    assert report["delivered"] > RANDOM_KILLS


def test_every_orphaned_hold_comes_free(report):
    assert report["open_holds"] >= 3
    assert report["swept"] == report["open_holds"]
    assert report["held_after_sweep"] == 0


def test_the_books_agree_after_the_sweep_and_after_the_retries(report):
    assert report["disagreements"] == []
    assert report["disagreements_at_the_end"] == []


def test_nothing_is_delivered_unpaid_or_twice(report):
    assert report["delivered_unpaid"] == []
    assert report["delivered_twice"] == 0
    assert report["used"] == report["paid"]


def test_what_was_paid_and_lost_is_free_again(report):
    assert len(report["charged_again"]) == report["paid_undelivered"] >= 1
    assert set(report["charged_again"].values()) == {0}


def test_a_retry_after_an_unpaid_death_is_charged_once(report):
    assert len(report["charged_at_last"]) >= 4
    assert set(report["charged_at_last"].values()) == {1}
    assert report["used_at_the_end"] == report["used"] + len(report["charged_at_last"])
