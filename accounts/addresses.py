"""Which address a request came from, with or without proxies in front."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the caller's IP address as text.

    With TRUSTED_PROXIES = n, each of the n proxies in front has appended the address it saw to X-Forwarded-For, so the
    caller is the n-th from the right; what stands further left is whatever the caller wrote, and is not believed.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "127.0.0.1")
    if not settings.TRUSTED_PROXIES:
        return peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    return hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else peer


def rate_limit_address(request: HttpRequest) -> str:
    """Return the caller's address for django-ratelimit; anything that is no address counts as one caller."""
    try:
        return str(ipaddress.ip_address(client_address(request)))
    except ValueError:
        return str(ipaddress.IPv6Address(0))
