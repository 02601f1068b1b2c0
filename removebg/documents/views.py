"""The documentation: quickstart, reference, errors, guides."""

from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularSwaggerSplitView

from removebg.documents.guides import GUIDES, html_of
from removebg.documents.own_key import find_own_key
from removebg.error_catalogue import ERROR_PAGES
from removebg.page_policies import SWAGGER_POLICY
from removebg.reference.endpoints import DIALECTS, endpoints, find_endpoint
from removebg.reference.samples import samples_of
from removebg.v1_0_error_catalogue import PAGE_BY_SLUG, SHARED_CODES, STATUS_IN_V1_0, v1_0_rows


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show where to begin."""
    return render(request, "docs/index.html", {"place": "", "endpoints": endpoints()})


@require_safe
def quickstart(request: HttpRequest) -> HttpResponse:
    """Lead from nothing to a cutout, with the person's own key named where they have one."""
    context = {
        "place": "quickstart",
        "samples": samples_of("removeBackground"),
        "own_key": find_own_key(request),
        "signup_open": settings.SIGNUP_OPEN,
        "free_credits": settings.FREE_CREDITS,
    }
    return render(request, "docs/quickstart.html", context)


@require_safe
def api_index(request: HttpRequest) -> HttpResponse:
    """List the endpoints, and what all of them have in common."""
    by_dialect = [
        (dialect, rival, [endpoint for endpoint in endpoints() if endpoint.dialect == dialect])
        for dialect, rival in DIALECTS.items()
    ]
    return render(request, "docs/api.html", {"place": "api", "dialects": by_dialect})


@require_safe
def endpoint_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Describe one endpoint."""
    endpoint = find_endpoint(slug)
    if endpoint is None:
        raise Http404
    context: dict[str, Any] = {
        "place": slug,
        "endpoint": endpoint,
        "samples": samples_of(endpoint.operation),
        "own_key": find_own_key(request),
    }
    return render(request, "docs/endpoint.html", context)


@method_decorator(csp_replace(SWAGGER_POLICY), name="dispatch")
class Swagger(SpectacularSwaggerSplitView):
    """Swagger UI, from the sidecar's files; it styles itself inline, so the path has a policy of its own."""

    url_name = "openapi"


@require_safe
def error_index(request: HttpRequest) -> HttpResponse:
    """List every error code of both dialects."""
    return render(request, "errors/index.html", {"place": "errors", "pages": ERROR_PAGES, "v1_0_rows": v1_0_rows()})


@require_safe
def error_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain one code."""
    if slug.replace("_", "-") in PAGE_BY_SLUG and slug not in PAGE_BY_SLUG:
        return redirect("error-page", slug=slug.replace("_", "-"), permanent=True)
    if slug not in PAGE_BY_SLUG:
        raise Http404
    page = PAGE_BY_SLUG[slug]
    is_of_v1 = page in ERROR_PAGES
    context = {
        "place": "errors",
        "page": page,
        "is_of_v1": is_of_v1,
        "is_of_v1_0": not is_of_v1 or page.code in SHARED_CODES,
        "status_in_v1_0": STATUS_IN_V1_0.get(page.code, page.status),
    }
    return render(request, "errors/explained.html", context)


@require_safe
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the guide for those who come from a rival."""
    if slug not in GUIDES:
        raise Http404
    shown = GUIDES[slug]
    context = {
        "place": f"from-{slug}",
        "title": _("Coming from %(rival)s") % {"rival": shown.rival},
        "guide": shown,
        "html": html_of(shown),
    }
    return render(request, "docs/guide.html", context)
