"""S9, S11: everything ends in time; a byte now and then prolongs nothing."""

import socket
import threading
import time

import pytest

from processing.fetching import resolving
from tests.processing.fetching.conftest import failure_of
from tests.processing.fetching.servers import head, redirect, serving, whole

DEADLINE_S = 0.4
SOON_S = 1.5
"""Well under what any of these servers would take, well over the deadline on a busy machine."""


def drip(start, drop, *, every_s=0.05):
    """Send `start`, then `drop` again and again for as long as somebody takes it, five seconds at most."""

    def answer(connection, request):
        connection.sendall(start)
        ends = time.monotonic() + 5
        while time.monotonic() < ends and not has_hung_up(connection):
            time.sleep(every_s)
            connection.sendall(drop)

    return answer


def has_hung_up(connection):
    """Say whether the other side has closed; what it may have sent meanwhile is dropped."""
    connection.setblocking(False)
    try:
        return not connection.recv(65536)
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(5)


def assert_cut(url, *, deadline_s=DEADLINE_S):
    started = time.monotonic()
    failure_of(url, deadline_s=deadline_s)
    took = time.monotonic() - started
    assert DEADLINE_S * 0.9 < took < SOON_S


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b""),
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (head("100 Continue"), head("100 Continue")),
        (head("200 OK", "Content-Length: 1000"), b""),
        (head("200 OK", "Content-Length: 1000"), b"x"),
        (head("200 OK"), b"x"),
        (head("200 OK", "Transfer-Encoding: chunked"), b"1\r\nx\r\n"),
        (head("200 OK", "Transfer-Encoding: chunked") + b"1;", b"x"),
        (head("200 OK", "Transfer-Encoding: chunked") + b"0\r\n", b"X: y\r\n"),
    ],
)
def test_a_slow_answer_is_cut_at_the_deadline(open_to, start, drop):
    with serving(drip(start, drop)) as server:
        open_to(server)
        assert_cut(server.url())


@pytest.mark.parametrize(("start", "drop"), [(b"", b""), (b"\x16\x03\x03\x40\x00", b"\x02")])
def test_a_slow_tls_handshake_is_cut_at_the_deadline(open_to, start, drop):
    with serving(drip(start, drop), reads_request=False) as server:
        open_to(server)
        assert_cut(server.url(scheme="https"))


def test_redirects_share_the_deadline(open_to):
    def slow_hop(connection, request):
        time.sleep(DEADLINE_S / 2)
        connection.sendall(redirect("/again"))

    with serving(slow_hop) as server:
        open_to(server)
        assert_cut(server.url())

    assert len(server.requests) <= 3


def test_a_caller_can_shorten_the_deadline_but_not_prolong_it(open_to, settings):
    settings.FETCH_DEADLINE_S = DEADLINE_S
    with serving(drip(b"", b"H")) as server:
        open_to(server)
        assert_cut(server.url(), deadline_s=60)


def test_a_name_that_is_never_resolved_is_given_up_at_the_deadline(open_to, hanging_resolver):
    with serving(whole(b"x")) as server:
        open_to(server)
        assert_cut(server.url(host="hangs.example"))


def test_a_lookup_has_five_seconds_of_a_longer_deadline(open_to, hanging_resolver, monkeypatch):
    assert resolving.LOOKUP_S == 5
    monkeypatch.setattr(resolving, "LOOKUP_S", DEADLINE_S)
    with serving(whole(b"x")) as server:
        open_to(server)
        assert_cut(server.url(host="hangs.example"), deadline_s=5)


def test_lookups_that_never_end_do_not_pile_up(open_to, hanging_resolver, monkeypatch):
    monkeypatch.setattr(resolving, "_lookups", threading.BoundedSemaphore(1))
    with serving(whole(b"x")) as server:
        open_to(server)
        assert "in time" in failure_of(server.url(host="hangs.example"), deadline_s=0.1)
        assert "too many lookups" in failure_of(server.url(host="hangs.example"), deadline_s=0.1)


@pytest.fixture
def hanging_resolver(monkeypatch):
    """A resolver that answers only when the test is over."""
    over = threading.Event()

    def hang(*args, **kwargs):
        over.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "gave up")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield
    over.set()
    for thread in threading.enumerate():
        if thread.name == "fetch-lookup":
            thread.join()
