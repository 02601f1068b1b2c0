"""Every movement of credits, as a page and to take along."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability
from accounts.current_organization import PersonRequest, requires
from billing import statement
from billing.exports import csv_response
from billing.selectors import account_of

PAGE_LENGTH = 25


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def movements(request: PersonRequest) -> HttpResponse:
    """List what came and went, newest first, of one kind or of all."""
    account = account_of(request.membership.organization)
    kind, place = _kind(request), request.GET.get("before", "")
    before = min(int(place), 2**63 - 1) if place.isascii() and place.isdigit() else None
    shown = statement.latest(account.pk, kind=kind, before=before, count=PAGE_LENGTH + 1)
    context = {
        "tab": "billing",
        "billing_tab": "statement",
        "movements": shown[:PAGE_LENGTH],
        "kinds": [("", None), *((name, title) for name, (title, _kinds) in statement.KINDS.items())],
        "kind": kind,
        "is_first_page": before is None,
        "older": shown[PAGE_LENGTH - 1].entry.pk if len(shown) > PAGE_LENGTH else None,
    }
    return render(request, "billing/statement.html", context)


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def export(request: PersonRequest) -> HttpResponseBase:
    """Send the movements that were asked for as CSV, while they are read."""
    account = account_of(request.membership.organization)
    rows = statement.csv_rows(account.pk, kind=_kind(request))
    return csv_response(request.membership.organization, rows, file_name=f"credits-{timezone.now():%Y-%m-%d}.csv")


def _kind(request: PersonRequest) -> str:
    kind = request.GET.get("kind", "")
    return kind if kind in statement.KINDS else ""
