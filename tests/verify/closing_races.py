"""An organization is closed while others buy for it, again and again on PostgreSQL."""

from typing import Any

from tests.billing.shared_database import run_child
from tests.verify.check import Check, Finding, scaled
from tests.verify.databases import both_databases_empty, migrate

ROUNDS, AT_A_TIME = 200, 20


def race(scale: float) -> Finding:
    """Close beside buyers; nothing may be begun afterwards, and nobody may wait in a deadlock."""
    rounds = scaled(ROUNDS, scale)
    with both_databases_empty() as urls:
        migrate(urls["PostgreSQL"])
        reports = [_race_on(urls["PostgreSQL"], min(AT_A_TIME, rounds - done)) for done in range(0, rounds, AT_A_TIME)]
    deadlocks, begun = (sum(report[name] for report in reports) for name in ("deadlocks", "begun_after_closing"))
    return Finding(
        how_many=f"{rounds} rounds of 9 threads on PostgreSQL",
        figures=f"{deadlocks} deadlocks, {begun} rows begun after closing",
        faults=[str(report) for report in reports if any(report.values())],
    )


def _race_on(url: str, rounds: int) -> dict[str, Any]:
    return run_child("tests.billing.closing_race_child", url, "--rounds", str(rounds))


CHECK = Check("closing-races", "Organizations are closed while others buy for them", race)
