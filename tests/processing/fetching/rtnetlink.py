"""The little of `ip` that a test network needs (Linux, rtnetlink(7)): the program itself is not everywhere."""

import fcntl
import os
import socket
import struct
from ipaddress import IPv4Network, IPv6Network, ip_network

_NETLINK_ROUTE = 0
_NEW_LINK, _NEW_ADDRESS, _NEW_ROUTE = 16, 20, 24
_REQUEST_ACKNOWLEDGED_CREATE = 0x001 | 0x004 | 0x400
_IS_UP = 1
_ATTRIBUTE_ADDRESS, _ATTRIBUTE_LOCAL, _NO_DUPLICATE_DETECTION = 1, 2, 0x02
_ATTRIBUTE_DESTINATION, _ATTRIBUTE_DEVICE = 1, 4
_TABLE_MAIN, _BY_BOOT, _SCOPE_UNIVERSE, _SCOPE_LINK, _SCOPE_HOST, _UNICAST, _LOCAL = 254, 3, 0, 253, 254, 1, 2
_SET_TUN, _TUN_WITHOUT_HEADER = 0x400454CA, 0x0001 | 0x1000


def make_tun(name: str) -> int:
    """Make a device whose outgoing packets are read from the descriptor returned, and bring it up."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, _SET_TUN, struct.pack("16sH22x", name.encode(), _TUN_WITHOUT_HEADER))
    bring_up(name)
    return descriptor


def bring_up(device: str) -> None:
    _tell_kernel(_NEW_LINK, struct.pack("=BxHiII", 0, 0, socket.if_nametoindex(device), _IS_UP, _IS_UP))


def add_address(address: str, device: str) -> None:
    """Give the device one address of its own."""
    network = ip_network(address)
    family, packed = _family(network), network.network_address.packed
    _tell_kernel(
        _NEW_ADDRESS,
        struct.pack("=BBBBI", family, network.prefixlen, _NO_DUPLICATE_DETECTION, 0, socket.if_nametoindex(device)),
        (_ATTRIBUTE_LOCAL, packed),
        (_ATTRIBUTE_ADDRESS, packed),
    )


def add_route(destination: str, device: str, *, is_local: bool = False) -> None:
    """Send packets for the network through the device or, where `is_local`, take them for our own."""
    network = ip_network(destination)
    if is_local:
        kind, scope = _LOCAL, _SCOPE_HOST
    else:
        kind, scope = _UNICAST, _SCOPE_LINK
    if network.version == 6:
        scope = _SCOPE_UNIVERSE
    _tell_kernel(
        _NEW_ROUTE,
        struct.pack("=BBBBBBBBI", _family(network), network.prefixlen, 0, 0, _TABLE_MAIN, _BY_BOOT, scope, kind, 0),
        (_ATTRIBUTE_DESTINATION, network.network_address.packed),
        (_ATTRIBUTE_DEVICE, struct.pack("=I", socket.if_nametoindex(device))),
    )


def _family(network: IPv4Network | IPv6Network) -> int:
    return socket.AF_INET if network.version == 4 else socket.AF_INET6


def _tell_kernel(kind: int, body: bytes, *attributes: tuple[int, bytes]) -> None:
    for name, value in attributes:
        body += struct.pack("=HH", 4 + len(value), name) + value + bytes(-len(value) % 4)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE) as kernel:
        kernel.bind((0, 0))
        kernel.send(struct.pack("=IHHII", 16 + len(body), kind, _REQUEST_ACKNOWLEDGED_CREATE, 1, 0) + body)
        (error,) = struct.unpack_from("=i", kernel.recv(65536), 16)
    if error:
        raise OSError(-error, f"{os.strerror(-error)} (rtnetlink message {kind})")
