"""Alice is logged in, and works in her shop; strangers are not."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image

from accounts.models import Organization
from billing.selectors import account_of, credits_of
from processing import services
from tests.factories import make_member, make_organization
from tests.fakes import DiscEngine


def browser(**options: Any) -> Client:
    """Return a client that names the page's origin with each request, as browsers do."""
    return Client(raise_request_exception=False, headers={"origin": "http://testserver"}, **options)


@pytest.fixture(autouse=True)
def fresh_counters(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def shop(db: None) -> Organization:
    return make_organization("Alice's shop", credits=10, plan="pro")


@pytest.fixture
def alice(shop: Organization) -> Client:
    client = browser()
    client.force_login(make_member(shop))
    return client


@pytest.fixture
def stranger(db: None) -> Client:
    return browser()


@pytest.fixture
def alice_credits(shop: Organization) -> Callable[[], int]:
    account = account_of(shop)
    return lambda: credits_of(account.pk).available


@pytest.fixture(autouse=True)
def disc(monkeypatch: pytest.MonkeyPatch) -> DiscEngine:
    """The model sees a disc; tests/browser has the real one."""
    engine = DiscEngine()
    monkeypatch.setattr(services, "engine", engine)
    return engine


def a_photo(width: int = 40, height: int = 30, name: str = "cat.png") -> io.BytesIO:
    """Return an upload of a small plain picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    file.seek(0)
    file.name = name
    return file


def not_a_photo() -> io.BytesIO:
    file = io.BytesIO(b"these are words")
    file.name = "words.png"
    return file


def opened(response: Any) -> Image.Image:
    assert response.status_code == 200, response.content[:500]
    return Image.open(io.BytesIO(response.content))
