"""The last credit, sixteen at once, again and again on both databases."""

from collections import Counter
from typing import Any

from tests.billing.shared_database import run_child
from tests.verify.check import Check, Finding, scaled
from tests.verify.databases import both_databases

ROUNDS = 50
ONE_GOT_IT = {"outcomes": {"held": 1, "charged": 1, "payment_required": 15}, "available": 0, "disagreements": []}


def race(scale: float) -> Finding:
    """Race on each database; every round must give the credit to exactly one."""
    rounds = scaled(ROUNDS, scale)
    with both_databases() as urls:
        reports = {kind: _rounds_on(url, rounds) for kind, url in urls.items()}
    faults = [f"{kind}: {report}" for kind, rows in reports.items() for report in rows if report != ONE_GOT_IT]
    return Finding(
        how_many=f"{rounds} rounds of 16 on each of SQLite and PostgreSQL",
        figures="; ".join(f"{kind}: {_summary(rows)}" for kind, rows in reports.items()),
        faults=faults,
    )


def _rounds_on(url: str, rounds: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run_child("tests.billing.race_child", url, "--rounds", str(rounds))["rounds"]
    return rows


def _summary(rows: list[dict[str, Any]]) -> str:
    counted = sum((Counter(row["outcomes"]) for row in rows), Counter())
    return f"{counted['charged']} got the credit, {counted['payment_required']} were told 402"


CHECK = Check("races", "16 processes reach for the last credit", race)
