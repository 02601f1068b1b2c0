"""mutmut changes the ledger's code line by line; the billing tests must notice each change.

It works in a copy of the tree. mutmut leaves decorated functions alone, so the copy has them decorated below their
definition. Changes that no test can notice are explained in equivalent_mutants.txt, by the changed line.
"""

import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests import migrated_tables
from tests.run_on_postgres import ROOT
from tests.verify.check import Check, Finding

CHILDREN = 2
EXPLAINED = Path(__file__).with_name("equivalent_mutants.txt")
NOTICED = ("killed", "timeout", "caught by type check")
MUTMUT = str(Path(sys.executable).parent / "mutmut")
DECORATED = {
    "billing/charging.py": ("contextmanager", ["held_credits"]),
    "billing/payments.py": ("transaction.atomic", ["note_refunds", "note_dispute"]),
}


def mutate(scale: float) -> Finding:
    """Run mutmut on the modules that move credits; each survivor must be explained."""
    with tempfile.TemporaryDirectory(prefix="removebg-verify-", dir="/tmp") as folder:
        copy = copy_tree(Path(folder) / "tree")
        # Making the tables anew takes longer than most of the tests that look at a change.
        environment = {**os.environ, **migrated_tables.make(Path(folder) / "migrated.sqlite3", tree=copy)}
        said = _mutmut(copy, "run", "--max-children", str(CHILDREN), *_sample(scale), environment=environment)
        endings = _endings(copy)
        survivors = {name: changed_line(_mutmut(copy, "show", name)) for name in endings if endings[name] == "survived"}
    tried = Counter(ending for ending in endings.values() if ending != "not checked")
    reasons = read_explanations(EXPLAINED.read_text(encoding="utf-8"))
    faults = [f"{name} survived: {line}" for name, line in survivors.items() if line not in reasons]
    faults += [f"{number} x {ending}" for ending, number in tried.items() if ending not in (*NOTICED, "survived")]
    if not tried.total():
        faults.append(f"mutmut tried nothing: {said[-600:]}")
    noticed = sum(tried[ending] for ending in NOTICED)
    return Finding(
        how_many=f"{tried.total()} of {len(endings)} changes to {', '.join(_modules(endings))}",
        figures=f"{noticed} noticed ({noticed / max(tried.total(), 1):.1%}), {tried['timeout']} of them because they "
        f"took too long; {tried['survived']} not, "
        f"{sum(line in reasons for line in survivors.values())} of them explained below",
        faults=faults,
        notes=[f"- `{line}` - {reasons[line]}" for line in sorted(set(survivors.values())) if line in reasons],
    )


def copy_tree(target: Path) -> Path:
    """Copy what git knows or would take, with the decorated functions decorated afterwards."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    for name, (decorator, functions) in DECORATED.items():
        module = target / name
        source = module.read_text(encoding="utf-8")
        for function in functions:
            decorated = f"@{decorator}\ndef {function}("
            assert decorated in source, f"{function} is written differently now"
            source = source.replace(decorated, f"def _{function}(")
            source += f"\n\n{function} = {decorator}(_{function})\n"
        module.write_text(source, encoding="utf-8")
    return target


def changed_line(diff: str) -> str:
    """Return what the change made of the line, from a diff."""
    added = [line[1:] for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    removed = [line[1:] for line in diff.splitlines() if line.startswith("-") and not line.startswith("---")]
    return " ".join(" ".join(added or ["(removed)", *removed]).split())


def read_explanations(text: str) -> dict[str, str]:
    """Return why each changed line means the same: a line, then its reason, indented."""
    reasons: dict[str, str] = {}
    line = ""
    for written in text.splitlines():
        if not written.strip() or written.startswith("# "):
            continue
        if written.startswith("    "):
            reasons[line] = written.strip()
        else:
            line = written.strip()
    return reasons


def _sample(scale: float) -> list[str]:
    """Return the same share of changes each time, by their last digit; nothing for all of them."""
    digits = min(10, math.ceil(10 * scale))
    return [] if digits == 10 else [f"*{digit}" for digit in range(1, digits + 1)]


def _endings(copy: Path) -> dict[str, str]:
    listed = _mutmut(copy, "results", "--all", "true")
    return dict(re.findall(r"^\s*(billing\.\S+): (.+)$", listed, re.MULTILINE))


def _modules(endings: Iterable[str]) -> list[str]:
    """Return the modules of these changes, which mutmut names billing.MODULE.x_FUNCTION__mutmut_N."""
    return sorted({name.split(".")[1] for name in endings})


def _mutmut(copy: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    command = [MUTMUT, *arguments]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


CHECK = Check("mutation", "Changes to the code that moves credits, noticed by its tests", mutate)
