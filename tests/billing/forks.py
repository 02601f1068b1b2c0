"""Forked processes, each with a database connection of its own."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from typing import NoReturn

from django.db import connection, connections

FORK = multiprocessing.get_context("fork")


def drop_connections() -> None:
    """Close what must not be shared across a fork."""
    connections.close_all()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]


def kill_myself() -> NoReturn:
    """End as a power cut would: no handler, no cleanup."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def fork(work: Callable[[], None]) -> int:
    """Run `work` in a new process and return its id; it ends with 0, or 1 when `work` raised."""
    drop_connections()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def wait(pid: int, *, kill_after_s: float | None = None) -> int:
    """Return how the process ended, killed by then if asked: its exit code, or minus the signal's number."""
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
