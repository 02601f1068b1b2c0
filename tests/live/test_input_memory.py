"""Bodies that are small on the wire and large in memory are refused by a live server, which keeps nothing of them."""

import base64
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from tests.live.processes import resident_bytes
from tests.live.server import LiveServer
from tests.mutated_images import mutated_images
from tests.photos import photo_bytes
from tests.verify.decode_fuzz import ending_of

MEBIBYTE = 1024 * 1024
LARGEST_BODY = 50_000_000
STAYS_WITHIN = 64 * MEBIBYTE
PEAK_WITHIN = 600 * MEBIBYTE
"""Three bodies of 50 MB at once with what is made of them."""

DAMAGED_IMAGES = 300
EMOJI = "\N{GRINNING FACE}".encode()
JSON, URLENCODED = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


def filled(piece: bytes, *, before: bytes = b"", after: bytes = b"") -> bytes:
    return before + piece * ((LARGEST_BODY - len(before) - len(after)) // len(piece)) + after


ATTACKS = {
    "JSON of empty lists": (JSON, lambda: filled(b"[],", before=b'{"image_file_b64":"x","a":[', after=b"[]]}")),
    "JSON of empty texts": (JSON, lambda: filled(b'"",', before=b'{"a":[', after=b'""]}')),
    "JSON of one text with a wide character": (
        JSON,
        lambda: filled(b"A", before=b'{"image_file_b64":"' + EMOJI, after=b'"}'),
    ),
    "a form of percent signs": (URLENCODED, lambda: filled(b"%41", before=b"image_file_b64=")),
    "parts without a name": (MULTIPART, lambda: filled(b"--x\r\nA: b\r\n\r\n\r\n", after=b"--x--\r\n")),
    "a part with a wide character": (
        MULTIPART,
        lambda: filled(
            b"A",
            before=b'--x\r\nContent-Disposition: form-data; name="image_file_b64"\r\n\r\n' + EMOJI,
            after=b"\r\n--x--\r\n",
        ),
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("memory"), environ={"V1_0_ANSWER_WITHIN_S": "120"})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def key(server: LiveServer) -> str:
    """Return a key whose server has answered what it answers every day, so that its memory is that of an hour later."""
    key = server.create_organization("Memory", credits=20)
    encoded = base64.b64encode(photo_bytes("grace_hopper")).decode()
    with ThreadPoolExecutor(2) as callers:
        answers = [callers.submit(remove, server, key, {"json": {"image_file_b64": encoded}}) for _ in range(6)]
    assert {answer.result().status_code for answer in answers} == {200}
    return key


def remove(server: LiveServer, key: str, sent: dict) -> requests.Response:
    headers = {"x-api-key": key, **sent.pop("headers", {})}
    return requests.post(f"{server.url}/v1.0/removebg", headers=headers, timeout=120, **sent)


def resident(server: LiveServer) -> int:
    """Return the resident memory of the server's processes, in bytes."""
    assert server.process is not None
    return resident_bytes(server.process.pid)


@contextmanager
def watched(server: LiveServer) -> Iterator[list[int]]:
    """Note the resident memory every 20 ms."""
    seen, ends = [resident(server)], threading.Event()

    def watch() -> None:
        while not ends.wait(0.02):
            seen.append(resident(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ends.set()
        watcher.join()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_and_leaves_nothing(server, key, name):
    content_type, make = ATTACKS[name]
    body = make()
    before = resident(server)
    slowest = 0.0

    with watched(server) as seen, ThreadPoolExecutor(3) as attackers:
        answers = [
            attackers.submit(remove, server, key, {"data": body, "headers": {"Content-Type": content_type}})
            for _ in range(3)
        ]
        while not all(answer.done() for answer in answers):
            started = time.monotonic()
            assert requests.get(f"{server.url}/livez", timeout=10).status_code == 200
            slowest = max(slowest, time.monotonic() - started)
            time.sleep(0.05)

    after = resident(server)
    print(f"{name}: {before >> 20} -> peak {max(seen) >> 20} -> {after >> 20} MiB, livez {slowest:.2f} s")
    assert {answer.result().status_code for answer in answers} <= {400, 429}
    assert max(seen) - before <= PEAK_WITHIN
    assert after - before <= STAYS_WITHIN


def test_the_largest_photo_as_base64_is_read_and_its_memory_given_back(server, key):
    photo = photo_bytes("grace_hopper")
    photo += b"\0" * (22_000_000 - len(photo))
    body = {"image_file_b64": base64.b64encode(photo).decode()}
    before = resident(server)
    with watched(server) as seen, ThreadPoolExecutor(2) as callers:
        answers = list(callers.map(lambda _: remove(server, key, {"json": body}).status_code, range(2)))

    after = resident(server)
    print(f"largest: {before >> 20} -> peak {max(seen) >> 20} -> {after >> 20} MiB")
    assert answers == [200, 200]
    assert after - before <= STAYS_WITHIN


def test_damaged_images_leave_nothing(server, key):
    """Files that come as far as the decoder; those that give pixels cost the model's time and are left to verify."""
    damaged = [image.data for image in mutated_images(DAMAGED_IMAGES, seed=4)]
    refused = [data for data in damaged if ending_of(data) == "refused by the decoder"]
    remove(server, key, {"files": {"image_file": ("a", refused[0])}})
    before = resident(server)

    with ThreadPoolExecutor(3) as attackers:
        statuses = list(attackers.map(lambda data: send_file(server, key, data), refused))

    after = resident(server)
    print(f"damaged: {before >> 20} -> {after >> 20} MiB, {len(refused)} files")
    assert set(statuses) == {400} and len(refused) > DAMAGED_IMAGES / 10
    assert after - before <= STAYS_WITHIN


def send_file(server: LiveServer, key: str, data: bytes) -> int:
    return remove(server, key, {"files": {"image_file": ("a", data)}}).status_code
