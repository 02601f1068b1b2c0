"""A world for each row, and a file server for the addresses that rows name."""

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from billing.selectors import account_of, credits_of
from tests.conformance.answers import disagreements
from tests.conformance.files import serving
from tests.conformance.rows import Row
from tests.conformance.sending import send
from tests.conformance.worlds import WORLDS, ordinary_world


@pytest.fixture(scope="session")
def files_port() -> Iterator[int]:
    """Serve the pictures on loopback."""
    with serving() as port:
        yield port


@pytest.fixture
def found_wrong(
    db: None, files_port: int, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Row], list[str]]]:
    """Send a row from its world, and list all that is wrong with the answer or with what it cost."""
    settings.FETCH_ALLOWED_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    settings.FETCH_PORTS = [files_port]

    def sent(row: Row) -> list[str]:
        world = ordinary_world(monkeypatch)
        WORLDS[row.world](world)
        account = account_of(world.shop)
        owned = credits_of(account.pk).available
        found = disagreements(row, send(row, world.secret, files_port))
        cost = owned - credits_of(account.pk).available
        is_delivered = row.expected.picture is not None
        return found if cost == is_delivered else [*found, f"{cost} credits were taken"]

    cache.clear()
    yield sent
    cache.clear()
