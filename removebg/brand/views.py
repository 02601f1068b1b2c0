"""The site's look as files: the stylesheet with the operator's accent, the logo, an icon."""

from collections.abc import Callable
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path
from typing import Any

from csp.decorators import csp
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from removebg.brand.accent import accents_of, stylesheet_of
from removebg.brand.logo import read_logo

View = Callable[[HttpRequest], HttpResponse]
SHEET = Path(__file__).resolve().parent.parent / "static" / "site" / "site.css"

_for_a_year = cache_control(public=True, max_age=31_536_000, immutable=True)
_for_minutes = cache_control(public=True, max_age=300)


def _kept(view: View) -> View:
    """Let browsers keep what was asked for with its version, which changes with what is in it, and the rest briefly."""
    kept_long, kept_briefly = _for_a_year(view), _for_minutes(view)

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        return (kept_long if request.GET else kept_briefly)(request)

    return answer


# Whoever opens a picture by itself runs nothing that stands in it.
_SEALED = {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": True}

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="{accent}"/>'
    '<path d="M4 20h6v6H4zm6-6h6v6h-6zm-6-6h6v6H4z" fill="#fff" opacity=".35"/>'
    '<circle cx="20" cy="16" r="8" fill="#fff"/></svg>'
)


def version() -> str:
    """Return what changes with the accent and the logo."""
    logo = read_logo(settings.BRAND_LOGO).version if settings.BRAND_LOGO else ""
    return sha256(f"{_whole_sheet(settings.BRAND_HUE, SHEET.stat().st_mtime_ns)}{logo}".encode()).hexdigest()[:12]


@cache
def _whole_sheet(hue: float, changed_ns: int) -> str:
    """Return every rule of the site, the operator's accent last; read anew when the file was changed."""
    return SHEET.read_text(encoding="utf-8") + stylesheet_of(hue)


@require_safe
@_kept
def stylesheet(request: HttpRequest) -> HttpResponse:
    """Return the site's rules and the accent in one file: a second one would hold every first visit back."""
    sheet = _whole_sheet(settings.BRAND_HUE, SHEET.stat().st_mtime_ns)
    return HttpResponse(sheet, content_type="text/css; charset=utf-8")


@require_safe
@csp(_SEALED)
@_kept
def logo(request: HttpRequest) -> HttpResponse:
    """Return the logo; 404 where the operator has none."""
    if not settings.BRAND_LOGO:
        raise Http404
    file = read_logo(settings.BRAND_LOGO)
    return HttpResponse(file.data, content_type=file.content_type)


@require_safe
@csp(_SEALED)
@_kept
def icon(request: HttpRequest) -> HttpResponse:
    """Return the site's icon in the accent's colour, or the logo where there is one."""
    if settings.BRAND_LOGO:
        file = read_logo(settings.BRAND_LOGO)
        return HttpResponse(file.data, content_type=file.content_type)
    light, _dark = accents_of(settings.BRAND_HUE)
    return HttpResponse(ICON.format(accent=light.accent), content_type="image/svg+xml")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask at the old address to the icon."""
    return redirect("brand-icon")


def in_templates() -> dict[str, Any]:
    """Return what templates know of the brand's files."""
    return {"brand_version": version(), "has_logo": bool(settings.BRAND_LOGO)}
