"""A real server under real sockets: the happy path, races, refused uploads, slow and silent callers."""

import base64
import http.client
import json
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlencode

import pytest
import requests

from tests.live.server import LiveServer
from tests.photos import photo_bytes

PHOTO = photo_bytes("grace_hopper")


def remove(live: LiveServer, key: str, **options: object) -> requests.Response:
    files = {"image_file": ("photo.jpg", PHOTO)}
    return requests.post(f"{live.url}/v1/remove", headers={"x-api-key": key}, files=files, timeout=120, **options)


def left(live: LiveServer, key: str) -> int:
    me = requests.get(f"{live.url}/v1/me", headers={"x-api-key": key}, timeout=10).json()
    return int(me["maxCredits"]) - int(me["usedCredits"])


def read_answer(client: socket.socket) -> tuple[int, dict[str, str]]:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return answer.status, json.loads(answer.read())


def test_sixteen_at_once_on_the_last_credit_give_one_image(live):
    key = live.create_organization("Race", credits=1)

    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda _: remove(live, key), range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] + [402] * 15
    assert left(live, key) == 0
    live.manage("audit_ledger")  # exits non-zero on any disagreement


def test_readiness_names_the_model_and_its_digest(live):
    body = requests.get(f"{live.url}/readyz", timeout=10).json()

    assert body["ready"] is True
    assert body["model"]["name"] == "isnet-general-use"
    assert len(body["model"]["digest"]) in (32, 64)


def test_head_has_the_headers_of_get_and_logs_no_warning(live):
    for path in ("/v1/remove", "/v1/me", "/v1.0/removebg", "/", "/nowhere/", "/metrics", "/readyz"):
        answer = requests.get(live.url + path, timeout=10, allow_redirects=False)
        head = requests.head(live.url + path, timeout=10)
        assert (head.status_code, head.content) == (answer.status_code, b"")
        assert head.headers["Content-Type"] == answer.headers["Content-Type"]

    assert "no-body response" not in live.log


def test_clients_that_send_large_json_before_they_read_get_their_answer(live):
    """Twelve bodies, three at a time, each refused long before all of it has come."""
    key = live.create_organization("Large JSON", credits=1)
    body = b'{"image_file_b64":"x","a":' + b"[" * 25_000_000 + b"}"

    def send(_number):
        with socket.create_connection(("127.0.0.1", live.port), timeout=30) as client:
            client.sendall(
                b"POST /v1.0/removebg HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"X-Api-Key: %b\r\nContent-Length: %d\r\n\r\n" % (key.encode(), len(body))
            )
            client.sendall(body)
            return read_answer(client)[0]

    with ThreadPoolExecutor(3) as crowd:
        assert set(crowd.map(send, range(12))) <= {400, 429}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_refused_client_in_mid_upload_can_still_read_its_status(live, chunked):
    """A plain client that writes its whole body before it reads sees the 401, not a broken pipe."""
    body = bytes(20 * 1024 * 1024)
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    with socket.create_connection(("127.0.0.1", live.port), timeout=30) as client:
        client.sendall(
            b"POST /v1/remove HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
            + framing
            + b"\r\n\r\n"
        )
        client.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body)
        status, answer = read_answer(client)

    assert (status, answer["code"]) == (401, "authentication_error")


def test_a_chunked_upload_is_read_and_one_over_the_cap_is_image_too_large(live):
    key = live.create_organization("Chunks", credits=2)
    head, tail = b'--x\r\nContent-Disposition: form-data; name="image_file"; filename="a.jpg"\r\n\r\n', b"\r\n--x--\r\n"

    def send(data: bytes) -> requests.Response:
        parts = [head, *(data[i : i + 100_000] for i in range(0, len(data), 100_000)), tail]
        headers = {"x-api-key": key, "Content-Type": "multipart/form-data; boundary=x"}
        return requests.post(f"{live.url}/v1/remove", headers=headers, data=iter(parts), timeout=60)

    assert send(PHOTO).status_code == 200
    too_large = send(bytes(25 * 1024 * 1024))
    assert (too_large.status_code, too_large.json()["code"]) == (400, "image_too_large")
    assert left(live, key) == 1


