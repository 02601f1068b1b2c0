"""Tables of SQLite that are made once, for many short runs of tests that each begin with a copy (--reuse-db)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMED_BY = "MIGRATED_SQLITE"


def make(tables: Path, *, tree: Path) -> dict[str, str]:
    """Migrate a new file with the code of this tree; return the environment that lets tests begin with it."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tables}", "DATA_DIR": str(tables.parent / "data")}
    subprocess.run(command, cwd=tree, env=environment, check=True)
    return {NAMED_BY: str(tables)}


def begin_with_them(tables: Path) -> None:
    """Copy what was made before to where tests want their tables; nothing, where nothing was."""
    if NAMED_BY in os.environ:
        shutil.copy(os.environ[NAMED_BY], tables)
