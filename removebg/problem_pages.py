"""What a person sees where a page could not be shown: what happened, what to do, and the request id to copy."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from processing.api.request_ids import request_id_of
from removebg.problems import Problem

Words = tuple[str | Promise, str | Promise]
"""A title, and what to do."""

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
    429: _("Wait a few minutes, then try again."),
    500: _(
        "Try again in a minute. If it comes back, tell support the request id: it leads straight to what went wrong."
    ),
    503: _("Reload the page in a few seconds. Nothing was lost, and nothing was charged."),
}


STALE_FORM: Words = (
    _("Send the form again"),
    _("If it happens again, allow cookies for this site in your browser: forms do not work without them."),
)
"""Title and advice where a form was refused for its token: who sent it may well do what it asks for."""


def page_of(request: HttpRequest, problem: Problem, *, words: Words | None = None) -> HttpResponse:
    """Return the page, with the title and advice of `words` or else of the status.

    Where the fault is ours it is made without database, session or context processors.
    """
    title, advice = words or (_TITLES.get(problem.status, _TITLES[500]), _ADVICE.get(problem.status, _ADVICE[500]))
    is_ours = problem.status >= 500
    context = {
        "layout": "base_bare.html" if is_ours else "base.html",
        "problem": problem,
        "title": title,
        "advice": advice,
        "request_id": request_id_of(request),
    }
    if not is_ours:
        return render(request, "errors/problem.html", context, status=problem.status)
    brand = {"product_name": settings.PRODUCT_NAME, "support_email": settings.SUPPORT_EMAIL}
    return HttpResponse(render_to_string("errors/problem.html", {**context, **brand}), status=problem.status)
