"""A world for each row, and a file server for the addresses that rows name."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.conformance.files import serving
from tests.conformance.worlds import World, ordinary_world


@pytest.fixture(scope="session")
def files_port() -> Iterator[int]:
    """Serve the pictures on loopback."""
    with serving() as port:
        yield port


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give a shop with ten credits, before a server that has counted nothing yet."""
    cache.clear()
    yield ordinary_world(monkeypatch)
    cache.clear()
