"""Several processes do one thing to people at the same moment: `python -m tests.billing.people_race_child SCENARIO`.

Each has its own connection; the parent prints what became of it as JSON.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.test import Client  # noqa: E402

from accounts import invitations, people  # noqa: E402
from accounts.api_keys import MAX_ACTIVE_KEYS, rotate  # noqa: E402
from accounts.errors import ServiceError  # noqa: E402
from accounts.models import Membership, Organization, Role  # noqa: E402
from billing import audit, free_usage, welcome  # noqa: E402
from billing.charging import held_credits  # noqa: E402
from billing.free_usage import FreeCaller  # noqa: E402
from billing.free_usage_models import FreeKind  # noqa: E402
from billing.models import CreditAccount  # noqa: E402
from tests.billing.closing_race_child import count_deadlocks  # noqa: E402
from tests.billing.forks import FORK, drop_connections  # noqa: E402
from tests.factories import make_account, make_key, make_member, make_organization, make_user  # noqa: E402

RACERS = 6
FORMS = 12
MEETING_TIMEOUT_S = 60
Act = Callable[[], object]


def every_owner_leaves() -> tuple[Sequence[Act], Callable[[], object]]:
    """As many owners as racers, and all want to go."""
    shop = make_organization("Everybody's shop")
    for number in range(RACERS):
        make_member(shop, f"owner{number}@example.com", Role.OWNER)
    owners = list(shop.memberships.select_related("organization"))
    return [lambda owner=owner: people.leave(owner) for owner in owners], shop.memberships.count


def one_person_is_welcomed() -> tuple[Sequence[Act], Callable[[], object]]:
    """The code is sent by several requests at once."""
    nina = make_user("nina@example.com")
    return [lambda: welcome.welcome(nina)] * RACERS, lambda: [Organization.objects.count(), _credits()]


def twins_open_organizations() -> tuple[Sequence[Act], Callable[[], object]]:
    """Addresses that differ behind the plus sign only."""
    twins = [make_user(f"nina+{number}@example.com") for number in range(RACERS)]
    acts = [lambda twin=twin: welcome.open_own(twin, name="Twin's") for twin in twins]
    return acts, lambda: [Organization.objects.count(), _credits()]


def strangers_share_a_budget() -> tuple[Sequence[Act], Callable[[], object]]:
    """Unrelated people with mailboxes at one domain that has room for some of them."""
    settings.FREE_CREDITS_GRANTS_PER_DOMAIN = 2
    strangers = [make_user(f"stranger{number}@example.com") for number in range(RACERS)]
    acts = [lambda stranger=stranger: welcome.welcome(stranger) for stranger in strangers]
    return acts, lambda: [Organization.objects.count(), _credits()]


def one_invitation_is_accepted() -> tuple[Sequence[Act], Callable[[], object]]:
    """The button is pressed several times."""
    shop = make_organization()
    make_member(shop)
    _invitation, secret = invitations.invite(shop.memberships.get(), email="nina@example.com", role=Role.MEMBER)
    nina = make_user("nina@example.com")
    return [lambda: invitations.accept(secret, nina)] * RACERS, nina.memberships.count


def one_person_sends_many_forms() -> tuple[Sequence[Act], Callable[[], object]]:
    """Twelve tabs of the page, where a person may own three organizations."""
    settings.ORGANIZATIONS_PER_PERSON = 3
    nina = make_user(f"nina-{uuid4()}@example.com")
    clients = [Client(SERVER_NAME="127.0.0.1") for _ in range(FORMS)]
    for client in clients:
        client.force_login(nina)
    clients[0].get("/organizations/new/")  # loads views and templates once, before the processes fork
    acts = [
        lambda client=client: client.post("/organizations/new/", {"name": "Nina's", "token": str(uuid4())})
        for client in clients
    ]
    return acts, nina.memberships.count


def many_keys_are_made() -> tuple[Sequence[Act], Callable[[], object]]:
    """An organization has two keys less than it may have."""
    shop = make_organization()
    for number in range(MAX_ACTIVE_KEYS - 2):
        make_key(shop, name=f"Key {number}")
    return [lambda: make_key(shop)] * RACERS, shop.api_keys.count


def one_key_is_rotated_by_many() -> tuple[Sequence[Act], Callable[[], object]]:
    """Each with an overlap; an organization has one key less than it may have."""
    shop = make_organization()
    keys = [make_key(shop, name=f"Key {number}").api_key for number in range(MAX_ACTIVE_KEYS - 1)]
    acts = [lambda key=key: rotate(key, overlap=timedelta(hours=1)) for key in keys[:RACERS]]
    return acts, shop.api_keys.count


def one_image_is_replayed() -> tuple[Sequence[Act], Callable[[], object]]:
    """More at once than a key may be repeated."""
    account = make_account()

    def pay() -> None:
        with held_credits(account, amount=1, idempotency_key="k", fingerprint="f") as charge:
            charge.bind_images("1" * 64)

    pay()
    return [pay] * FORMS, lambda: [account.claims.get().replays, _credits()]


def free_calls_come_at_once() -> tuple[Sequence[Act], Callable[[], object]]:
    """Of one person in two organizations, where the person may have five a day."""
    settings.FREE_CALLS_PER_PERSON_PER_DAY = 5
    nina = make_user("nina@example.com")
    callers = [FreeCaller(make_organization(f"Shop {number}"), nina) for number in range(2)]
    acts = [lambda caller=caller: free_usage.reserve(FreeKind.TEST, caller) for caller in callers * (FORMS // 2)]
    state = lambda: [free_usage.usage_today(nina).total, sum(usage_of(caller) for caller in callers)]  # noqa: E731
    return acts, state


def usage_of(caller: FreeCaller) -> int:
    return free_usage.usage_today(caller.organization).total


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        every_owner_leaves,
        one_person_is_welcomed,
        twins_open_organizations,
        strangers_share_a_budget,
        one_invitation_is_accepted,
        one_person_sends_many_forms,
        many_keys_are_made,
        one_key_is_rotated_by_many,
        one_image_is_replayed,
        free_calls_come_at_once,
    )
}


def take_guard_out(all_have_looked: Barrier) -> None:
    """Let all owners look before one of them goes."""

    def look_then_wait(leaving: Membership) -> None:
        guarded(leaving)
        all_have_looked.wait(MEETING_TIMEOUT_S)

    def look_outside_then_go(membership: Membership) -> None:
        """SQLite lets one transaction write at a time, which hides the mistake while the look is inside."""
        guarded(membership)
        all_have_looked.wait(MEETING_TIMEOUT_S)
        with transaction.atomic():
            membership.delete()

    guarded = people._keep_an_owner
    if connection.vendor == "postgresql":
        people._hold_still = lambda organization_id: None
        people._keep_an_owner = look_then_wait
    else:
        people.leave = look_outside_then_go


def run(acts: Sequence[Act]) -> Counter[str]:
    """Do all of it at once; return how often each outcome was reported."""
    start, outcomes = FORK.Barrier(len(acts)), FORK.SimpleQueue()
    drop_connections()
    children = [FORK.Process(target=_do, args=(act, start, outcomes)) for act in acts]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0, child
    counted: Counter[str] = Counter()
    while not outcomes.empty():
        counted[outcomes.get()] += 1
    return counted


def _do(act: Act, start: Barrier, outcomes: "SimpleQueue[str]") -> None:
    connection.ensure_connection()
    start.wait(MEETING_TIMEOUT_S)
    try:
        act()
        outcomes.put("done")
    except ServiceError as refusal:
        outcomes.put(type(refusal).__name__)


def _credits() -> int:
    return int(CreditAccount.objects.aggregate(total=Sum("balance"))["total"] or 0)


def main() -> None:
    """Run the scenario and print its report; with --rounds run it so often and print what all rounds gave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--without-guard", action="store_true", help="negative control: nobody holds the people still")
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    if options.without_guard:
        take_guard_out(FORK.Barrier(RACERS))
    if options.rounds is None:
        print(json.dumps(race(options.scenario)))
        return
    deadlocks = count_deadlocks()
    rounds = [race(options.scenario) for _ in range(options.rounds)]
    print(json.dumps({"rounds": rounds, "deadlocks": count_deadlocks() - deadlocks}))


def race(scenario: str) -> dict[str, object]:
    """Run the scenario once; return how the acts ended, the state afterwards, and what the audit finds."""
    acts, state = SCENARIOS[scenario]()
    outcomes = run(acts)
    disagreements = [str(found) for found in audit.find_disagreements()]
    return {"outcomes": outcomes, "state": state(), "disagreements": disagreements}


if __name__ == "__main__":
    main()
