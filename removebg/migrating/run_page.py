"""The form that runs a translated call, and the way back to it for who has to log in first."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability
from accounts.current_organization import PersonRequest, requires
from accounts.visiting import leads_to
from billing.pricing import CREDITS_PER_IMAGE
from billing.selectors import account_of, credits_of
from removebg.migrating.runnable import Runnable, runnable_from

COOKIE = "__Secure-call_to_run" if settings.SESSION_COOKIE_SECURE else "call_to_run"
"""The call is kept in the browser, signed: what anybody pastes here is stored in no database."""
KEPT_S = 3600
LONGEST_COOKIE = 3_800
"""Characters of the cookie's value; browsers keep 4,096 bytes with its name and attributes."""
_SALT = "removebg.migrating.call_to_run"


def run_context(request: HttpRequest, runnable: Runnable | None) -> dict[str, Any]:
    """Return what `docs/run_form.html` needs: the price and what is left for who belongs somewhere."""
    context: dict[str, Any] = {"runnable": runnable, "price": CREDITS_PER_IMAGE}
    membership = getattr(request, "membership", None)
    if runnable is not None and membership:
        context["may_run"] = True
        context["credits"] = credits_of(account_of(membership.organization).pk).available
    return context


@leads_to("docs-migrate")
def keep(request: HttpRequest) -> HttpResponse:
    """Keep a translated call in the browser while its person logs in; what was pasted, and its key, is not in it."""
    runnable = runnable_from(request.POST.dict())
    if runnable is None:
        return redirect("docs-migrate")
    entrance = "account_signup" if "sign_up" in request.POST else "account_login"
    response = redirect(f"{reverse(entrance)}?{urlencode({'next': reverse('docs-migrate-run')})}")
    if not _keep_in_browser(response, runnable):
        messages.warning(request, _("This call is too long to be kept. Log in, then paste it again."))
    return response


@never_cache
@require_safe
@requires(Ability.USE)
def run_page(request: PersonRequest) -> HttpResponse:
    """Show the call that was kept, once, with the form that runs it."""
    runnable = _kept_call(request)
    if runnable is None:
        return redirect("docs-migrate")
    response = render(request, "docs/run.html", {"place": "migrate", **run_context(request, runnable)})
    response.delete_cookie(COOKIE, path=reverse("docs-migrate-run"), samesite="Lax")
    return response


def _keep_in_browser(response: HttpResponse, runnable: Runnable) -> bool:
    """Set the signed cookie that only the page of kept calls gets; return whether the call is short enough for it."""
    call = {"dialect": runnable.dialect, "files": " ".join(runnable.files), **dict(runnable.fields)}
    text = signing.dumps(call, salt=_SALT, compress=True)
    if len(text) > LONGEST_COOKIE:
        return False
    response.set_cookie(
        COOKIE,
        text,
        max_age=KEPT_S,
        path=reverse("docs-migrate-run"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return True


def _kept_call(request: HttpRequest) -> Runnable | None:
    """Return the call of the cookie; None if there is none, it is too old, or this server did not sign it."""
    try:
        return runnable_from(signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=KEPT_S))
    except signing.BadSignature:
        return None
