"""Privacy and terms: the operator's own text where LEGAL_DIR has it, else a draft that says what this software does."""

import math
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from removebg.documents import markdown

DAY_S = 24 * 3600


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Show what happens to pictures and to what we know of people."""
    context = {
        "title": _("Privacy"),
        "html": find_own_text("privacy"),
        "days": settings.RECORDS_KEPT_DAYS,
        "session_days": math.ceil(settings.SESSION_COOKIE_AGE / DAY_S),
        "invitation_days": settings.INVITATIONS_KEPT_DAYS,
    }
    return render(request, "legal/privacy.html", context)


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show on what terms the service is offered."""
    return render(request, "legal/terms.html", {"title": _("Terms"), "html": find_own_text("terms")})


def find_own_text(name: str) -> SafeString | None:
    """Return the operator's NAME.LANGUAGE.md or NAME.md as HTML, read anew each time; None where there is neither."""
    if settings.LEGAL_DIR is None:
        return None
    folder: Path = settings.LEGAL_DIR
    for path in (folder / f"{name}.{get_language()}.md", folder / f"{name}.md"):
        if path.is_file():
            return markdown.to_html(path.read_text(encoding="utf-8"))
    return None
