"""The site's front."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.free_credit_offer import offered_free_credits
from processing.playground.sample_photos import SAMPLE_PHOTOS
from removebg.reference.samples import samples_of


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Say what this is, and let strangers try it."""
    context = {
        "trial_open": settings.TRIAL_OPEN and not request.user.is_authenticated,
        "trial_side_px": settings.TRIAL_PREVIEW_SIDE_PX,
        "free_credits": offered_free_credits() if settings.SIGNUP_OPEN else 0,
        "error_index_url": reverse("error-index"),
        "sample_photos": SAMPLE_PHOTOS,
        "samples": samples_of("removeBackground"),
    }
    return render(request, "front.html", context)
