"""schemathesis holds the live server to its own OpenAPI description, with real pictures for the file."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.live.server import LiveServer
from tests.run_on_postgres import ROOT
from tests.verify.check import Check, Finding, scaled
from tests.verify.live_server import audit_faults, live_server, used_credits

SECONDS, SEED, CREDITS = 120, 1, 100_000
SERVED_SHARE = 0.10
PHASES = "examples,coverage,fuzzing"


def hold_to_description(scale: float) -> Finding:
    """Call both operations for a while: no 500, and every answer as described."""
    seconds = scaled(SECONDS, scale, at_least=30)
    with live_server() as server:
        key = server.create_organization("Contract", credits=CREDITS, plan="verify")
        code, said = _schemathesis(server, key, seconds)
        used = used_credits(server, key)
        faults = audit_faults(server)
        calls_file = server.folder / "calls"
        calls = Counter(calls_file.read_text(encoding="utf-8").splitlines()) if calls_file.exists() else Counter()
    faults += [] if code == 0 else _failures(said)
    faults += [f"{call}: {number} times" for call, number in calls.items() if call.endswith(" 500")]
    posts = sum(number for call, number in calls.items() if call.startswith("POST /v1/remove"))
    served = calls["POST /v1/remove 200"]
    if served < SERVED_SHARE * posts or not served:
        faults.append(f"Only {served} of {posts} POST /v1/remove were served.")
    if used > served:
        faults.append(f"{used} credits were charged for {served} images.")
    return Finding(
        how_many=f"{calls.total()} requests in {seconds} s (seed {SEED}; {PHASES.replace(',', ', ')})",
        figures=f"{served} of {posts} POST /v1/remove were served ({served / max(posts, 1):.0%}), {used} of them "
        f"charged, the others repetitions of a key; no 500; "
        + ("every answer as described" if code == 0 else "not every answer as described"),
        faults=faults,
        notes=["Answers: " + ", ".join(f"{call} x {number}" for call, number in sorted(calls.items()))],
    )


def _schemathesis(server: LiveServer, key: str, seconds: int) -> tuple[int, str]:
    """Run its command line with our hooks; return its exit code and what it printed."""
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        f"--config-file={ROOT / 'tests' / 'verify' / 'schemathesis.toml'}",
        *("run", f"{server.url}/v1/openapi.yaml"),
        *("--header", f"x-api-key: {key}"),
        *("--phases", PHASES, "--checks", "all", "--continue-on-failure", "--warnings", "off"),
        *("--max-time", str(seconds), "--seed", str(SEED), "--no-color"),
    ]
    environment = {
        **os.environ,
        "VERIFY_CALLS": str(server.folder / "calls"),
        "SCHEMATHESIS_HOOKS": "tests.verify.contract_hooks",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(command, cwd=server.folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _failures(said: str) -> list[str]:
    """Return the failures as schemathesis words them, else the end of what it said."""
    found = re.findall(r"^\s*- (ST\d+ .*?)^Reproduce with:", said, re.MULTILINE | re.DOTALL)
    return found or [said[-2000:]]


CHECK = Check("contract", "schemathesis against the live server's own description", hold_to_description)
