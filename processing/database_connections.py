"""Giving database connections back while a request waits for something else than the database."""

from django.db import connections


def release_connections() -> None:
    """Return this thread's database connections to their pool; the next query takes one again.

    A connection with an open transaction is kept.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
