"""What search engines ask for: which pages there are, and which addresses are none of their business."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from removebg.documents.guides import GUIDES
from removebg.reference.endpoints import endpoints
from removebg.v1_0_error_catalogue import PAGE_BY_SLUG

_ROUTES = ("front", "pricing", "docs", "docs-quickstart", "docs-api", "docs-migrate", "error-index", "privacy", "terms")
_for_a_day = cache_control(public=True, max_age=86_400)


@require_safe
@_for_a_day
def robots(request: HttpRequest) -> HttpResponse:
    """Keep crawlers from the API and the admin; private pages say noindex, which has to be read."""
    lines = ["User-agent: *", "Disallow: /v1/", "Disallow: /v1.0/", "Disallow: /admin/", "Disallow: /docs/swagger/"]
    text = "\n".join([*lines, "", f"Sitemap: {settings.PUBLIC_URL}{reverse('sitemap')}", ""])
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
@_for_a_day
def sitemap(request: HttpRequest) -> HttpResponse:
    """List every public page that says the same to everybody."""
    context = {"addresses": [f"{settings.PUBLIC_URL}{path}" for path in public_paths()]}
    return render(request, "sitemap.xml", context, content_type="application/xml; charset=utf-8")


def public_paths() -> Iterator[str]:
    """Yield the path of every page that search engines may show."""
    for route in _ROUTES:
        yield reverse(route)
    for endpoint in endpoints():
        yield reverse("docs-endpoint", args=[endpoint.slug])
    for slug in GUIDES:
        yield reverse("guide", args=[slug])
    for slug in PAGE_BY_SLUG:
        yield reverse("error-page", args=[slug])
