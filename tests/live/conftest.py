"""One live server for the tests that only need some server, and the pictures it can fetch."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.live.picture_host import PictureHost
from tests.live.server import LiveServer
from tests.photos import photo_bytes


@pytest.fixture(scope="session")
def blank() -> bytes:
    """A picture with nothing in it."""
    out = io.BytesIO()
    Image.new("RGB", (320, 240), "white").save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="session")
def pictures(blank: bytes) -> Iterator[PictureHost]:
    with PictureHost({"photo.jpg": photo_bytes("grace_hopper"), "blank.png": blank}) as host:
        yield host


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, pictures: PictureHost) -> Iterator[LiveServer]:
    server = LiveServer(
        tmp_path_factory.mktemp("live"),
        environ={
            "SLOT_WAITING_PLACES": "20",
            "PLACES_PER_ORGANIZATION": "99",
            "SLOT_WAIT_S": "120",
            "V1_0_ANSWER_WITHIN_S": "120",
            "STRANGER_RATE": "1000/m",
            "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
            "FETCH_PORTS": str(pictures.port),
        },
    )
    server.start()
    yield server
    server.stop()
