"""schemathesis holds the live server to its own OpenAPI description of both dialects, with real pictures."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import requests
import yaml

from tests.live.picture_host import PictureHost
from tests.live.server import LiveServer
from tests.run_on_postgres import ROOT
from tests.verify.check import Check, Finding, scaled
from tests.verify.contract_pictures import PICTURES
from tests.verify.live_server import audit_faults, live_server, used_credits

REQUESTS, FIRST_SEED, CREDITS = 20_000, 1, 1_000_000
MOST_MINUTES = 120
TOOL_BROKE = "hypothesis/internal/reflection.py"
"""In the traceback of a fault of Hypothesis' own: its text for a lambda. The operation's other seeds go on."""
SERVED_SHARE = 0.10
# Of each operation and seed. With more of them schemathesis runs out of right bodies and goes on with wrong ones alone.
MOST_EXAMPLES = 250
WHOLE, FED = "openapi.json", "openapi-fed.json"
PHASES = "examples,coverage,fuzzing"
CUTOUTS = ("POST /v1/remove", "POST /v1.0/removebg")
# The real small model: what is held to the description is the same, and thousands of pictures are cut out in minutes.
MODEL = {"MODEL_NAME": "u2netp", "ALLOWED_MODELS": "u2netp"}


def hold_to_description(scale: float) -> Finding:
    """Call all operations until so many requests were made: no 5xx, and every answer as described."""
    wanted = scaled(REQUESTS, scale, at_least=200)
    began = time.monotonic()
    with PictureHost(PICTURES) as host:
        fetching = {"FETCH_ALLOWED_NETWORKS": "127.0.0.0/8", "FETCH_PORTS": str(host.port)}
        with live_server({**MODEL, **fetching}) as server:
            key = server.create_organization("Contract", credits=CREDITS, plan="verify")
            _keep_description(server)
            faults: list[str] = []
            breaks = 0
            seed = FIRST_SEED
            while _calls(server).total() < wanted and time.monotonic() - began < 60 * MOST_MINUTES:
                code, said = _schemathesis(server, key, host, seed, left=wanted - _calls(server).total())
                failures = [] if code == 0 else _failures(said)
                breaks += sum(TOOL_BROKE in failure for failure in failures)
                faults += [failure for failure in failures if TOOL_BROKE not in failure]
                seed += 1
            used = used_credits(server, key)
            faults += audit_faults(server)
            calls = _calls(server)
    return _found(calls, wanted, used, list(dict.fromkeys(faults)), seeds=range(FIRST_SEED, seed), breaks=breaks)


def _found(calls: Counter[str], wanted: int, used: int, faults: list[str], *, seeds: range, breaks: int) -> Finding:
    faults = faults + [f"{call}: {number} times" for call, number in calls.items() if re.search(r" 5\d\d$", call)]
    if calls.total() < wanted:
        faults.append(f"Only {calls.total()} of {wanted} requests were made in {MOST_MINUTES} minutes.")
    served = sum(calls[f"{operation} 200"] for operation in CUTOUTS)
    answered_200 = sum(number for call, number in calls.items() if call.endswith(" 200"))
    if answered_200 < SERVED_SHARE * calls.total():
        faults.append(f"Only {answered_200} of {calls.total()} requests were answered 200.")
    for operation in CUTOUTS:
        if not calls[f"{operation} 200"]:
            faults.append(f"No {operation} was served.")
    if used > served:
        faults.append(f"{used} credits were charged for {served} images.")
    return Finding(
        how_many=f"{calls.total():,} requests (seeds {seeds.start} to {seeds.stop - 1}; {PHASES.replace(',', ', ')})",
        figures=f"{answered_200:,} answered 200 ({answered_200 / max(calls.total(), 1):.0%}), {served:,} of them "
        f"cutouts, {used:,} of these charged, the others repetitions of a key; "
        + ("no 5xx, every answer as described" if not faults else "not all as described"),
        faults=faults,
        notes=[
            *(
                [f"Hypothesis broke off {breaks} operations over a lambda that it could not describe."]
                if breaks
                else []
            ),
            "Answers: " + ", ".join(f"{call} x {number:,}" for call, number in sorted(calls.items())),
        ],
    )


def _keep_description(server: LiveServer) -> None:
    """Keep the description whole, for the labels, and once more as schemathesis can generate from it.

    Its coverage phase breaks where a form with files has a `not`; that one is left to the labels.
    """
    document = yaml.safe_load(requests.get(f"{server.url}/v1/openapi.yaml", timeout=60).text)
    (server.folder / WHOLE).write_text(json.dumps(document), encoding="utf-8")
    document["components"]["schemas"]["RemovebgParts"].pop("not")
    (server.folder / FED).write_text(json.dumps(document), encoding="utf-8")


def _calls(server: LiveServer) -> Counter[str]:
    file = server.folder / "calls"
    return Counter(file.read_text(encoding="utf-8").splitlines()) if file.exists() else Counter()


def _schemathesis(server: LiveServer, key: str, host: PictureHost, seed: int, *, left: int) -> tuple[int, str]:
    """Run its command line with our hooks; return its exit code and what it printed."""
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        f"--config-file={ROOT / 'tests' / 'verify' / 'schemathesis.toml'}",
        *("run", str(server.folder / FED), "--url", server.url),
        *("--header", f"x-api-key: {key}"),
        *("--phases", PHASES, "--checks", "all", "--continue-on-failure", "--warnings", "off"),
        *("--max-examples", str(max(20, min(MOST_EXAMPLES, left // 4))), "--workers", "2", "--no-shrink"),
        *("--seed", str(seed), "--no-color"),
    ]
    environment = {
        **os.environ,
        "VERIFY_CALLS": str(server.folder / "calls"),
        "VERIFY_PICTURES": host.url(""),
        "VERIFY_DOCUMENT": str(server.folder / WHOLE),
        "SCHEMATHESIS_HOOKS": "tests.verify.contract_hooks",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(command, cwd=server.folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _failures(said: str) -> list[str]:
    """Return the failures as schemathesis words them, else its errors, else the end of what it said."""
    found = re.findall(r"^\s*- (ST\d+ .*?)^Reproduce with:", said, re.MULTILINE | re.DOTALL)
    errors = re.findall(r"^=+ ERRORS =+$(.*?)^=+ SUMMARY =+$", said, re.MULTILINE | re.DOTALL)
    return found or [re.sub(r"_{5,}", "", error) for error in errors] or [said[-2000:]]


CHECK = Check("contract", "schemathesis against the live server's own description", hold_to_description)
