"""How we speak to each kind of database."""

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
