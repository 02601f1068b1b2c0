"""From a parsed address to the IP addresses that may be connected to: all of them are fit, or none is used."""

from django.conf import settings

from processing.fetching.addresses import Address, is_public
from processing.fetching.deadline import FetchDeadline
from processing.fetching.errors import Refused
from processing.fetching.itself import is_our_address, is_our_name
from processing.fetching.resolving import look_up
from processing.fetching.urls import Target


def find_destinations(target: Target, *, deadline: FetchDeadline) -> list[Address]:
    """Return the addresses of the host, looked up this once; raise Refused if a single one may not be asked.

    What stands in FETCH_ALLOWED_NETWORKS may be asked whatever else it is.
    """
    addresses = [target.literal] if target.literal else look_up(target.host, deadline=deadline)
    unexpected = [address for address in addresses if not _is_allowed_by_operator(address)]
    for address in unexpected:
        if not is_public(address):
            raise Refused(f"{address} is not a public address")
        if is_our_address(address, deadline=deadline):
            raise Refused(f"{address} is this server")
    if unexpected and is_our_name(target.host):
        raise Refused("the name is this server's")
    return addresses


def _is_allowed_by_operator(address: Address) -> bool:
    return any(address in network for network in settings.FETCH_ALLOWED_NETWORKS)
