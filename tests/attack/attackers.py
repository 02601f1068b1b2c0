"""Attackers of one kind against a live server: bounded in number and time, on loopback only.

`python -m tests.attack.attackers` reads a Target as JSON from its standard input and writes how its calls ended as
JSON. It runs apart from whoever measures, and at a low priority: the work of a real attacker is on other machines.
"""

import dataclasses
import io
import json
import os
import random
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import numpy as np
import requests
from PIL import Image

from tests.mutated_images import mutated_images

PAUSE_S = 0.5
"""After each call, so that an attacker is no flood of connections: what is tried here is what a few calls can take."""

SENDS_WITHIN_S = 30

SWAGGER = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
JSON_BYTES = (10_000_000, 25_000_000, 50_000_000)
CODEC_BYTES = 1_500_000
DECODER_FILES = 400
HEADERS_SENT_SLOWLY = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{headers}"
    "\r\n{body}"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """The server to attack, for how long, and what the attackers have: page headers, keys, a slow server."""

    kind: str
    port: int
    seconds: float
    anonymous: Mapping[str, str]
    session: Mapping[str, str]
    test_key: str
    organization_keys: list[str]
    image_url: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Ends:
    """The end of an attack."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left_s(self) -> float:
        return self._at - time.monotonic()


Call = Callable[[Target, int, Ends], str]
"""Make the call of the attacker with that number; return how it ended, as a status or a word."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """So many attackers that each make one call after the other."""

    attackers: int
    call: Call


def attack(target: Target) -> Counter[str]:
    """Let all attackers of the kind call until the time is over; count how their calls ended."""
    kind, ends = KINDS[target.kind], Ends(target.seconds)
    endings: Counter[str] = Counter()

    def keep_calling(number: int) -> None:
        while ends.left_s > 0:
            try:
                endings[kind.call(target, number, ends)] += 1
            except (OSError, requests.RequestException) as error:
                endings[type(error).__name__] += 1
            time.sleep(max(0.0, min(PAUSE_S, ends.left_s)))

    with ThreadPoolExecutor(kind.attackers) as crowd:
        for done in [crowd.submit(keep_calling, number) for number in range(kind.attackers)]:
            done.result()
    return endings


def send_slowly(
    target: Target, number: int, ends: Ends, *, path: str, headers: Mapping[str, str], length: int, content_type: str
) -> str:
    """Promise a body and send a byte of it each second."""
    head = HEADERS_SENT_SLOWLY.format(
        path=path,
        content_type=content_type,
        length=length,
        headers="".join(f"{name}: {value}\r\n" for name, value in headers.items()),
        body="--x\r\n" if "multipart" in content_type else "l",
    )
    with connect(target, number) as client:
        client.sendall(head.encode())
        client.settimeout(1.0)
        while ends.left_s > 0:
            try:
                return status_in(client.recv(64))
            except TimeoutError:
                client.sendall(b"x")
    return "held"


def upload_slowly_without_account(target: Target, number: int, ends: Ends) -> str:
    """Send a preview's upload slowly."""
    return _upload_slowly(target, number, ends, path="/trial/remove", headers=target.anonymous)


def upload_slowly_logged_in(target: Target, number: int, ends: Ends) -> str:
    """Send the playground's upload slowly."""
    return _upload_slowly(target, number, ends, path="/try/remove", headers=target.session)


_upload_slowly = partial(send_slowly, length=500_000, content_type="multipart/form-data; boundary=x")


def send_form_slowly(target: Target, number: int, ends: Ends) -> str:
    """Send a form slowly that needs no account."""
    return send_slowly(
        target,
        number,
        ends,
        path="/language/",
        headers={},
        length=500,
        content_type="application/x-www-form-urlencoded",
    )


