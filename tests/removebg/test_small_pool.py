"""Slow callers beside a pool of two connections: pages, the API and readiness answer at once."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.billing.shared_database import shared_database
from tests.live.server import LiveServer
from tests.live.slow_host import SlowHost
from tests.photos import photo_bytes

pytestmark = pytest.mark.postgres_only

SLOW_CALLERS = 20
PROMPT_S = 4
"""A held pool answers after 10 seconds, with an error."""


@pytest.fixture(scope="module")
def host_port():
    with SlowHost(answers_after_s=8) as host:
        yield host.port


@pytest.fixture(scope="module")
def server(tmp_path_factory, host_port):
    with shared_database(tmp_path_factory.mktemp("pool")) as database_url:
        environ = {
            "DATABASE_URL": database_url,
            "DATABASE_POOL_SIZE": "2",
            "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
            "FETCH_PORTS": str(host_port),
            "FETCHES_AT_ONCE": "40",
            "SLOT_WAIT_S": "90",
        }
        running = LiveServer(tmp_path_factory.mktemp("server"), environ=environ).start()
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="module")
def keys(server):
    """Return the keys of two busy organizations and of a third one."""
    return [server.create_organization(name, credits=50) for name in ("Alice's shop", "Bob's shop", "Carol's shop")]


def assert_prompt(server, key):
    """Ask everything that needs the database, twice."""
    for _ in range(2):
        for path in ("/livez", "/readyz", "/account/login/", "/v1/me", "/status/"):
            began = time.monotonic()
            answer = requests.get(server.url + path, headers={"x-api-key": key}, timeout=30)
            assert answer.status_code == 200, (path, answer.text[:300])
            assert time.monotonic() - began < PROMPT_S, path


def test_slow_uploads_take_no_connection(server, keys):
    uploads = []
    try:
        for number in range(SLOW_CALLERS):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            head = f"POST /v1/remove HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {keys[number % 2]}\r\n"
            client.sendall(
                head.encode() + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 90000\r\n\r\n--x"
            )
            uploads.append(client)
        time.sleep(1)

        assert_prompt(server, keys[2])
        assert sum(is_waiting(client) for client in uploads) > 4, "more uploads than connections are under way"
    finally:
        for client in uploads:
            client.close()


def is_waiting(client):
    """Say whether no answer has come."""
    client.setblocking(False)
    try:
        client.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    return False


@pytest.mark.parametrize("kind", ["fetch", "model"])
def test_slow_fetches_and_a_busy_model_take_no_connection(server, keys, host_port, kind):
    def call(number):
        fields = {} if kind == "model" else {"image_url": f"http://127.0.0.1:{host_port}/a.jpg"}
        files = {"image_file": ("photo.jpg", photo_bytes("grace_hopper"))} if kind == "model" else None
        headers = {"x-api-key": keys[number % 2]}
        answer = requests.post(f"{server.url}/v1/remove", headers=headers, data=fields, files=files, timeout=120)
        return answer.status_code

    with ThreadPoolExecutor(SLOW_CALLERS) as crowd:
        answers = [crowd.submit(call, number) for number in range(SLOW_CALLERS)]
        time.sleep(1)
        assert_prompt(server, keys[2])
        statuses = [answer.result() for answer in answers]

    expected = 400 if kind == "fetch" else 200
    assert statuses.count(expected) > 4
    assert set(statuses) <= {expected, 429, 503}
