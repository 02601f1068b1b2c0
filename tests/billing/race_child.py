"""Sixteen processes reach for one credit at the same moment: `python -m tests.billing.race_child [--without-guard]`.

With `--cap N` they share a key that may use N credits a month, and the account has more than enough.

Each process has its own connection and goes through `held_credits`; the parent prints what became of them as JSON.
"""

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.errors import ServiceError  # noqa: E402
from accounts.models import ApiKey  # noqa: E402
from billing import audit, ledger  # noqa: E402
from billing.charging import held_credits  # noqa: E402
from billing.models import CreditAccount, CreditHold, IdempotencyClaim, KeyMonth  # noqa: E402
from billing.selectors import credits_of  # noqa: E402
from tests.billing.forks import FORK, drop_connections  # noqa: E402
from tests.factories import make_account, make_key  # noqa: E402

IMAGES = "1" * 64
MEETING_TIMEOUT_S = 60


@dataclass(frozen=True)
class Race:
    """Where the racers wait for each other, and where they report; no step depends on how fast a machine is."""

    start: Barrier
    all_have_read: Barrier
    all_have_tried: Barrier
    outcomes: "SimpleQueue[str]"


def make_race(racers: int) -> Race:
    """Return meeting points for this many processes."""
    return Race(FORK.Barrier(racers), FORK.Barrier(racers), FORK.Barrier(racers), FORK.SimpleQueue())


def take_guard_out(race: Race) -> None:
    """Put the classic mistake, read, check, save, in the place of the guarded UPDATE."""

    def read_check_save(account_id: int, amount: int) -> bool:
        account = CreditAccount.objects.get(pk=account_id)
        race.all_have_read.wait(MEETING_TIMEOUT_S)
        if account.available < amount:
            return False
        account.held += amount
        account.save()
        return True

    def read_outside_then_hold(
        account: CreditAccount, *, amount: int, claim: IdempotencyClaim | None = None, api_key: ApiKey | None = None
    ) -> CreditHold:
        """SQLite lets one transaction write at a time, which hides the mistake while the read is inside."""
        seen = CreditAccount.objects.get(pk=account.pk)
        race.all_have_read.wait(MEETING_TIMEOUT_S)
        whoever_saw_enough = CreditAccount.objects.filter(pk=account.pk) if seen.available >= amount else None
        ledger.set_aside = lambda account_id, amount: (
            whoever_saw_enough is not None and whoever_saw_enough.update(held=seen.held + amount) == 1
        )
        return guarded_hold(account, amount=amount, claim=claim, api_key=api_key)

    guarded_hold = ledger.hold
    if connection.vendor == "postgresql":
        ledger.set_aside = read_check_save
    else:
        ledger.hold = read_outside_then_hold


def take_cap_guard_out(race: Race) -> None:
    """Look at the key's month first and write what was worked out from it, in the place of the guarded UPDATE."""
    open_month = ledger.open_month

    def open_and_look(api_key: ApiKey, now: datetime) -> KeyMonth:
        month = open_month(api_key, now)
        race.all_have_read.wait(MEETING_TIMEOUT_S)

        def write_what_was_seen(month_id: int, amount: int, api_key: ApiKey) -> bool:
            has_room = month.held + month.spent + amount <= (api_key.monthly_credit_cap or 0)
            return has_room and KeyMonth.objects.filter(pk=month_id).update(held=month.held + amount) == 1

        ledger.set_aside_of_month = write_what_was_seen
        return month

    ledger.open_month = open_and_look


def reach_for_it(account: CreditAccount, key: str | None, api_key: ApiKey | None, race: Race) -> None:
    """Start with the others, try to work, and go on working until all have tried."""
    connection.ensure_connection()
    race.start.wait(MEETING_TIMEOUT_S)
    began = False
    try:
        with held_credits(account, amount=1, idempotency_key=key, fingerprint="f", api_key=api_key) as charge:
            charge.bind_images(IMAGES)
            began = True
            race.outcomes.put("held")
            race.all_have_tried.wait(MEETING_TIMEOUT_S)
        race.outcomes.put("charged")
    except ServiceError as error:
        race.outcomes.put(error.code)
        if not began:
            race.all_have_tried.wait(MEETING_TIMEOUT_S)


def run(race: Race, account: CreditAccount, racers: int, key: str | None, api_key: ApiKey | None) -> Counter[str]:
    """Let them all reach for it; return how often each outcome was reported."""
    drop_connections()
    children = [FORK.Process(target=reach_for_it, args=(account, key, api_key, race)) for _ in range(racers)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0, child
    counted: Counter[str] = Counter()
    while not race.outcomes.empty():
        counted[race.outcomes.get()] += 1
    return counted


def race_once(options: argparse.Namespace) -> dict[str, Any]:
    """Race for the credits of a new account; return what became of them."""
    account = make_account(credits=options.credits)
    race = make_race(options.racers)
    if options.without_guard:
        take_guard_out(race)
    if options.without_cap_guard:
        take_cap_guard_out(race)
    api_key = None
    if options.cap is not None:
        api_key = make_key(account.organization, monthly_credit_cap=options.cap).api_key
        if options.without_cap_guard:
            KeyMonth.objects.create(api_key=api_key, month=timezone.now().date().replace(day=1))
    outcomes = run(race, account, options.racers, "k" if options.same_key else None, api_key)
    disagreements = [str(found) for found in audit.find_disagreements()]
    return {"outcomes": outcomes, "available": credits_of(account.pk).available, "disagreements": disagreements}


def main() -> None:
    """Race and print the report: of the one round, or of all under "rounds" when more are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--racers", type=int, default=16)
    parser.add_argument("--credits", type=int, default=1)
    parser.add_argument("--rounds", type=int, help="race so often, each time on a new account")
    parser.add_argument("--same-key", action="store_true", help="all send one Idempotency-Key")
    parser.add_argument("--without-guard", action="store_true", help="negative control")
    parser.add_argument("--cap", type=int, help="all show one key that may use so many credits a month")
    parser.add_argument("--without-cap-guard", action="store_true", help="negative control of the cap")
    options = parser.parse_args()
    if options.rounds is None:
        print(json.dumps(race_once(options)))
        return
    print(json.dumps({"rounds": [race_once(options) for _ in range(options.rounds)]}))


if __name__ == "__main__":
    main()
