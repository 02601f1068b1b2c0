"""A fetcher that may reach one loopback address, and what it logged."""

import logging
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest

from processing.fetching import fetcher
from processing.fetching.errors import FetchFailed
from processing.fetching.fetcher import fetch_picture
from tests.processing.fetching.servers import Server

MAX_BYTES = 100_000


@pytest.fixture
def open_to(settings: Any) -> Callable[..., None]:
    """Let the fetcher reach 127.0.0.1, and no other loopback address, at the ports of these servers."""
    settings.FETCH_ALLOWED_NETWORKS = [ip_network("127.0.0.1/32")]
    settings.FETCH_DEADLINE_S = 5.0

    def open_to(*servers: Server) -> None:
        settings.FETCH_PORTS = [server.port for server in servers]

    return open_to


@pytest.fixture
def fetch_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, fetcher.logger.name)
    return caplog


def fetch(url: str, *, max_bytes: int = MAX_BYTES, deadline_s: float | None = None) -> bytes:
    return fetch_picture(url, max_bytes=max_bytes, deadline_s=deadline_s)


def failure_of(url: str, *, deadline_s: float | None = None) -> str:
    """Return why the fetch failed, after checking that the caller is told no more than of any other failure."""
    with pytest.raises(FetchFailed) as caught:
        fetch(url, deadline_s=deadline_s)
    error = caught.value
    assert (error.code, error.status, error.is_our_fault) == ("validation_error", 400, False)
    assert error.details is None
    assert error.public_text == str(error) == FetchFailed.public_text
    return repr(error.__cause__)