def read_nothing(target: Target, number: int, ends: Ends) -> str:
    """Ask for large files and leave the answer unread until the server gives up."""
    with connect(target, number, receive_bytes=2048) as client:
        client.sendall(f"GET {SWAGGER} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * 3)
        watch = select.poll()
        watch.register(client, select.POLLHUP | select.POLLERR | select.POLLRDHUP)
        return "closed" if watch.poll(max(0.0, ends.left_s) * 1000) else "held"


def send_largest_photo(target: Target, number: int, ends: Ends) -> str:
    """Have the largest photo worked on, in the best quality, by a test key."""
    return remove(target, target.test_key, ends, files={"image_file": ("a.jpg", largest_photo())}, quality="best")


def name_slow_server(target: Target, number: int, ends: Ends) -> str:
    """Have a picture fetched from a server that answers after seconds, by two organizations in turn."""
    return remove(target, target.organization_keys[number % 2], ends, image_url=target.image_url)


def send_large_json(target: Target, number: int, ends: Ends) -> str:
    """Send JSON of many lists, or of lists in lists, by a test key."""
    size = JSON_BYTES[number % len(JSON_BYTES)]
    body = b'{"image_file_b64":"x","a":' + (b"[[]" + b",[]" * (size // 3) + b"]" if number % 2 else b"[" * size) + b"}"
    return post(
        target,
        "/v1.0/removebg",
        ends,
        headers={"X-Api-Key": target.test_key, "Content-Type": "application/json"},
        data=body,
    )


def name_slow_codec(target: Target, number: int, ends: Ends) -> str:
    """Name a charset whose decoder takes quadratic time: in a form, in multipart fields and in JSON."""
    text = b"a" * CODEC_BYTES
    path, content_type, body = (
        ("/language/", "application/x-www-form-urlencoded", b"language=" + text[: CODEC_BYTES // 2]),
        (
            "/trial/remove",
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + text + b"\r\n--x--\r\n",
        ),
        ("/v1.0/removebg", "application/json", b'{"image_file_b64":"' + text + b'"}'),
    )[number % 3]
    headers = {
        **target.anonymous,
        "Content-Type": f"{content_type}; charset=punycode",
        **({"X-Api-Key": target.test_key} if path.startswith("/v1") else {}),
    }
    return post(target, path, ends, headers=headers, data=body)


def send_damaged_image(target: Target, number: int, ends: Ends) -> str:
    """Send a damaged image file, by a test key."""
    files = damaged_images()
    return remove(target, target.test_key, ends, files={"image_file": ("a", random.choice(files))})


def remove(target: Target, key: str, ends: Ends, *, files: object = None, **fields: str) -> str:
    return post(target, "/v1/remove", ends, headers={"x-api-key": key}, files=files, data=fields)


def post(target: Target, path: str, ends: Ends, **sent: object) -> str:
    """Return the status; who has no answer when the attack ends does not wait for it, but sends all of the body.

    The first of requests' two timeouts is also that of sending, which would end as a broken connection.
    """
    timeout = (SENDS_WITHIN_S, max(1.0, ends.left_s))
    answer = requests.post(target.url + path, timeout=timeout, **sent)  # type: ignore[arg-type]
    return str(answer.status_code)


def connect(target: Target, number: int, *, receive_bytes: int = 0) -> socket.socket:
    """Connect from an address that three attackers share."""
    client = socket.socket()
    if receive_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(30)
    client.bind((f"127.0.1.{1 + number // 3}", 0))
    client.connect(("127.0.0.1", target.port))
    return client


def status_in(answer: bytes) -> str:
    """Return the status of an answer's first line."""
    return answer.split()[1].decode() if answer.startswith(b"HTTP/1.") else "closed"


@cache
def largest_photo() -> bytes:
    """Return a JPEG of as many pixels as a photo may have, with detail in it."""
    small = Image.fromarray(np.random.default_rng(1).integers(0, 255, (577, 866, 3), np.uint8))
    out = io.BytesIO()
    small.resize((8660, 5770)).save(out, "JPEG", quality=60)
    return out.getvalue()


@cache
def damaged_images() -> list[bytes]:
    return [image.data for image in mutated_images(DECODER_FILES, seed=3)]


KINDS = {
    "anonymous": Kind(30, upload_slowly_without_account),
    "logged-in": Kind(24, upload_slowly_logged_in),
    "test-key": Kind(8, send_largest_photo),
    "two-organizations": Kind(24, name_slow_server),
    "slow-sender": Kind(18, send_form_slowly),
    "slow-reader": Kind(60, read_nothing),
    "large-json": Kind(3, send_large_json),
    "codec": Kind(9, name_slow_codec),
    "decoder": Kind(6, send_damaged_image),
}
"""The attackers by name; each is one finding that took the server of before from its customers."""


def main() -> None:
    """Prepare what is sent, say so, attack and tell how the calls ended."""
    os.nice(10)
    target = Target(**json.loads(sys.stdin.readline()))
    if target.kind == "test-key":
        largest_photo()
    if target.kind == "decoder":
        damaged_images()
    print("ready", flush=True)
    print(json.dumps(attack(target)), flush=True)


if __name__ == "__main__":
    main()
