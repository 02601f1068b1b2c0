"""Photos are never written to a disk, however large and by whichever way they come."""

import base64
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from PIL import Image

from processing import services
from tests.factories import make_member
from tests.fakes import DiscEngine
from tests.processing.api.conftest import upload

MB = 1_000_000
_opened: list[str] | None = None


def _watch(event: str, details: tuple[object, ...]) -> None:
    """Note files that are opened to be written, and places asked of the system for temporary ones."""
    if _opened is None:
        return
    if event == "open" and isinstance(details[2], int) and details[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        _opened.append(str(details[0]))
    elif event.startswith("tempfile."):
        _opened.append(event)


@pytest.fixture(scope="module", autouse=True)
def audit() -> None:
    """Python calls the hook for every file it opens (PEP 578); it cannot be taken off again, so it sleeps."""
    sys.addaudithook(_watch)


@contextmanager
def files_written() -> Iterator[list[str]]:
    """Give the list of files written in the block, which grows meanwhile."""
    global _opened  # noqa: PLW0603
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None


@pytest.fixture(autouse=True)
def quick_model(monkeypatch):
    monkeypatch.setattr(services, "engine", DiscEngine())


@pytest.fixture(scope="module")
def photo() -> bytes:
    """A picture of 15 MB, most of it after its end, where decoders look no more."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, "PNG")
    return file.getvalue() + os.urandom(15 * MB)


def test_the_hook_sees_what_is_written(tmp_path):
    with files_written() as files:
        (tmp_path / "note").write_text("seen")

    assert files == [str(tmp_path / "note")]


@pytest.mark.parametrize("path", ["/v1/remove", "/v1.0/removebg"])
def test_a_large_file_part_is_held_in_memory(alice, photo, path):
    with files_written() as files:
        answer = alice.post(path, {"image_file": upload("cat.png", photo)})

    assert (answer.status_code, files) == (200, [])


def test_two_large_file_parts_are_held_in_memory(alice, photo):
    parts = {"image_file": upload("cat.png", photo), "bg_image_file": upload("sea.png", photo)}

    with files_written() as files:
        answer = alice.post("/v1.0/removebg", parts)

    assert (answer.status_code, files) == (200, [])


@pytest.mark.parametrize("path", ["/v1/remove", "/v1.0/removebg"])
def test_large_base64_text_is_held_in_memory(alice, photo, path):
    with files_written() as files:
        answer = alice.post(path, {"image_file_b64": base64.b64encode(photo).decode()})

    assert (answer.status_code, files) == (200, [])


def test_a_large_json_body_is_held_in_memory(alice, photo):
    body = b'{"image_file_b64": "%s"}' % base64.b64encode(photo)

    with files_written() as files:
        answer = alice.send("/v1.0/removebg", body, "application/json")

    assert (answer.status_code, files) == (200, [])


FROM_OUR_PAGE = {"origin": "http://testserver"}


@pytest.mark.parametrize("path", ["/try/remove", "/try/download"])
def test_the_playground_holds_a_large_photo_in_memory(shop, photo, path):
    person = Client(headers=FROM_OUR_PAGE)
    person.force_login(make_member(shop))

    with files_written() as files:
        answer = person.post(path, {"image_file": upload("cat.png", photo)})

    assert (answer.status_code, files) == (200, [])


@pytest.mark.parametrize("path", ["/trial/remove", "/trial/download"])
def test_a_stranger_s_large_photo_is_held_in_memory(db, photo, path):
    with files_written() as files:
        answer = Client(headers=FROM_OUR_PAGE).post(path, {"image_file": upload("cat.png", photo)})

    assert (answer.status_code, files) == (200, [])


def test_a_photo_over_the_limit_is_refused_without_a_file(alice, photo):
    with files_written() as files:
        answer = alice.post("/v1/remove", {"image_file": upload("cat.png", photo + bytes(7 * MB))})

    assert (answer.status_code, answer.json()["code"], files) == (400, "image_too_large", [])