def test_health_answers_while_all_places_are_taken_and_the_rest_is_refused_at_once(tmp_path):
    limits = {"IMAGE_SLOTS": "1", "SLOT_WAITING_PLACES": "1", "SLOT_WAIT_S": "60", "PLACES_PER_ORGANIZATION": "99"}
    server = LiveServer(tmp_path, environ=limits).start()
    try:
        key = server.create_organization("Crowd", credits=50)
        slowest_health_s = 0.0
        with ThreadPoolExecutor(12) as crowd:
            pending = [crowd.submit(remove, server, key) for _ in range(12)]
            while not all(answer.done() for answer in pending):
                for path in ("/livez", "/readyz"):
                    began = time.monotonic()
                    assert requests.get(server.url + path, timeout=10).status_code == 200
                    slowest_health_s = max(slowest_health_s, time.monotonic() - began)
                time.sleep(0.05)
        answers = [answer.result() for answer in pending]
        statuses = sorted(answer.status_code for answer in answers)
        assert set(statuses) == {200, 503}
        assert statuses.count(200) >= 2
        assert all(answer.json()["code"] == "server_busy" for answer in answers if answer.status_code == 503)
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 503)
        assert left(server, key) == 50 - statuses.count(200)
        assert slowest_health_s < 5, "health found a thread throughout"
    finally:
        server.stop()


def test_more_uploads_than_places_are_told_busy_and_slow_ones_are_cut(tmp_path):
    """Slow senders take the places of uploads, not the threads of health checks, and only until the deadline."""
    limits = {"IMAGE_SLOTS": "1", "SLOT_WAITING_PLACES": "0", "UPLOADS_AT_ONCE": "3", "UPLOAD_DEADLINE_S": "4"}
    limits["PLACES_PER_ORGANIZATION"] = "9"
    server = LiveServer(tmp_path, environ=limits).start()
    slow = []
    try:
        key = server.create_organization("Slow", credits=5)
        for _ in range(4):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            client.sendall(
                b"POST /v1/remove HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: "
                + key.encode()
                + b"\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000000\r\n\r\n--x\r\n"
            )
            slow.append(client)
        time.sleep(0.5)
        assert requests.get(f"{server.url}/livez", timeout=2).status_code == 200
        busy = remove(server, key)
        assert (busy.status_code, busy.json()["code"]) == (503, "server_busy")
        for client in slow:
            status, body = read_answer(client)
            assert (status, body["code"]) == (400, "validation_error")
            assert "did not arrive within 4 seconds" in body["message"]
        time.sleep(0.5)
        assert remove(server, key).status_code == 200, "the places are free again"
    finally:
        for client in slow:
            client.close()
        server.stop()


