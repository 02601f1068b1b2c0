"""The playground's page."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from accounts.abilities import Ability
from accounts.current_organization import PersonRequest, requires
from billing.pricing import CREDITS_PER_IMAGE
from billing.selectors import account_of, credits_of
from billing.shelf import shelf_of_buyer
from processing.api.v1_form import SIZES, SIZES_IN_MEGAPIXELS
from processing.history.choosing import hours_of
from processing.matting.framing import CROP_MIN_ALPHA
from processing.matting.options import ResultSize
from processing.overview import has_tried
from processing.playground.sample_photos import SAMPLE_PHOTOS
from processing.selectors import speaks_megapixels

_SIZE_TITLES = {
    "full": gettext_lazy("Full"),
    "preview": gettext_lazy("Preview"),
    "small": gettext_lazy("Small"),
    "medium": gettext_lazy("Medium"),
    "large": gettext_lazy("Large"),
    "hd": gettext_lazy("HD"),
}
RATIOS = ("1:1", "4:5", "3:4", "16:9")
AT_ONCE = 3
"""Uploads of one page that are under way together."""


@never_cache
@ensure_csrf_cookie
@require_safe
@requires(Ability.USE)
def playground(request: PersonRequest) -> HttpResponse:
    """Let a person cut out photos, look at them, correct them and take them away."""
    organization = request.membership.organization
    account = account_of(organization)
    sizes = SIZES_IN_MEGAPIXELS if speaks_megapixels(organization.pk) else SIZES
    facts: dict[str, Any] = {
        "at_once": min(AT_ONCE, account.plan.max_concurrency),
        "max_bytes": settings.MAX_IMAGE_BYTES,
        "credits_per_image": CREDITS_PER_IMAGE,
        "credits": credits_of(account.pk).available,
        "crop_min_alpha": CROP_MIN_ALPHA,
        "sizes": {name: asdict(size) for name, size in sizes.items()},
        "public_url": settings.PUBLIC_URL,
        "packs": _packs_for(request),
    }
    context = {
        "tab": "try",
        "ratios": RATIOS,
        "facts": facts,
        "sizes": _size_labels(sizes),
        "credits": facts["credits"],
        "sample_photos": () if has_tried(organization) else SAMPLE_PHOTOS,
        "history_hours": hours_of(organization.pk),
    }
    return render(request, "try/page.html", context)


def _packs_for(request: PersonRequest) -> list[dict[str, Any]]:
    """Return the packs that the person may buy, from small to large, in words for the script."""
    offers = shelf_of_buyer(request.membership).offers
    return [
        {
            "credits": offer.pack.credits,
            "words": _("Buy %(pack)s for %(price)s") % {"pack": offer.pack.name, "price": offer.price},
        }
        for offer in offers
    ]


def _size_labels(sizes: dict[str, ResultSize]) -> list[tuple[str, str]]:
    """Return each size with its words, the full one first."""
    return [(name, _label(name, size)) for name, size in sizes.items()]


def _label(name: str, size: ResultSize) -> str:
    title = _SIZE_TITLES[name]
    if size.max_side_px:
        return _("%(size)s (%(side)d px)") % {"size": title, "side": size.max_side_px}
    if size.max_pixels:
        return _("%(size)s (%(count)g megapixels)") % {"size": title, "count": size.max_pixels / 1_000_000}
    return str(title)
