"""Processes die at every named point and at random; afterwards nothing is lost, doubled or leaked.

`python -m tests.billing.kill_child --random 200` wraps the real functions, kills itself with SIGKILL, sweeps when the
leases have ended, audits, tries every key again and prints what it saw as JSON.
"""

import argparse
import json
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LEASE_S = 2
os.environ.update(HOLD_LEASE_S=str(LEASE_S), IDEMPOTENCY_LEASE_S=str(LEASE_S))

import django  # noqa: E402

django.setup()

from django.utils import timezone  # noqa: E402

from billing import audit, idempotency, ledger  # noqa: E402
from billing.charging import held_credits  # noqa: E402
from billing.models import CreditAccount, HoldState  # noqa: E402
from billing.selectors import credits_of  # noqa: E402
from tests.billing.forks import drop_connections, fork, kill_myself, wait  # noqa: E402
from tests.factories import make_account  # noqa: E402

IMAGES = "1" * 64
POINTS = ("before_claim", "after_claim", "after_hold", "after_work", "inside_capture", "after_capture")


def serve(account: CreditAccount, key: str, delivered: Path, *, die_at: str = "") -> None:
    """One paid request: work, then deliver by writing the key down."""
    arm(die_at)
    with held_credits(account, amount=1, idempotency_key=key, fingerprint="f") as charge:
        charge.bind_images(IMAGES)
        if die_at == "after_work":
            kill_myself()
    if die_at == "after_capture":
        kill_myself()
    deliver(delivered, f"{key} {charge.credits_charged}\n")


def arm(die_at: str) -> None:
    """Make the real functions deadly at one point."""
    if die_at == "before_claim":
        idempotency.claim = deadly(idempotency.claim, before=True)
    if die_at == "after_claim":
        idempotency.claim = deadly(idempotency.claim)
    if die_at == "after_hold":
        ledger.hold = deadly(ledger.hold)
    if die_at == "inside_capture":
        ledger.capture = deadly(ledger.capture)  # it runs inside the transaction that also marks the key


def deadly(function: Callable[..., Any], *, before: bool = False) -> Callable[..., Any]:
    """Return the function as one that nobody survives."""

    def killed(*args: Any, **kwargs: Any) -> Any:
        if before:
            kill_myself()
        function(*args, **kwargs)
        kill_myself()

    return killed


def deliver(delivered: Path, line: str) -> None:
    """Append in one write: a line is there or it is not."""
    handle = os.open(delivered, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, line.encode())
    os.close(handle)


def die_at_each_point(account: CreditAccount, delivered: Path) -> dict[str, dict[str, Any]]:
    """Let one process die at each point; return what each left behind before anybody swept."""
    left = {}
    for point in POINTS:
        before = credits_of(account.pk)
        ended = wait(fork(lambda point=point: serve(account, f"point-{point}", delivered, die_at=point)))
        after = credits_of(account.pk)
        claim = account.claims.filter(key=f"point-{point}").first()
        left[point] = {
            "killed": ended == -signal.SIGKILL,
            "unavailable": before.available - after.available,
            "open_holds": account.holds.filter(state=HoldState.HELD, claim=claim).count() if claim else 0,
            "claim": claim.state if claim else None,
        }
    return left


def serve_many(account: CreditAccount, first_key: str, delivered: Path) -> None:
    """Serve one request after the other until the end comes."""
    for number in range(10_000):
        serve(account, f"{first_key}-{number}", delivered)


def die_at_random(account: CreditAccount, delivered: Path, times: int, dice: random.Random) -> int:
    """Kill busy processes, two at a time, at any moment; return how many were killed."""
    killed = 0
    for round_number in range(0, times, 2):
        pids = [fork(lambda n=n: serve_many(account, f"r{n}", delivered)) for n in (round_number, round_number + 1)]
        killed += sum(wait(pid, kill_after_s=dice.uniform(0.03, 0.25)) == -signal.SIGKILL for pid in pids)
    return killed


def try_again(account: CreditAccount, key: str) -> int:
    """Send the request of this key again and return what it was charged."""
    with held_credits(account, amount=1, idempotency_key=key, fingerprint="f") as charge:
        charge.bind_images(IMAGES)
    return charge.credits_charged


def report_on(account: CreditAccount, delivered: Path) -> dict[str, Any]:
    """Sweep after the leases, audit, and send every key again."""
    open_before = account.holds.filter(state=HoldState.HELD).count()
    time.sleep(LEASE_S + 0.1)
    swept = ledger.release_expired(timezone.now())
    disagreements = [str(found) for found in audit.find_disagreements()]
    lines = delivered.read_text().split("\n")[:-1] if delivered.exists() else []
    delivered_keys = [line.split()[0] for line in lines if line.endswith(" 1")]
    paid_keys = set(account.claims.filter(state="delivered").values_list("key", flat=True))
    unpaid_keys = set(account.claims.filter(state="running").values_list("key", flat=True))
    credits = credits_of(account.pk)
    return {
        "open_holds": open_before,
        "swept": swept,
        "held_after_sweep": CreditAccount.objects.get(pk=account.pk).held,
        "disagreements": disagreements,
        "used": credits.used,
        "paid": len(paid_keys),
        "delivered": len(delivered_keys),
        "delivered_twice": len(delivered_keys) - len(set(delivered_keys)),
        "delivered_unpaid": sorted(set(delivered_keys) - paid_keys),
        "paid_undelivered": len(paid_keys - set(delivered_keys)),
        "charged_again": {key: try_again(account, key) for key in sorted(paid_keys - set(delivered_keys))},
        "charged_at_last": {key: try_again(account, key) for key in sorted(unpaid_keys)},
        "disagreements_at_the_end": [str(found) for found in audit.find_disagreements()],
        "used_at_the_end": credits_of(account.pk).used,
    }


def main() -> None:
    """Run every point and a number of random deaths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=8, help="how many processes to kill at random")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        delivered = Path(folder) / "delivered"
        account = make_account(credits=1_000_000)
        points = die_at_each_point(account, delivered)
        killed = die_at_random(account, delivered, options.random, random.Random(options.seed))
        report = {"points": points, "killed_at_random": killed, **report_on(account, delivered)}
    drop_connections()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
