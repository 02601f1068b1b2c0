"""Staff need a second factor for the admin (STAFF_SECOND_FACTOR), shown in the session that opens it."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.current_organization import LoggedInRequest
from accounts.models import User

_LASTING = {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}
"""Second factors; recovery codes only stand in for one of them."""


def require_in(site: AdminSite) -> None:
    """Open this admin site only to staff who showed a second factor in this session; lead others to the page below."""
    has_permission, log_in = site.has_permission, site.login

    def has_permission_and_factor(request: HttpRequest) -> bool:
        return has_permission(request) and has_shown_factor(request)

    def log_in_or_explain(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if has_permission(request) and not has_shown_factor(request):
            query = urlencode({REDIRECT_FIELD_NAME: get_next_redirect_url(request) or reverse("admin:index")})
            return redirect(f"{reverse('staff-second-factor')}?{query}")
        return log_in(request, *args, **kwargs)

    site.has_permission = has_permission_and_factor  # type: ignore[method-assign]
    site.login = log_in_or_explain  # type: ignore[method-assign,assignment]


def has_shown_factor(request: HttpRequest) -> bool:
    """Return whether this session used a second factor that the person still has, or none is required."""
    if not settings.STAFF_SECOND_FACTOR:
        return True
    if not isinstance(request.user, User):
        return False
    types = _types_by_id(request.user)
    used = {record.get("id") for record in get_authentication_records(request, request.user)}
    return bool(used & types.keys()) and bool(_LASTING & set(types.values()))


@never_cache
@require_safe
@login_required
def second_factor_required(request: LoggedInRequest) -> HttpResponse:
    """Explain why the admin is closed, and lead to where a second factor is set up or shown."""
    target = get_next_redirect_url(request) or reverse("admin:index")
    if has_shown_factor(request) or not request.user.is_staff:
        return redirect(target)
    types = set(_types_by_id(request.user).values())
    context = {
        "query": urlencode({REDIRECT_FIELD_NAME: target}),
        "has_factor": bool(types & _LASTING),
        "has_passkey": Authenticator.Type.WEBAUTHN in types,
        "has_code": bool(types & {Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES}),
    }
    return render(request, "accounts/second_factor_required.html", context)


def _types_by_id(user: User) -> dict[int, str]:
    return dict(Authenticator.objects.filter(user=user).values_list("pk", "type"))
