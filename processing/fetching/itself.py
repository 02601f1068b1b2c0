"""What must not be fetched because it is this server: by its names, by the machine's addresses, by its public ones."""

import socket
import time
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.http import is_same_domain

from processing.fetching.addresses import Address
from processing.fetching.deadline import FetchDeadline
from processing.fetching.errors import Refused
from processing.fetching.resolving import look_up

PUBLIC_ADDRESSES_KEPT_S = 60.0


def is_our_name(host: str) -> bool:
    """Say whether the host is the one of PUBLIC_URL or one of ALLOWED_HOSTS, of which `*` names nobody."""
    names = [pattern.strip("[]").lower() for pattern in settings.ALLOWED_HOSTS]
    return any(is_same_domain(host, name) for name in (*names, _public_host()))


def is_our_address(address: Address, *, deadline: FetchDeadline) -> bool:
    """Say whether the address is one of this machine's, or one that PUBLIC_URL leads to."""
    return _is_of_this_machine(address) or address in _public_addresses.get(_public_host(), deadline=deadline)


def _public_host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or ""


def _is_of_this_machine(address: Address) -> bool:
    """Ask the kernel which address it would send from: connecting a UDP socket sends nothing."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return str(probe.getsockname()[0]) == str(address)
    except OSError:  # no way leads there: it is not ours, and connecting will say so
        return False


class _PublicAddresses:
    """The addresses of PUBLIC_URL's host, kept for a minute; those known last while it cannot be resolved."""

    def __init__(self) -> None:
        self._known: tuple[str, float, frozenset[Address]] = ("", 0.0, frozenset())

    def get(self, host: str, *, deadline: FetchDeadline) -> frozenset[Address]:
        """Return the addresses, asking anew when they are old."""
        known_host, asked, addresses = self._known
        if host != known_host:
            addresses = frozenset()
        elif time.monotonic() - asked < PUBLIC_ADDRESSES_KEPT_S:
            return addresses
        try:
            addresses = frozenset(look_up(host, deadline=deadline))
        except Refused:
            return addresses
        self._known = (host, time.monotonic(), addresses)
        return addresses


_public_addresses = _PublicAddresses()
