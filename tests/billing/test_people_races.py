"""What happens at the same moment: an owner stays, credits come once, and every limit of a number holds."""

import pytest

from accounts.api_keys import MAX_ACTIVE_KEYS
from billing.models import MAX_REPLAYS
from tests.billing.people_race_child import FORMS, RACERS
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
        ("one_person_sends_many_forms", {"done": FORMS}, 3),
        ("many_keys_are_made", {"done": 2, "TooManyKeys": RACERS - 2}, MAX_ACTIVE_KEYS),
        ("one_key_is_rotated_by_many", {"done": 1, "TooManyKeys": RACERS - 1}, MAX_ACTIVE_KEYS),
        ("one_image_is_replayed", {"done": MAX_REPLAYS, "ReplaysUsedUp": FORMS - MAX_REPLAYS}, [MAX_REPLAYS, 9]),
        ("free_calls_come_at_once", {"done": 5, "FreeBudgetUsed": FORMS - 5}, [5, 5]),
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
