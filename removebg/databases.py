"""How we speak to each kind of database."""

from pathlib import Path
from typing import Any

SQLITE = {
    # IMMEDIATE takes the write lock first, so that waiting works; SQLite refuses to wait when a read turns into a
    # write. FULL keeps what was committed through a power cut.
    "transaction_mode": "IMMEDIATE",
    "timeout": 15,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}


def with_our_options(database: dict[str, Any], *, pool_size: int) -> dict[str, Any]:
    """Return Django's description of a database with our options; what its URL asks for (sslmode, ...) is kept."""
    if database["ENGINE"] == "django.db.backends.sqlite3":
        ours: dict[str, Any] = SQLITE
    else:
        ours = {"pool": {"min_size": 1, "max_size": pool_size, "timeout": 10}, "connect_timeout": 5}
    return {**database, "OPTIONS": {**ours, **database.get("OPTIONS", {})}}


def keep_private(database: dict[str, Any], folder: Path) -> None:
    """Let only its owner read SQLite's files in our own folder; files that an operator placed elsewhere stay as is."""
    path = Path(str(database.get("NAME", "")))
    if database["ENGINE"] != "django.db.backends.sqlite3" or path.parent != folder:
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if file.exists() and file.stat().st_mode & 0o077:
            file.chmod(0o600)
