"""The form that runs a translated call, and the way back to it for who has to log in first."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability
from accounts.current_organization import PersonRequest, requires
from accounts.visiting import leads_to
from billing.pricing import CREDITS_PER_IMAGE
from billing.selectors import account_of, credits_of
from removebg.migrating.runnable import Runnable, runnable_from

SESSION_KEY = "call_to_run"


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
    """Note a translated call in the session of who goes to log in; what was pasted, and its key, is not in it."""
    runnable = runnable_from(request.POST.dict())
    if runnable is None:
        return redirect("docs-migrate")
    request.session[SESSION_KEY] = {
        "dialect": runnable.dialect,
        "files": " ".join(runnable.files),
        **dict(runnable.fields),
    }
    entrance = "account_signup" if "sign_up" in request.POST else "account_login"
    return redirect(f"{reverse(entrance)}?{urlencode({'next': reverse('docs-migrate-run')})}")


@never_cache
@require_safe
@requires(Ability.USE)
def run_page(request: PersonRequest) -> HttpResponse:
    """Show the call that was kept, once, with the form that runs it."""
    kept = request.session.pop(SESSION_KEY, None)
    runnable = runnable_from(kept) if isinstance(kept, dict) else None
    if runnable is None:
        return redirect("docs-migrate")
    return render(request, "docs/run.html", {"place": "migrate", **run_context(request, runnable)})
