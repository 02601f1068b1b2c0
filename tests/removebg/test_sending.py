"""Answers that are not read wait in memory, within bounds, and arrive whole when they are read."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from processing.api.places import Places
from removebg import sending, settings
from removebg.sending import NotRead, PatientSocket, UnsentBytes

LARGE = bytes(range(256)) * 4096 * 8  # 8 MB, more than the kernel takes


class Pair:
    """A PatientSocket and the client at its other end."""

    def __init__(self, *, most: int = 2**30, per_address: int | None = None, long: int = 1) -> None:
        ours, self.client = socket.socketpair()
        self.client.settimeout(10)
        self.kept = UnsentBytes(most, per_address=per_address)
        self.long = Places("test", long)
        self.closed = 0
        self.ours = PatientSocket.take_over(ours, "192.0.2.1", kept=self.kept, long=self.long, closed=self._note)

    def _note(self) -> None:
        self.closed += 1

    def read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            parts += self.client.recv(1 << 20)
        return bytes(parts)


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.ours.close()
    made.client.close()


def test_an_answer_that_is_not_read_is_kept_and_sent_as_it_is_read(pair):
    began = time.monotonic()
    pair.ours.sendall(b"head ")
    pair.ours.sendall(LARGE)
    assert time.monotonic() - began < 2
    assert pair.ours.unsent > 0

    received = bytearray()
    while pair.ours.unsent:
        pair.ours.send_some()
        received += pair.client.recv(1 << 20)
    received += pair.read(len(LARGE) + 5 - len(received)) if len(received) < len(LARGE) + 5 else b""
    assert bytes(received) == b"head " + LARGE


def test_a_small_answer_is_sent_at_once(pair):
    pair.ours.sendall(b"abc")
    pair.ours.sendall(b"")

    assert (pair.ours.unsent, pair.client.recv(10)) == (0, b"abc")


def test_a_stream_waits_for_its_client_in_its_thread(pair, monkeypatch):
    monkeypatch.setattr(sending, "STREAM_BYTES", 100_000)
    parts = [LARGE[start : start + 50_000] for start in range(0, len(LARGE), 50_000)]
    received = bytearray()

    def read() -> None:
        received.extend(pair.read(len(LARGE)))

    reader = threading.Thread(target=read)
    reader.start()
    for part in parts:
        pair.ours.sendall(part)
        assert pair.ours.unsent <= 100_000
    while pair.ours.unsent:
        pair.ours.send_some()
    reader.join()
    assert bytes(received) == LARGE


def test_a_stream_whose_client_does_not_read_ends_at_the_deadline(pair, monkeypatch):
    monkeypatch.setattr(sending, "STREAM_BYTES", 100_000)
    monkeypatch.setattr(settings, "SEND_STALLED_S", 0.5)
    with pytest.raises(NotRead):
        for start in range(0, len(LARGE), 50_000):
            pair.ours.sendall(LARGE[start : start + 50_000])

    assert pair.ours.unsent == 0
    assert pair.long.take(), "its place is free again"


def test_more_streams_than_may_wait_are_cut_off(pair, monkeypatch):
    monkeypatch.setattr(sending, "STREAM_BYTES", 100_000)
    assert pair.long.take("another")
    with pytest.raises(NotRead):
        for start in range(0, len(LARGE), 50_000):
            pair.ours.sendall(LARGE[start : start + 50_000])


def test_a_client_that_takes_a_little_now_and_then_has_a_deadline_in_all(pair, monkeypatch):
    monkeypatch.setattr(settings, "SEND_DEADLINE_S", 0.2)
    monkeypatch.setattr(sending, "SLOWEST_BYTES_PER_S", 2**40)
    pair.ours.sendall(LARGE)
    assert not pair.ours.is_overdue()
    time.sleep(0.3)
    pair.client.recv(1 << 20)
    pair.ours.send_some()

    assert pair.ours.is_overdue()


def test_what_waits_is_bounded_in_all_and_for_one_address():
    unsent = UnsentBytes(100, per_address=50)

    assert unsent.change("a", 0, 70), "one answer of any size may wait"
    assert not unsent.change("a", 0, 1)
    assert unsent.change("b", 0, 20)
    assert not unsent.change("c", 0, 20), "too much in all"
    assert unsent.change("a", 70, 40)
    assert unsent.change("c", 0, 40)
    assert not unsent.change("c", 0, 11)
    assert unsent.change("a", 40, 0)
    assert unsent.change("c", 0, 10)


def test_a_closed_connection_holds_nothing_and_is_counted_once():
    pair = Pair(most=100, per_address=50)
    pair.ours.sendall(LARGE)
    assert not pair.kept.change("192.0.2.1", 0, 1)
    pair.ours.close()
    pair.ours.close()

    assert pair.closed == 1
    assert pair.kept.change("192.0.2.1", 0, 50)
    pair.client.close()
