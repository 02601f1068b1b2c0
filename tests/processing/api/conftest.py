"""Alice's shop calls the API; Bob's is next door."""

import io
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image

from accounts.models import Organization
from billing.selectors import account_of, credits_of
from processing import services
from tests.factories import make_key, make_organization
from tests.fakes import DiscEngine
from tests.live.picture_host import PictureHost


class Caller:
    """Somebody with a key."""

    def __init__(self, secret: str | None) -> None:
        self._headers = {"x-api-key": secret} if secret else {}
        self._client = Client(raise_request_exception=False)

    def post(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> Any:
        """Send a multipart form; header names use _ for -."""
        return self._client.post(path, fields or {}, headers=self._named(headers))

    def send(self, path: str, body: bytes | str, content_type: str, **headers: str) -> Any:
        """POST a body as it is."""
        return self._client.post(path, body, content_type=content_type, headers=self._named(headers))

    def get(self, path: str, **headers: str) -> Any:
        return self._client.get(path, headers=self._named(headers))

    def call(self, method: str, path: str) -> Any:
        return self._client.generic(method, path, headers=self._headers)

    def _named(self, headers: dict[str, str]) -> dict[str, str]:
        return {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}


@pytest.fixture(autouse=True)
def fresh_counters(db: None) -> Iterator[None]:
    """Rate limits of one test must not refuse the next one's calls."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def shop(db: None) -> Organization:
    return make_organization("Alice's shop", credits=10, plan="pro")


@pytest.fixture
def alice(shop: Organization) -> Caller:
    return Caller(make_key(shop).secret)


@pytest.fixture
def stranger() -> Caller:
    return Caller(None)


@pytest.fixture
def alice_credits(shop: Organization) -> Callable[[], int]:
    account = account_of(shop)
    return lambda: credits_of(account.pk).available


@pytest.fixture
def disc(monkeypatch: pytest.MonkeyPatch) -> DiscEngine:
    """Swap the model for one that sees a disc: for the logic around it, quickly."""
    engine = DiscEngine()
    monkeypatch.setattr(services, "engine", engine)
    return engine


@pytest.fixture
def picture_host(settings: Any) -> Iterator[PictureHost]:
    """A web server on loopback that images may be fetched from; it serves `photo` and `wall`."""
    with PictureHost({"photo": picture_bytes(), "wall": picture_bytes(colour="red")}) as host:
        settings.FETCH_ALLOWED_NETWORKS = [ip_network("127.0.0.1/32")]
        settings.FETCH_PORTS = [host.port]
        yield host


def upload(name: str, data: bytes) -> io.BytesIO:
    """Return a file part with a file name."""
    file = io.BytesIO(data)
    file.name = name
    return file


def picture_bytes(width: int = 40, height: int = 30, image_format: str = "PNG", colour: str = "teal") -> bytes:
    """Return a small plain picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, image_format)
    return file.getvalue()


@pytest.fixture
def picture() -> Callable[[], io.BytesIO]:
    """Give a fresh upload of the same small picture each time."""
    return lambda: upload("picture.png", picture_bytes())


def opened(response: Any) -> Image.Image:
    """Return the picture an answer holds."""
    assert response.status_code == 200, response.content[:500]
    return Image.open(io.BytesIO(response.content))
