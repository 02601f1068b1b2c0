"""What every template knows: the operator's brand."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from processing.history.choosing import is_offered
from removebg import words
from removebg.brand import views as brand_files

PLACES: tuple[tuple[str, str, str | Promise], ...] = (
    ("try", "try", _("Try")),
    ("keys", "keys", _("API keys")),
    ("history", "history", _("History")),
    ("usage", "usage", _("Usage")),
    ("billing", "billing", _("Billing")),
    ("people", "people", _("People")),
)
"""The places of an organization, after its overview: (name, route, title), in the order of the tabs."""


def brand(request: HttpRequest) -> dict[str, Any]:
    """Return the product's name, its public address and whom to ask, and where in an organization one can go."""
    return {
        **brand_files.in_templates(),
        "languages": settings.LANGUAGES,
        "optional_word": _("(optional)"),
        "places": _places(),
        "history_most_hours": settings.HISTORY_MOST_HOURS,
        "product_name": settings.PRODUCT_NAME,
        "public_url": settings.PUBLIC_URL,
        "signup_open": settings.SIGNUP_OPEN,
        "support_email": settings.SUPPORT_EMAIL,
        "words_url": words.address_of(get_language() or settings.LANGUAGE_CODE),
    }


def _places() -> list[dict[str, Any]]:
    """Return the places there are here: history only where the operator offers it."""
    rows = [dict(zip(("name", "route", "title"), place, strict=True)) for place in PLACES]
    return [row for row in rows if row["name"] != "history" or is_offered()]
