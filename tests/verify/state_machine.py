"""Hypothesis compares any history of the ledger with a plain model, on both databases, by its verify profile."""

import os
import subprocess
import sys

from tests.run_on_postgres import ROOT
from tests.verify.check import Check, Finding, scaled
from tests.verify.databases import both_databases_empty

EXAMPLES, STEPS = 120, 50
TEST = "tests/billing/test_state_machine.py"


def compare_histories(scale: float) -> Finding:
    """Run the state machine with new random histories on each database."""
    examples = scaled(EXAMPLES, scale)
    with both_databases_empty() as urls:
        ended = {kind: _run_on(url, examples) for kind, url in urls.items()}
    return Finding(
        how_many=f"{examples} histories of up to {STEPS} steps on each of SQLite and PostgreSQL",
        figures="; ".join(f"{kind}: {said.strip().splitlines()[-1]}" for kind, (_, said) in ended.items()),
        faults=[f"{kind}: {said[-2000:]}" for kind, (code, said) in ended.items() if code],
    )


def _run_on(url: str, examples: int) -> tuple[int, str]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "HYPOTHESIS_PROFILE": "verify",
        "VERIFY_EXAMPLES": str(examples),
        "VERIFY_STEPS": str(STEPS),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


CHECK = Check("state-machine", "Any history of the ledger agrees with a plain model", compare_histories)
