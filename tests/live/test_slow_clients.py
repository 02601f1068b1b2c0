"""A customer beside clients that send or read slowly, in each way that needs no account or only one."""

import json
import socket
import statistics
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
import requests

from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET, event_about, sign
from tests.live.server import LiveServer
from tests.live.test_live_server import read_answer, remove
from tests.photos import photo_bytes

SWAGGER = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
STALLED_S = 4
LOG_IN = """
from django.test import Client
from tests.factories import make_member, make_organization
client = Client()
client.force_login(make_member(make_organization("Slow people", credits=5), "slow@example.com"))
print(client.cookies["sessionid"].value)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    live = LiveServer(
        tmp_path_factory.mktemp("slow"),
        environ={
            "UPLOAD_DEADLINE_S": "120",
            "FORM_DEADLINE_S": "60",
            "SEND_STALLED_S": str(STALLED_S),
            "STRANGER_RATE": "10000/m",
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_WEBHOOK_SECRETS": SIGNING_SECRET,
        },
    )
    live.start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def customer(server: LiveServer) -> str:
    return server.create_organization("Customer", credits=50)


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def connect(server: LiveServer, sockets: ExitStack, number: int, *, receive_bytes: int = 0) -> socket.socket:
    """Return a connection from the number-th address of this machine."""
    client = sockets.enter_context(socket.socket())
    if receive_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.settimeout(30)
    client.bind((f"127.0.0.{number}", 0))
    client.connect(("127.0.0.1", server.port))
    return client


def begin_upload(client: socket.socket, path: str, headers: Mapping[str, str]) -> None:
    """Send a head that promises a large form, and the form's first bytes."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    client.sendall(
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: 500000\r\n{lines}\r\n--x\r\n".encode()
    )


def statuses_so_far(clients: list[socket.socket]) -> list[int]:
    """Return the statuses of those that are answered already."""
    time.sleep(2)
    answered = []
    for client in clients:
        client.settimeout(0.01)
        with suppress(TimeoutError):
            answered.append(read_answer(client)[0])
    return answered


def health_times_s(server: LiveServer, count: int = 9) -> list[float]:
    times = []
    for _ in range(count):
        began = time.monotonic()
        assert requests.get(f"{server.url}/livez", timeout=3).status_code == 200
        times.append(time.monotonic() - began)
    return times


