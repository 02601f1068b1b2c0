"""A connection to an address that was checked, and to no other."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from ipaddress import ip_address

import certifi

from processing.fetching.addresses import Address
from processing.fetching.deadline import FetchDeadline
from processing.fetching.errors import Refused
from processing.fetching.urls import Target

MAX_ADDRESSES_TRIED = 4


@contextmanager
def connection_to(target: Target, addresses: Sequence[Address], *, deadline: FetchDeadline) -> Iterator[socket.socket]:
    """Give a socket connected to one of `addresses`, with TLS for the target's name where it is https."""
    with _connect(addresses[:MAX_ADDRESSES_TRIED], target.port, deadline=deadline) as plain:
        if target.scheme == "http":
            yield plain
            return
        plain.settimeout(deadline.time_left_s())  # of the whole handshake, not of each of its reads
        with _tls().wrap_socket(plain, server_hostname=target.host) as encrypted:
            yield encrypted


def _connect(addresses: Sequence[Address], port: int, *, deadline: FetchDeadline) -> socket.socket:
    """Try one address after the other; each may take its share of the time that is left."""
    failure: OSError | None = None
    for position, address in enumerate(addresses):
        share_s = deadline.time_left_s() / (len(addresses) - position)
        try:
            return _connect_to(address, port, timeout_s=share_s)
        except OSError as error:
            failure = error
    raise Refused("no connection") from failure


def _connect_to(address: Address, port: int, *, timeout_s: float) -> socket.socket:
    connection = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect((str(address), port))
        if ip_address(connection.getpeername()[0]) != address:
            raise Refused("the connection leads to another address than the one checked")
    except BaseException:
        connection.close()
        raise
    return connection


@cache
def _tls() -> ssl.SSLContext:
    """Verify certificates and names, against the system's roots and certifi's: some systems bring none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
