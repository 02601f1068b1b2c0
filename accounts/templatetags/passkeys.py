"""Whether passkeys can work at the address of a page."""

import ipaddress

from django import template
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.template import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def passkeys_work(context: Context) -> bool:
    """Return whether browsers allow passkeys on this page; a page that no request made may have them."""
    request = context.get("request")
    return request is None or is_address_for_passkeys(request)


def is_address_for_passkeys(request: HttpRequest) -> bool:
    """Return whether the request came to a host name over HTTPS, or to localhost.

    WebAuthn binds passkeys to a domain name, never to an IP address, and needs a secure context.
    """
    host = split_domain_port(request.get_host())[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return request.is_secure() or host == "localhost" or host.endswith(".localhost")
    return False
