"""One live server for the tests that only need some server."""

from collections.abc import Iterator

import pytest

from tests.live.server import LiveServer


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(
        tmp_path_factory.mktemp("live"),
        environ={"SLOT_WAITING_PLACES": "20", "SLOT_WAIT_S": "120", "STRANGER_RATE": "1000/m"},
    )
    server.start()
    yield server
    server.stop()
