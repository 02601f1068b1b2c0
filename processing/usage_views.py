"""Pages about what was used: numbers, days, the latest requests, and all of them as CSV."""

from datetime import UTC
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability
from accounts.current_organization import PersonRequest, requires
from billing import free_usage
from billing.exports import csv_response
from processing.bar_chart import chart_of
from processing.usage import Day, credits_since, days_of, latest, slow_ms, total_of
from processing.usage_export import csv_rows
from processing.usage_form import UsageForm, cursor_of, place_of

PAGE_LENGTH = 25


@never_cache
@require_safe
@requires(Ability.USE)
def usage(request: PersonRequest) -> HttpResponse:
    """Show the days and the latest requests that were asked for."""
    organization = request.membership.organization
    form = UsageForm(request.GET, organization)
    asked = form.question
    days = days_of(asked)
    total = total_of(days)
    place = place_of(request.GET.get("before", ""))
    records = latest(asked, before=place, count=PAGE_LENGTH + 1)
    context: dict[str, Any] = {
        "tab": "usage",
        "form": form,
        "asked": asked,
        "days": days[::-1],
        "chart": chart_of(days),
        "total": total,
        "delivered_share": share_of(total),
        "slow_ms": slow_ms(asked),
        "credits_this_month": credits_since(organization.pk, timezone.now().astimezone(UTC).date().replace(day=1)),
        "free": free_usage.usage_today(organization),
        "free_limit": settings.FREE_CALLS_PER_DAY,
        "own_free": free_usage.usage_today(request.user),
        "own_free_limit": settings.FREE_CALLS_PER_PERSON_PER_DAY,
        "records": records[:PAGE_LENGTH],
        "is_first_page": place is None,
        "newest": form.address_with(),
        "older": _address_after(form, records),
        "export": form.address_with(),
        "kept_days": settings.RECORDS_KEPT_DAYS,
    }
    return render(request, "usage/usage.html", context)


@never_cache
@require_safe
@requires(Ability.USE)
def export(request: PersonRequest) -> HttpResponseBase:
    """Send the requests that were asked for as CSV, while they are read."""
    asked = UsageForm(request.GET, request.membership.organization).question
    file_name = f"usage-{asked.first}-{asked.last}.csv"
    return csv_response(request.membership.organization, csv_rows(asked), file_name=file_name)


def share_of(total: Day) -> float | None:
    """Return how many of a hundred requests were delivered, rounded down so that 100 means all; None without any."""
    return total.delivered * 1000 // total.requests / 10 if total.requests else None


def _address_after(form: UsageForm, records: Any) -> str | None:
    """Return where the list goes on; None at its end."""
    if len(records) <= PAGE_LENGTH:
        return None
    last = records[PAGE_LENGTH - 1]
    return form.address_with(before=cursor_of(last.created, last.pk))
