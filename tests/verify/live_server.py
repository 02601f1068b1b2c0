"""A live server for the checks that send more than a plan allows."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.live.server import LiveServer

RAISED_PLAN = """
from billing.models import Plan
Plan.objects.create(
    slug="verify",
    name="Verify",
    requests_per_minute=1_000_000,
    requests_per_second=100_000,
    megapixels_per_minute=1_000_000,
    max_concurrency=100,
)
"""
PATIENT = {
    "PLACES_PER_ORGANIZATION": "100",
    "SLOT_WAITING_PLACES": "8",
    "SLOT_WAIT_S": "120",
    "STRANGER_RATE": "100000/m",
    "FREE_CALLS_PER_DAY": "1000000",
    "FREE_CALLS_PER_PERSON_PER_DAY": "1000000",
    "DEPLOYMENT": "laptop",
}


@contextmanager
def live_server(environ: Mapping[str, str] | None = None) -> Iterator[LiveServer]:
    """Run the product with a real model and a plan named `verify` that limits nothing; `environ` goes on top."""
    with tempfile.TemporaryDirectory(prefix="removebg-verify-", dir="/tmp") as folder:
        server = LiveServer(Path(folder), environ={**PATIENT, **(environ or {})}).start()
        try:
            server.manage("shell", "-v", "0", "-c", RAISED_PLAN)
            yield server
        finally:
            server.stop()


def used_credits(server: LiveServer, key: str) -> int:
    """Return what /v1/me says was used."""
    me = requests.get(f"{server.url}/v1/me", headers={"x-api-key": key}, timeout=60).json()
    return int(me["usedCredits"])


def audit_faults(server: LiveServer) -> list[str]:
    """Return what `audit_ledger` has against the books; nothing when they agree."""
    try:
        server.manage("audit_ledger")
    except AssertionError as disagreement:
        return [f"audit_ledger: {disagreement}"]
    return []