def token_of(server: LiveServer, path: str, cookies: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of an upload from a page: its cookies, and its token in X-CSRFToken."""
    page = requests.get(server.url + path, cookies=dict(cookies), timeout=20)
    assert page.status_code == 200
    cookies = {**cookies, "csrftoken": page.cookies["csrftoken"]}
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return {"Cookie": cookie, "X-CSRFToken": cookies["csrftoken"]}


@pytest.fixture(scope="module")
def session(server: LiveServer) -> dict[str, str]:
    return token_of(server, "/try/", {"sessionid": server.manage("shell", "-v", "0", "-c", LOG_IN).strip()})


def test_slow_uploads_without_an_account_leave_customers_their_places(server, customer, sockets):
    headers = token_of(server, "/", {})
    slow = [connect(server, sockets, 2 + number // 3) for number in range(30)]
    for client in slow:
        begin_upload(client, "/trial/remove", headers)

    answers = [remove(server, customer) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert statuses_so_far(slow) == [503] * 22, "eight of them wait"
    assert statistics.median(health_times_s(server)) < 0.25


def test_one_address_has_two_uploads_without_an_account(server, sockets):
    headers = token_of(server, "/", {})
    slow = [connect(server, sockets, 60) for _ in range(5)]
    for client in slow:
        begin_upload(client, "/trial/remove", headers)
    other = connect(server, sockets, 61)
    begin_upload(other, "/trial/remove", headers)

    assert statuses_so_far([*slow, other]) == [503] * 3


def test_slow_uploads_of_one_session_leave_customers_their_places(server, customer, session, sockets):
    slow = [connect(server, sockets, 2 + number) for number in range(24)]
    for client in slow:
        begin_upload(client, "/try/remove", session)

    answers = [remove(server, customer) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200] * 4
    statuses = statuses_so_far(slow)
    assert set(statuses) <= {503, 429} and len(statuses) == 21, "the page sends three at once"


def test_slow_uploads_of_two_organizations_leave_customers_their_places(server, customer, sockets):
    slow = []
    for number in range(2):
        key = server.create_organization(f"Slow {number}", credits=5)
        slow += [connect(server, sockets, 2 + number) for _ in range(16)]
        for client in slow[-16:]:
            begin_upload(client, "/v1/remove", {"x-api-key": key})
    time.sleep(2)

    assert [remove(server, customer).status_code for _ in range(4)] == [200] * 4
    assert len(statuses_so_far(slow)) >= 12


def test_slow_forms_leave_log_in_and_stripes_events_their_places(server, sockets):
    slow = [connect(server, sockets, 2 + number // 3) for number in range(18)]
    for client in slow:
        client.sendall(
            b"POST /language/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 100\r\n\r\nl"
        )
    time.sleep(1)
    event = json.dumps(event_about("customer.created", {"id": "cus_slow", "object": "customer"}))
    with ThreadPoolExecutor(4) as crowd:
        pending = [
            crowd.submit(requests.post, server.url + path, data=data, headers=headers, timeout=20)
            for path, data, headers in [
                ("/account/login/", {"login": "a@example.com"}, {}),
                ("/webhooks/stripe/", event, {"Stripe-Signature": sign(event)}),
            ]
            * 2
        ]
    # The form has no token: what counts is that it reached the site.
    assert [answer.result().status_code for answer in pending] == [403, 200, 403, 200]
    for client in slow:
        client.settimeout(0.01)
    refused = 0
    for client in slow:
        with suppress(TimeoutError):
            refused += b" 503 " in client.recv(4096)
    assert refused == 10, "eight of them wait"


def test_slow_log_in_forms_of_one_address_leave_others_theirs(server, sockets):
    for number in range(20):
        connect(server, sockets, 70).sendall(
            b"POST /account/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\nl" % (100 + number)
        )
    time.sleep(1)

    assert requests.post(f"{server.url}/account/login/", data={"login": "a"}, timeout=20).status_code == 403


def test_clients_that_do_not_read_hold_no_thread_and_are_cut_off(server, customer, sockets):
    """Each asks for a file of 1.6 MB three times over: more than the kernel takes for a client that reads nothing."""
    deaf = [connect(server, sockets, 2 + number % 4, receive_bytes=2048) for number in range(120)]
    began = time.monotonic()
    for client in deaf:
        client.sendall(f"GET {SWAGGER} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * 3)
    requests.get(f"{server.url}/livez", timeout=20)  # the files themselves take the processor for a moment

    assert statistics.median(health_times_s(server)) < 0.25
    assert remove(server, customer).status_code == 200
    time.sleep(max(0.0, began + STALLED_S + 6 - time.monotonic()))
    read = [len(read_all(client)) for client in deaf[:10]]
    assert all(0 < size < 3 * 1_500_000 for size in read), read


def test_a_client_that_reads_slowly_gets_the_whole_answer(server, sockets):
    expected = requests.get(server.url + SWAGGER, headers={"Accept-Encoding": "identity"}, timeout=20).content
    client = connect(server, sockets, 80, receive_bytes=4096)
    client.sendall(f"GET {SWAGGER} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    time.sleep(1)
    parts, began = [], time.monotonic()
    while part := client.recv(65536):
        parts.append(part)
        if time.monotonic() - began < STALLED_S + 2:
            time.sleep(0.02)

    assert b"".join(parts).partition(b"\r\n\r\n")[2] == expected
    assert time.monotonic() - began > 1


def read_all(client: socket.socket) -> bytes:
    parts = []
    with suppress(ConnectionResetError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_clients_that_stay_after_the_last_answer_stop_nobody(server, sockets):
    """gunicorn waits up to two seconds for each of them, in the loop that accepts everybody."""
    for number in range(30):
        client = connect(server, sockets, 90)
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        if number < 5:
            assert b" 200 " in client.recv(4096)

    assert statistics.median(health_times_s(server)) < 0.25


def test_one_address_has_a_number_of_connections(server, sockets):
    many = [connect(server, sockets, 91) for _ in range(230)]
    time.sleep(1)
    closed = 0
    for client in many:
        client.settimeout(0.005)
        with suppress(TimeoutError):
            closed += client.recv(1) == b""

    assert 30 <= closed <= 40
    assert requests.get(f"{server.url}/livez", timeout=3).status_code == 200


@pytest.mark.parametrize("path", ["/try/remove", "/try/download", "/docs/migrate/run/v1"])
@pytest.mark.parametrize("forged", [{}, {"Origin": "https://evil.example"}])
def test_a_forged_upload_is_refused_unread(server, session, sockets, path, forged):
    client = connect(server, sockets, 92)
    begin_upload(client, path, {"Cookie": session["Cookie"], "X-CSRFToken": "0" * 32 if forged else "", **forged})

    assert client.recv(4096).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("path", ["/trial/remove", "/trial/download"])
def test_a_forged_preview_is_refused_unread(server, sockets, path):
    client = connect(server, sockets, 93)
    begin_upload(client, path, {"Cookie": token_of(server, "/", {})["Cookie"]})

    assert client.recv(4096).startswith(b"HTTP/1.1 403 ")


def test_a_plain_form_is_taken_with_its_origin_and_its_token(server, session):
    token = session["X-CSRFToken"]
    answers = [
        requests.post(
            f"{server.url}/try/download",
            headers={"Cookie": session["Cookie"], "Origin": origin},
            files={"csrfmiddlewaretoken": (None, field), "image_file": ("a.jpg", photo_bytes("grace_hopper"))},
            timeout=60,
        )
        for origin, field in [(server.url, token), (server.url, "0" * 32), ("https://evil.example", token)]
    ]

    assert [answer.status_code for answer in answers] == [200, 403, 403]
    assert answers[0].content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/public/readyz", {"SCRIPT_NAME": "/public"}, 404),
        ("/public/admin/", {"SCRIPT_NAME": "/public"}, 404),
        ("/livez", {"SCRIPT_NAME": "/wrong"}, 200),
        ("/livez", {"PATH_INFO": "/readyz"}, 200),
        ("/livez", {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off"}, 200),
    ],
)
def test_no_header_changes_the_path_or_the_scheme(server, path, headers, status):
    answer = requests.get(server.url + path, headers=headers, timeout=20)

    assert answer.status_code == status
    if path == "/livez":
        assert answer.content == requests.get(f"{server.url}/livez", timeout=20).content


def test_a_large_form_is_refused_under_any_script_name(server):
    answer = requests.post(
        f"{server.url}/v1/account/login/", data=b"x" * 3_000_000, headers={"SCRIPT_NAME": "/v1"}, timeout=30
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
