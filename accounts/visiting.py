"""Addresses that forms are sent to and that are no pages: whoever visits one is led to the page with the form.

People get there by a reload, or by a log-in after their session had ended.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponseBase]


def leads_to(page: str) -> Callable[[View], View]:
    """Let the view answer POST; lead a visit to the route `page`."""

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def answer(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase | HttpResponse:
            return view(request, *args, **kwargs) if request.method == "POST" else redirect(page)

        return answer

    return decorate
