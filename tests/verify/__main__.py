"""`python -m tests.verify`: the full counts, written to docs/verification.md; exits 1 when anything failed.

`--only NAME` runs one check and prints its row; `--write` puts it on the page as well. `--scale 0.02` does that share
of the full counts, and then writes only when asked.
"""

import argparse
import signal
import sys
import time
import traceback
from datetime import UTC, datetime

from tests.verify import (
    attacks,
    closing_races,
    contract,
    decode_fuzz,
    free_work,
    http_fuzz,
    kills,
    mutation,
    people_races,
    races,
    state_machine,
)
from tests.verify.check import Check, Finding
from tests.verify.machine import commit
from tests.verify.page import Section, merge, section_of

CHECKS = {
    check.name: check
    for check in (
        decode_fuzz.CHECK,
        http_fuzz.CHECK,
        races.CHECK,
        closing_races.CHECK,
        people_races.CHECK,
        kills.CHECK,
        state_machine.CHECK,
        mutation.CHECK,
        contract.CHECK,
        free_work.CHECK,
        attacks.CHECK,
    )
}


def main() -> int:
    """Run what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.verify", description=__doc__)
    parser.add_argument("--only", choices=list(CHECKS), help="run this check alone")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full counts")
    parser.add_argument("--write", action="store_true", help="write what --only or --scale found to the page too")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and folders do not stay behind
    when = f"{datetime.now(UTC):%Y-%m-%d}, {commit()}"
    writes = options.write or (options.only is None and options.scale == 1.0)
    has_failed = False
    for check in [CHECKS[options.only]] if options.only else CHECKS.values():
        section, has_passed = run(check, options.scale, when)
        has_failed |= not has_passed
        print(section.row, section.notes, sep="\n", flush=True)
        if writes:
            merge(list(CHECKS), {check.name: section})
    return int(has_failed)


def run(check: Check, scale: float, when: str) -> tuple[Section, bool]:
    """Run one check; one that breaks has failed, and the others still run."""
    print(f"--- {check.name}: {check.what}", flush=True)
    began = time.monotonic()
    try:
        finding = check.run(scale)
    except Exception as error:
        traceback.print_exc()
        finding = Finding(how_many="-", figures="the check itself broke", faults=[f"{error!r}"])
    seconds = time.monotonic() - began
    return section_of(check.name, check.what, finding, scale=scale, seconds=seconds, when=when), not finding.faults


if __name__ == "__main__":
    sys.exit(main())
