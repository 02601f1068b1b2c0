"""A virtual environment for each peer under .bench/environments: `python -m benchmarks.environments [NAME...]`.

Made from hashed locks, they stay out of our own environment: each peer gets the versions it wants, and none of ours.
"""

import sys
from pathlib import Path

from benchmarks.places import BENCH, ROOT
from deploy.bootstrap import make_environment

LOCKS = ROOT / "benchmarks" / "requirements"
NEEDED_GB = 1.5
OURS = Path(sys.executable)


def names() -> list[str]:
    """Return the environments there are locks for."""
    return sorted(lock.stem for lock in LOCKS.glob("*.txt"))


def python_of(name: str) -> Path:
    """Return the Python of the environment of that name, made first where it is not ready; SystemExit says why not."""
    folder = BENCH / "environments" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    make_environment(folder, [LOCKS / f"{name}.txt"], needed_gb=NEEDED_GB)
    return folder / "bin" / "python"


if __name__ == "__main__":
    for wanted in sys.argv[1:] or names():
        print(python_of(wanted))
