"""kill -9 at every named point and at random moments, on both databases."""

from typing import Any

from tests.billing.shared_database import run_child
from tests.verify.check import Check, Finding, scaled
from tests.verify.databases import both_databases

RANDOM_KILLS = {"SQLite": 400, "PostgreSQL": 400}
LEFT_AT_POINTS = {
    "before_claim": (0, 0, None),
    "after_claim": (0, 0, "running"),
    "after_hold": (1, 1, "running"),
    "after_work": (1, 1, "running"),
    "inside_capture": (1, 1, "running"),
    "after_capture": (1, 0, "delivered"),
}


def kill(scale: float) -> Finding:
    """Kill, sweep, audit and send every key again; nothing may be lost, doubled, leaked or delivered unpaid."""
    counts = {kind: 2 * scaled(full // 2, scale) for kind, full in RANDOM_KILLS.items()}
    with both_databases() as urls:
        reports = {
            kind: run_child("tests.billing.kill_child", url, "--random", str(counts[kind]))
            for kind, url in urls.items()
        }
    return Finding(
        how_many=f"{len(LEFT_AT_POINTS)} named points and "
        + ", ".join(f"{count} random kills on {kind}" for kind, count in counts.items()),
        figures="; ".join(f"{kind}: {_summary(report)}" for kind, report in reports.items()),
        faults=[f"{kind}: {fault}" for kind, report in reports.items() for fault in find_faults(report, counts[kind])],
    )


def find_faults(report: dict[str, Any], kills: int) -> list[str]:
    """Return every promise that the report does not keep."""
    left = {name: (at["unavailable"], at["open_holds"], at["claim"]) for name, at in report["points"].items()}
    kept = {
        "every named point leaves what it should": left == LEFT_AT_POINTS,
        "every process was killed": report["killed_at_random"] == kills
        and all(at["killed"] for at in report["points"].values()),
        "work was delivered in between": report["delivered"] >= kills,
        "every orphaned hold comes free": report["swept"] == report["open_holds"] and report["held_after_sweep"] == 0,
        "the books agree": report["disagreements"] == [] and report["disagreements_at_the_end"] == [],
        "nothing is delivered unpaid": report["delivered_unpaid"] == [],
        "nothing is charged twice": report["delivered_twice"] == 0 and report["used"] == report["paid"],
        "what was paid is free again": set(report["charged_again"].values()) == {0},
        "what was not paid is charged once": set(report["charged_at_last"].values()) == {1}
        and report["used_at_the_end"] == report["used"] + len(report["charged_at_last"]),
    }
    return [f"does not hold: {promise}" for promise, is_kept in kept.items() if not is_kept]


def _summary(report: dict[str, Any]) -> str:
    return (
        f"{report['delivered']} images delivered, {len(report['delivered_unpaid'])} of them not charged, "
        f"{report['paid'] - report['used']} credits lost or doubled, {report['open_holds']} holds orphaned, "
        f"{report['held_after_sweep']} left after the sweep"
    )


CHECK = Check("kills", "kill -9 at each step of a paid request", kill)
