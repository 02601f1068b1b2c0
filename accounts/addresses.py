"""Which address a request came from, with or without proxies in front."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the caller's IP address as text, as `client_address_in` does."""
    return client_address_in(request.META)


def client_address_in(environ: Mapping[str, Any]) -> str:
    """Return the caller's IP address as text, from a WSGI environ.

    With TRUSTED_PROXIES = n, each of the n proxies in front has appended the address it saw to X-Forwarded-For, so the
    caller is the n-th from the right; what stands further left is whatever the caller wrote, and is not believed.
    """
    peer = str(environ.get("REMOTE_ADDR") or "127.0.0.1")
    if not settings.TRUSTED_PROXIES:
        return peer
    hops = forwarded_addresses(environ)
    return hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else peer


def forwarded_addresses(environ: Mapping[str, Any]) -> list[str]:
    """Return the addresses in X-Forwarded-For, the nearest proxy's last."""
    return [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]


def rate_limit_address(request: HttpRequest) -> str:
    """Return what the caller is counted by, as `counted_address` does."""
    return counted_address(client_address(request))


def counted_address(text: str) -> str:
    """Return what a caller is counted by: an IPv4 address, or the network of RATE_LIMIT_IPV6_PREFIX bits of IPv6.

    Every line has a /64 of its own (RFC 6177), so that single addresses of IPv6 are free to whoever wants many. IPv4
    written as IPv6 (RFC 4291, 2.5.5.2) is IPv4. Anything that is no address counts as one caller.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return str(ipaddress.IPv6Address(0))
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        network = ipaddress.ip_network((address, settings.RATE_LIMIT_IPV6_PREFIX), strict=False)
        return str(network.network_address)
    return str(address)
