"""What a person sees where a page could not be shown: what happened, what to do, and the request id to copy."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from processing.api.request_ids import request_id_of
from removebg.problems import Problem

_TITLES = {
    400: _("The request was not understood"),
    403: _("This is not open to you"),
    404: _("This page does not exist"),
    429: _("Slow down a little"),
    500: _("Something broke on our side"),
    503: _("We are not ready for a moment"),
}
_ADVICE = {
    400: _("Go back, reload the page and try once more. If you typed the address, check it for stray characters."),
    403: _("Log in with another account, or ask an owner of your organization to give you the role it takes."),
    404: _("Check the address for a typing error, or start from one of these pages."),
    429: _("Wait a minute, then try again. Trying sooner makes the wait longer."),
    500: _(
        "Try again in a minute. If it comes back, tell support the request id: it leads straight to what went wrong."
    ),
    503: _("Reload the page in a few seconds. Nothing was lost, and nothing was charged."),
}


def page_of(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return the page; where the fault is ours it is made without database, session or context processors."""
    is_ours = problem.status >= 500
    context = {
        "layout": "base_bare.html" if is_ours else "base.html",
        "problem": problem,
        "title": _TITLES.get(problem.status, _TITLES[500]),
        "advice": _ADVICE.get(problem.status, _ADVICE[500]),
        "request_id": request_id_of(request),
    }
    if not is_ours:
        return render(request, "errors/problem.html", context, status=problem.status)
    brand = {"product_name": settings.PRODUCT_NAME, "support_email": settings.SUPPORT_EMAIL}
    return HttpResponse(render_to_string("errors/problem.html", {**context, **brand}), status=problem.status)
