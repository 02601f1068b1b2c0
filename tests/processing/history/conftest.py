"""Alice owns a shop whose history lies in a folder of the test's own; Mia is a member of it, Bob has another shop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import Client

from accounts.models import Organization, Role
from processing.history.choosing import turn_on
from tests.factories import make_member, make_organization
from tests.processing.playground.conftest import (  # noqa: F401 - fixtures are found by their names
    a_photo,
    alice,
    alice_credits,
    disc,
    fresh_counters,
    shop,
)

FILES = "django.core.files.storage.FileSystemStorage"


@pytest.fixture
def use_storage(settings: Any) -> Callable[..., None]:
    """Put another storage in the history's place."""

    def use(backend: str, **options: Any) -> None:
        settings.STORAGES = {
            **django_settings.STORAGES,
            "history": {"BACKEND": backend, "OPTIONS": options},
        }

    return use


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any, use_storage: Callable[..., None]) -> Path:
    settings.HISTORY_LEAVES_FREE_BYTES = 0
    own = settings.STORAGES["history"]["OPTIONS"]
    use_storage(FILES, **{**own, "location": str(tmp_path / "history")})
    return tmp_path / "history"


@pytest.fixture
def kept_shop(shop: Organization) -> Organization:  # noqa: F811
    """Alice's shop, with history turned on for three hours."""
    turn_on(shop.pk, hours=3)
    return shop


@pytest.fixture
def mia(shop: Organization) -> Client:  # noqa: F811
    client = Client(raise_request_exception=False)
    client.force_login(make_member(shop, "mia@example.com", Role.MEMBER))
    return client


@pytest.fixture
def bob(db: None) -> Client:
    client = Client(raise_request_exception=False)
    other = make_organization("Bob's shop", plan="pro")
    turn_on(other.pk, hours=3)
    client.force_login(make_member(other, "bob@example.com", Role.OWNER))
    return client


def cut_out(client: Client, name: str = "cat.png", **fields: Any) -> bytes:
    """Have a photo cut out on the pages, and return what was delivered."""
    answer = client.post("/try/remove", {"image_file": a_photo(name=name), **fields})
    assert answer.status_code == 200, answer.content
    return bytes(answer.content)


def files_in(folder: Path) -> list[str]:
    """Return what lies there."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def fetched(client: Client, path: str) -> Any:
    """Return the answer with its file read and closed, as a browser leaves it."""
    answer = client.get(path)
    answer.body = answer.getvalue()
    close(answer)
    return answer


def close(answer: Any) -> None:
    """Close the answer as the server does, but leave the test's own connection to the database open."""
    request_finished.disconnect(close_old_connections)
    try:
        answer.close()
    finally:
        request_finished.connect(close_old_connections)
