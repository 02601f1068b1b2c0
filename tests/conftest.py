"""What every test may rely on: a closed network, permanent ledger entries, Hypothesis within measure."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from hypothesis import HealthCheck, settings

from tests import lifted_triggers, migrated_tables

_TOO_SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("default", max_examples=25, stateful_step_count=25, deadline=None, derandomize=True)
settings.register_profile(
    "verify",
    max_examples=int(os.environ.get("VERIFY_EXAMPLES", "120")),
    stateful_step_count=int(os.environ.get("VERIFY_STEPS", "50")),
    deadline=None,
    suppress_health_check=_TOO_SLOW,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite_only: means something on SQLite only")
    config.addinivalue_line("markers", "postgres_only: means something on PostgreSQL only")
    lifted_triggers.lift_while_tables_are_emptied()
    # Passwords are hashed to be slow to guess; here nobody guesses.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what means nothing on the database in use."""
    other = "sqlite_only" if connection.vendor == "postgresql" else "postgres_only"
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker(other)])
    items[:] = [item for item in items if not item.get_closest_marker(other)]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep SQLite's tables in a file, as an operator does: in memory all threads of a test have one connection."""
    if connection.vendor == "sqlite":
        tables = tmp_path_factory.mktemp("database") / "test.sqlite3"
        migrated_tables.begin_with_them(tables)
        connection.settings_dict["TEST"]["NAME"] = str(tables)
        connection.settings_dict["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
        _keep_open_within_a_test()


def _keep_open_within_a_test() -> None:
    """Let no answer that is closed close the connection that the test's transaction is on, as in memory."""
    wrapper = type(connections[DEFAULT_DB_ALIAS])
    close = wrapper.close

    def close_unless_in_a_test(self: Any) -> None:
        if not self.in_atomic_block:
            close(self)

    wrapper.close = close_unless_in_a_test


@pytest.fixture(autouse=True)
def answers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait for answers that take a whole number of seconds; tests of that set the step again."""
    monkeypatch.setattr("accounts.even_times.STEP_S", 0.0)


@pytest.fixture(autouse=True)
def closed_network() -> Iterator[None]:
    """Let sockets reach this machine only."""
    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex"):
            patch.setattr(socket.socket, method, _only_here(getattr(socket.socket, method)))
        yield


def _only_here(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise AssertionError(f"A test wanted to reach {address[0]}; only loopback is open.")
        return connect(self, address)

    return guarded


def _is_here(host: str) -> bool:
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
