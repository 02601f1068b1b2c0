"""What people do at the same moment: an owner stays, credits come once, an invitation lets one in."""

import pytest

from tests.billing.people_race_child import RACERS
from tests.billing.shared_database import run_child, shared_database

RACE = "tests.billing.people_race_child"


@pytest.mark.parametrize(
    ("scenario", "outcomes", "state"),
    [
        ("every_owner_leaves", {"done": RACERS - 1, "LastOwner": 1}, 1),
        ("one_person_is_welcomed", {"done": RACERS}, [1, 50]),
        ("twins_open_organizations", {"done": RACERS}, [RACERS, 50]),
        ("strangers_share_a_budget", {"done": RACERS}, [RACERS, 100]),
        ("one_invitation_is_accepted", {"done": 1, "NotOpen": RACERS - 1}, 1),
    ],
)
def test_at_the_same_moment(tmp_path, scenario, outcomes, state):
    with shared_database(tmp_path) as url:
        report = run_child(RACE, url, scenario)

    assert report == {"outcomes": outcomes, "state": state, "disagreements": []}


def test_without_the_guard_every_owner_goes(tmp_path):
    """Negative control: they look, then go, and nobody is left."""
    with shared_database(tmp_path) as url:
        report = run_child(RACE, url, "every_owner_leaves", "--without-guard")

    assert report["state"] == 0
