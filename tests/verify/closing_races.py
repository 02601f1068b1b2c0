"""An organization is closed while others buy for it, again and again on PostgreSQL."""

from tests.billing.shared_database import run_child
from tests.verify.check import Check, Finding, scaled
from tests.verify.databases import both_databases

ROUNDS = 200


def race(scale: float) -> Finding:
    """Close beside buyers; nothing may be begun afterwards, and nobody may wait in a deadlock."""
    rounds = scaled(ROUNDS, scale)
    with both_databases() as urls:
        report = run_child("tests.billing.closing_race_child", urls["PostgreSQL"], "--rounds", str(rounds))
    return Finding(
        how_many=f"{rounds} rounds of 9 threads on PostgreSQL",
        figures=f"{report['deadlocks']} deadlocks, {report['begun_after_closing']} rows begun after closing",
        faults=[str(report)] if any(report.values()) else [],
    )


CHECK = Check("closing-races", "Organizations are closed while others buy for them", race)