def test_strangers_who_stop_in_mid_upload_keep_nobody_out(tmp_path):
    """However many begin an upload without a key and fall silent: health answers, and who has a key is served."""
    server = LiveServer(tmp_path, environ={"STRANGER_RATE": "1000/m"}).start()
    silent = []
    try:
        key = server.create_organization("Honest", credits=5)
        for number in range(60):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            ending = b"Connection: close\r\n" if number % 2 else b""
            head = b"POST /v1/remove HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20000000\r\n" + ending
            client.sendall(head + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n")
            silent.append(client)
        for path in ("/livez", "/readyz"):
            assert requests.get(server.url + path, timeout=4).status_code == 200
        assert remove(server, key).status_code == 200
        assert [read_answer(client)[0] for client in silent] == [401] * 60
    finally:
        for client in silent:
            client.close()
        server.stop()


def test_unfinished_heads_and_silent_callers_keep_nobody_out(tmp_path):
    """More of them than there are threads: health answers at once, and they are cut off at their deadline."""
    server = LiveServer(tmp_path, environ={"HEAD_DEADLINE_S": "6"}).start()
    strangers = []
    try:
        key = server.create_organization("Honest", credits=5)
        for number in range(120):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            if number % 3:
                client.sendall(b"GET /v1/me HTTP/1.1\r\nHost: 127")
            strangers.append(client)
        time.sleep(1)
        began = time.monotonic()
        for path in ("/livez", "/readyz"):
            assert requests.get(server.url + path, timeout=4).status_code == 200
        assert remove(server, key).status_code == 200
        assert time.monotonic() - began < 20
        with suppress(ConnectionResetError):
            assert strangers[1].recv(1) == b"", "closed at the deadline"
    finally:
        for client in strangers:
            client.close()
        server.stop()


def test_a_head_that_comes_in_two_parts_is_answered(live):
    with socket.create_connection(("127.0.0.1", live.port), timeout=20) as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0")
        time.sleep(1.5)
        client.sendall(b".0.1\r\n\r\n")
        answer = http.client.HTTPResponse(client)
        answer.begin()

        assert answer.status == 200


def test_slow_uploads_of_one_organization_leave_places_for_another(tmp_path):
    server = LiveServer(tmp_path, environ={"UPLOAD_DEADLINE_S": "30"}).start()
    slow = []
    try:
        greedy, honest = (server.create_organization(name, credits=5) for name in ("Greedy", "Honest"))
        head = f"POST /v1/remove HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {greedy}\r\n".encode()
        for _ in range(40):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            client.sendall(head + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n--x")
            slow.append(client)
        time.sleep(1)

        assert remove(server, honest).status_code == 200
        refused = read_answer(slow[-1])
        assert (refused[0], refused[1]["code"]) == (429, "rate_limit_exceeded")
    finally:
        for client in slow:
            client.close()
        server.stop()


@pytest.mark.parametrize("chunk", [b"--x not a size\r\n", b"-1\r\nabc\r\n"])
def test_malformed_chunks_are_the_callers_fault(live, chunk):
    key = live.create_organization("Malformed", credits=1)
    with socket.create_connection(("127.0.0.1", live.port), timeout=30) as client:
        client.sendall(
            b"POST /v1/remove HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nx-api-key: "
            + key.encode()
            + b"\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n"
            + chunk
        )
        status, answer = read_answer(client)

    assert (status, answer["code"]) == (400, "validation_error")


def test_a_model_that_arrives_later_is_found_without_a_restart(tmp_path, settings):
    cache = tmp_path / "models"
    server = LiveServer(tmp_path / "server", environ={"MODEL_CACHE_DIR": str(cache)}).start(wait_until_ready=False)
    try:
        key = server.create_organization("Early", credits=1)
        early = remove(server, key)
        shutil.copytree(settings.MODEL_CACHE_DIR, cache)
        server._wait_for("/readyz")

        assert (early.status_code, early.json()["code"]) == (503, "service_unavailable")
        assert int(early.headers["Retry-After"]) >= 1
        assert remove(server, key).status_code == 200
    finally:
        server.stop()


def test_a_killed_server_loses_no_credit_and_its_holds_come_free(tmp_path):
    """kill -9 while an image is in work: after the lease the sweeper gives the credit back; the retry costs one."""
    server = LiveServer(
        tmp_path, environ={"HOLD_LEASE_S": "12", "IDEMPOTENCY_LEASE_S": "12", "SWEEP_EVERY_S": "0.5"}
    ).start()
    try:
        key = server.create_organization("Killed", credits=3)
        in_work = threading.Thread(target=lambda: _ignoring_the_end(server, key))
        in_work.start()
        deadline = time.monotonic() + 20
        while left(server, key) == 3:
            assert time.monotonic() < deadline
        server.kill()
        in_work.join()

        server.start()
        deadline = time.monotonic() + 60
        while left(server, key) != 3:
            assert time.monotonic() < deadline, "the hold did not come free"
            time.sleep(0.2)

        answer = remove_with_key(server, key, "order-1")
        assert (answer.status_code, answer.headers["X-Credits-Charged"]) == (200, "1")
        assert left(server, key) == 2
        server.manage("audit_ledger")
    finally:
        server.stop()


def remove_with_key(server: LiveServer, key: str, idempotency_key: str) -> requests.Response:
    return requests.post(
        f"{server.url}/v1/remove",
        headers={"x-api-key": key, "Idempotency-Key": idempotency_key},
        files={"image_file": ("photo.jpg", PHOTO)},
        timeout=60,
    )


def _ignoring_the_end(server: LiveServer, key: str) -> None:
    try:
        remove_with_key(server, key, "order-1")
    except requests.RequestException:
        return


def test_a_caller_who_left_can_fetch_the_image_again_for_nothing(live):
    key = live.create_organization("Left", credits=5)
    boundary, name = "x", "image_file"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n\r\n'.encode()
        + PHOTO
        + f"\r\n--{boundary}--\r\n".encode()
    )
    with socket.create_connection(("127.0.0.1", live.port), timeout=30) as client:
        client.sendall(
            f"POST /v1/remove HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {key}\r\nIdempotency-Key: gone\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        deadline = time.monotonic() + 60
        while left(live, key) == 5:
            assert time.monotonic() < deadline, "the work never began"
    while (answer := remove_with_key(live, key, "gone")).status_code == 409:
        assert time.monotonic() < deadline
        time.sleep(0.3)

    assert (answer.status_code, answer.headers["X-Credits-Charged"]) == (200, "0")
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert left(live, key) == 4


def test_log_lines_are_json_and_hold_no_key(live):
    key = live.create_organization("Logs", credits=1)
    remove(live, key)

    lines = [json.loads(line) for line in live.log.splitlines() if line.startswith("{")]

    assert any(line["event"] == "request" and line["path"] == "/v1/remove" for line in lines)
    assert key not in live.log
    assert key[8:] not in live.log


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_a_chunked_body_without_a_file_is_read_like_any_other(live, content_type):
    key = live.create_organization("Streamed", credits=1)
    encoded = base64.b64encode(PHOTO).decode()
    is_json = content_type == "application/json"
    body = json.dumps({"image_file_b64": encoded}) if is_json else urlencode({"image_file_b64": encoded})
    pieces = (body[start : start + 10_000].encode() for start in range(0, len(body), 10_000))

    answer = requests.post(
        f"{live.url}/v1.0/removebg",
        headers={"x-api-key": key, "Content-Type": content_type},
        data=pieces,
        timeout=60,
    )

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
