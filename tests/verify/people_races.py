"""One person creates organizations in many tabs at once, again and again on PostgreSQL."""

from tests.billing.shared_database import run_child
from tests.verify.check import Check, Finding, scaled
from tests.verify.databases import both_databases_empty, migrate

ROUNDS = 200
SCENARIO = "one_person_sends_many_forms"
LIMIT_HELD = {"outcomes": {"done": 12}, "state": 3, "disagreements": []}


def race(scale: float) -> Finding:
    """Send twelve forms at once; each person must own three organizations afterwards, without a deadlock."""
    rounds = scaled(ROUNDS, scale)
    with both_databases_empty() as urls:
        migrate(urls["PostgreSQL"])
        report = run_child("tests.billing.people_race_child", urls["PostgreSQL"], SCENARIO, "--rounds", str(rounds))
    faults = [str(row) for row in report["rounds"] if row != LIMIT_HELD]
    if report["deadlocks"]:
        faults.append(f"{report['deadlocks']} deadlocks")
    return Finding(
        how_many=f"{rounds} rounds of 12 processes on PostgreSQL",
        figures=f"{len(report['rounds']) - len(faults)} persons own the 3 organizations that they may own; "
        f"{report['deadlocks']} deadlocks",
        faults=faults,
    )


CHECK = Check("people-races", "One person creates organizations in 12 tabs at once", race)
