"""A migrated database that several real processes share: an SQLite file, or a new database of the PostgreSQL in use."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def shared_database(folder: Path) -> Iterator[str]:
    """Give the URL of a new, migrated database; it is gone afterwards."""
    if connection.vendor == "postgresql":
        with _postgres_database() as url:
            _run(url, ["manage.py", "migrate", "--verbosity", "0"])
            yield url
        return
    url = f"sqlite:///{folder / 'shared.sqlite3'}"
    _run(url, ["manage.py", "migrate", "--verbosity", "0"])
    yield url


def run_child(module: str, database_url: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module` on that database and return the JSON of its last line."""
    output = _run(database_url, ["-m", module, *arguments])
    report: dict[str, Any] = json.loads(output.splitlines()[-1])
    return report


def _run(database_url: str, command: list[str]) -> str:
    environment = {**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "removebg.settings"}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def _postgres_database() -> Iterator[str]:
    server: dict[str, Any] = settings.DATABASES["default"]
    name = f"shared_{uuid.uuid4().hex}"
    address = {"host": server["HOST"], "port": server["PORT"] or None, "user": server["USER"]}
    with psycopg.connect(**address, password=server["PASSWORD"], dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
