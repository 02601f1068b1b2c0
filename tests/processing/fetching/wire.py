"""Two networks in one process: ours, and "the internet" behind a wire on which every packet is counted.

The process must have been started in a network namespace of its own. A thread goes into a second one, where every
address there is belongs to that machine and is served. The wire between them is a pair of TUN devices and a loop that
carries packets from one to the other. What our side sends to itself never reaches the wire: an AF_PACKET socket on `lo`
counts that.
"""

import ctypes
import os
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address

from tests.processing.fetching.rtnetlink import add_address, add_route, bring_up, make_tun

OUR_ADDRESSES = ("198.41.0.4", "2001:500:200::4")
"""Public ones, so that nothing but their being ours speaks against them."""

DNS_ADDRESS = "9.9.9.9"
UNREACHABLE = "93.184.216.99"
"""A public address; the wire drops what is sent there."""

_MARKS = ("198.41.0.9", "93.184.216.77")
"""Where the marks go that tell the counters are up to date: one over `lo`, one over the wire."""

_TCP, _UDP = 6, 17
_NEW_NETWORK = 0x40000000
_EVERY_PROTOCOL = 3


class Wire:
    """The counters: how many packets went to each address, over the wire or over `lo`."""

    def __init__(self) -> None:
        self.packets: Counter[str] = Counter()
        self._marks_seen: Counter[str] = Counter()
        self._marks_sent = 0

    def saw(self, packet: bytes) -> str:
        """Count one IP packet and return where it goes; the kernel's own multicast chatter is left out."""
        is_ipv4 = packet[0] >> 4 == 4
        protocol = packet[9] if is_ipv4 else packet[6]
        target = ip_address(packet[16:20] if is_ipv4 else packet[24:40])
        if str(target) in _MARKS:
            self._marks_seen[str(target)] += 1
        elif not target.is_multicast or protocol in (_TCP, _UDP):
            self.packets[str(target)] += 1
        return str(target)

    def count(self, work: Callable[[], object]) -> Counter[str]:
        """Return the packets that were sent while `work` ran, all of them."""
        before = self._up_to_date()
        work()
        return self._up_to_date() - before

    def _up_to_date(self) -> Counter[str]:
        """Send a packet both ways and wait until it is seen: then everything before it has been."""
        self._marks_sent += 1
        for mark in _MARKS:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"mark", (mark, 9))
        ends = time.monotonic() + 10
        while any(self._marks_seen[mark] < self._marks_sent for mark in _MARKS):
            if time.monotonic() > ends:
                raise TimeoutError("the counters do not see what is sent")
            time.sleep(0.002)
        return Counter(self.packets)


def lay_wire(serve_the_internet: Callable[[], None]) -> Wire:
    """Set up both networks and return the wire; `serve_the_internet` is called once inside the second one."""
    wire = Wire()
    bring_up("lo")
    add_address(_MARKS[0], "lo")
    near = make_tun("wire0")
    for address in OUR_ADDRESSES:
        add_address(address, "wire0")
    for everything in ("0.0.0.0/0", "::/0"):
        add_route(everything, "wire0")
    far = _make_far_side(serve_the_internet)
    _start(_carry, near, far, wire)
    _start(_watch_loopback, wire, _loopback_tap())
    return wire


def _make_far_side(serve_the_internet: Callable[[], None]) -> int:
    made: list[int | OSError] = []
    is_made = threading.Event()

    def work() -> None:
        try:
            _enter_new_network()
            bring_up("lo")
            far = make_tun("wire1")
            add_address(DNS_ADDRESS, "lo")
            for everything in ("0.0.0.0/0", "::/0"):
                add_route(everything, "lo", is_local=True)
            for address in OUR_ADDRESSES:
                add_route(address, "wire1")
            serve_the_internet()
            made.append(far)
        except OSError as error:
            made.append(error)
        finally:
            is_made.set()

    _start(work)
    is_made.wait()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


def _enter_new_network() -> None:
    """Move this one thread into a network namespace of its own; what it opens and starts stays there."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "a second network namespace cannot be made")


def _carry(near: int, far: int, wire: Wire) -> None:
    while True:
        for descriptor in select.select([near, far], [], [])[0]:
            packet = os.read(descriptor, 65536)
            if descriptor == far:
                os.write(near, packet)
            elif wire.saw(packet) != UNREACHABLE:
                os.write(far, packet)


def _loopback_tap() -> socket.socket:
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL))
    tap.bind(("lo", 0))
    return tap


def _watch_loopback(wire: Wire, tap: socket.socket) -> None:
    while True:
        frame = tap.recv(65536)
        (kind,) = struct.unpack_from("!H", frame, 12)
        if kind in (0x0800, 0x86DD):
            wire.saw(frame[14:])


def _start(work: Callable[..., None], *args: object) -> None:
    threading.Thread(target=work, args=args, daemon=True).start()
