"""The site's front."""

<<<<<<< HEAD
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
=======
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
>>>>>>> docs
from django.views.decorators.http import require_safe


@require_safe
def front(request: HttpRequest) -> HttpResponse:
<<<<<<< HEAD
    """Say what this is, and let strangers try it."""
    context = {
        "trial_open": settings.TRIAL_OPEN and not request.user.is_authenticated,
        "trial_side_px": settings.TRIAL_PREVIEW_SIDE_PX,
        "free_credits": settings.FREE_CREDITS if settings.SIGNUP_OPEN else 0,
        "error_index_url": reverse("error-index"),
    }
    return render(request, "front.html", context)


@require_safe
def error_index(request: HttpRequest) -> HttpResponse:
    """List every error code."""
    return render(request, "errors/index.html", {"pages": ERROR_PAGES})


@require_safe
def error_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain one code."""
    if slug.replace("_", "-") in PAGE_BY_SLUG and slug not in PAGE_BY_SLUG:
        return redirect("error-page", slug=slug.replace("_", "-"), permanent=True)
    if slug not in PAGE_BY_SLUG:
        raise Http404
    return render(request, "errors/explained.html", {"page": PAGE_BY_SLUG[slug]})
=======
    """Say what this is, and how to call it."""
    return render(request, "front.html")
>>>>>>> docs
