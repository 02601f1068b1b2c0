"""Who made a request, as far as answering it has found out: ids for the access log."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import empty

from accounts.models import ApiKey, Membership


def ids_of_caller(request: HttpRequest) -> dict[str, Any]:
    """Return the ids of the person, organization and key, each only if known already; makes no query."""
    ids: dict[str, Any] = {}
    user = getattr(request, "_cached_user", None)
    if user is not None and user.is_authenticated:
        ids["user_id"] = user.pk
    membership = _loaded_membership(request)
    if membership is not None:
        ids["organization_id"] = membership.organization.public_id
    key = getattr(request, "auth", None)
    if isinstance(key, ApiKey):
        ids |= {"key_prefix": key.prefix, "organization_id": key.organization.public_id}
    return ids


def _loaded_membership(request: HttpRequest) -> Membership | None:
    lazy: Any = getattr(request, "membership", None)
    loaded = getattr(lazy, "_wrapped", lazy)
    return loaded if loaded is not empty and isinstance(loaded, Membership) else None
