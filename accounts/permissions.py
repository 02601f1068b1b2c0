"""What a known caller may do."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.errors import AuthenticationError, PermissionRefused
from accounts.models import ApiKey, Scope


class HasScope(BasePermission):
    """Lets a working key through when its organization is neither suspended nor frozen and the key has the scope."""

    scope: Scope

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return True, or raise AuthenticationError (no key) or PermissionRefused (suspended, frozen, scope)."""
        api_key = request.auth
        if not isinstance(api_key, ApiKey):
            raise AuthenticationError
        if api_key.organization.is_suspended:
            raise PermissionRefused("This organization is suspended.")
        if api_key.organization.keys_frozen_at is not None:
            raise PermissionRefused("A payment of this organization is disputed; its API keys rest until that is over.")
        if self.scope not in api_key.scopes:
            raise PermissionRefused(f"This API key lacks the scope `{self.scope}`.")
        return True


def scoped(scope: str) -> type[HasScope]:
    """Return the permission class that asks for this scope; raise ValueError for a scope that does not exist."""
    return type("HasScope", (HasScope,), {"scope": Scope(scope)})
