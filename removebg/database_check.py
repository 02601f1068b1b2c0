"""Whether the database answers, asked on a connection of its own: a busy pool does not delay the answer."""

import threading
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

ANSWERS_WITHIN_S = 2
"""How long PostgreSQL may take to accept a connection, and a lost network may stay unnoticed."""


class DatabaseCheck:
    """Asks the database, one caller at a time; whoever comes meanwhile gets the last answer."""

    def __init__(self) -> None:
        self._one_asks = threading.Lock()
        self._problem: str | None = "not asked yet"

    def find_problem(self) -> str | None:
        """Return what is wrong with the database, without its own words; None where it answers."""
        if self._one_asks.acquire(blocking=False):
            try:
                self._problem = ask_database()
            finally:
                self._one_asks.release()
        return self._problem


def ask_database() -> str | None:
    """Connect and select; return what went wrong, None for nothing."""
    try:
        connection = _new_connection()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        finally:
            connection.close()
    except Exception as error:  # whatever a driver raises, the answer is the same: not ready
        return f"unreachable ({type(error).__name__})"
    return None


def _new_connection() -> Any:
    """Return a connection outside the pool, with short time limits; it is opened when first used."""
    ours = connections[DEFAULT_DB_ALIAS]
    options = {name: value for name, value in ours.settings_dict["OPTIONS"].items() if name != "pool"}
    if ours.vendor == "postgresql":
        options |= {"connect_timeout": ANSWERS_WITHIN_S, "tcp_user_timeout": ANSWERS_WITHIN_S * 1000}
    return type(ours)({**ours.settings_dict, "OPTIONS": options}, DEFAULT_DB_ALIAS)


database_check = DatabaseCheck()
