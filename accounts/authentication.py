"""From a request's headers to the key that makes it."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import api_keys
from accounts.addresses import client_address
from accounts.errors import AddressRefused
from accounts.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    """`x-api-key`, else `Authorization: Bearer`. The user is who made the key, if known; `request.auth` is the key."""

    def authenticate(self, request: Request) -> tuple[User | AnonymousUser, ApiKey] | None:
        """Return who calls, or None when no key was sent.

        Raise AuthenticationError for a key that does not work, AddressRefused for one that does not work from here.
        """
        secret = find_secret(request)
        if secret is None:
            return None
        api_key = api_keys.find_active(secret)
        address = client_address(request)
        if not api_key.may_call_from(address):
            raise AddressRefused
        api_keys.note_use(api_key, address=address)
        return api_key.created_by or AnonymousUser(), api_key

    def authenticate_header(self, request: Request) -> str:
        """Return the WWW-Authenticate value of a 401."""
        return 'Bearer realm="api"'


def find_secret(request: Request) -> str | None:
    """Return what the caller showed as a key, or None when they showed nothing."""
    shown = request.META.get("HTTP_X_API_KEY", "").strip()
    if shown:
        return str(shown)
    scheme, _, credentials = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return credentials.strip() or None if scheme.lower() == "bearer" else None
