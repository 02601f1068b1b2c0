"""Pages about kept results: see them, take them, delete them; and the switch."""

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.abilities import Ability, can
from accounts.current_organization import PersonRequest, requires
from processing.history.choosing import hours_of, is_offered, turn_off, turn_on
from processing.history.discarding import discard
from processing.history.forms import HistoryForm
from processing.history.private import never_kept
from processing.history.selectors import can_delete, kept_of, newest_kept
from processing.history.storage import read, thumbnail_of
from processing.history.thumbnail import CONTENT_TYPE
from processing.models import KeptResult
from processing.usage_form import cursor_of, place_of

logger = logging.getLogger(__name__)

PAGE_LENGTH = 24


@never_kept
@require_safe
@requires(Ability.USE)
def history(request: PersonRequest) -> HttpResponse:
    """Show what is kept, the newest first."""
    _refuse_where_not_offered()
    membership = request.membership
    place = place_of(request.GET.get("before", ""))
    results = newest_kept(membership.organization_id, before=place, count=PAGE_LENGTH + 1)
    shown = results[:PAGE_LENGTH]
    context: dict[str, Any] = {
        "tab": "history",
        "hours": hours_of(membership.organization_id),
        "results": [(kept, can_delete(membership, kept)) for kept in shown],
        "is_first_page": place is None,
        "older": f"?before={cursor_of(shown[-1].created, shown[-1].pk)}" if len(results) > PAGE_LENGTH else None,
        "may_manage": can(membership.role, Ability.MANAGE_ORGANIZATION),
    }
    return render(request, "history/list.html", context)


@never_kept
@require_safe
@requires(Ability.USE)
def download(request: PersonRequest, name: str) -> HttpResponseBase:
    """Send a result as the file that was delivered."""
    kept = _kept(request, name)
    return _sent(kept.name, kept.content_type, file_name=kept.file_name)


@never_kept
@require_safe
@requires(Ability.USE)
def small(request: PersonRequest, name: str) -> HttpResponseBase:
    """Send the small picture of a result."""
    kept = _kept(request, name)
    if not kept.thumbnail_bytes:
        raise Http404
    return _sent(thumbnail_of(kept.name), CONTENT_TYPE)


@never_kept
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.USE)
def delete(request: PersonRequest, name: str) -> HttpResponse:
    """Ask, and delete one result for good."""
    kept = _kept(request, name)
    if not can_delete(request.membership, kept):
        raise PermissionDenied(_("Only who made this result, and owners and admins, may delete it."))
    if request.method != "POST":
        return render(request, "history/delete.html", {"tab": "history", "kept": kept})
    discard(KeptResult.objects.filter(pk=kept.pk))
    messages.success(request, _("%(name)s is deleted.") % {"name": kept.file_name})
    return redirect("history")


@never_kept
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MANAGE_ORGANIZATION)
def delete_all(request: PersonRequest) -> HttpResponse:
    """Ask, and delete every result of the organization for good."""
    _refuse_where_not_offered()
    organization_id = request.membership.organization_id
    if request.method != "POST":
        context = {"tab": "history", "count": kept_of(organization_id).count()}
        return render(request, "history/delete_all.html", context)
    count = discard(KeptResult.objects.filter(organization_id=organization_id))
    messages.success(
        request, ngettext("%(count)d result is deleted.", "%(count)d results are deleted.", count) % {"count": count}
    )
    return redirect("history")


@never_kept
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MANAGE_ORGANIZATION)
def history_settings(request: PersonRequest) -> HttpResponse:
    """Say what is kept, where and for how long, and turn it on or off."""
    _refuse_where_not_offered()
    organization_id = request.membership.organization_id
    hours = hours_of(organization_id)
    initial = {"is_on": bool(hours), "hours": hours or settings.HISTORY_MOST_HOURS}
    form = HistoryForm(request.POST if request.method == "POST" else None, initial=initial)
    if not form.is_valid():
        context = {
            "tab": "history",
            "form": form,
            "hours": hours,
            "kept": kept_of(organization_id).count(),
            "most_results": settings.HISTORY_MOST_RESULTS,
            "most_bytes": settings.HISTORY_MOST_BYTES,
        }
        return render(request, "history/settings.html", context)
    if form.cleaned_data["is_on"]:
        turn_on(organization_id, hours=form.cleaned_data["hours"])
        chosen = form.cleaned_data["hours"]
        told = ngettext("Results are kept for %(hours)d hour.", "Results are kept for %(hours)d hours.", chosen)
        messages.success(request, told % {"hours": chosen})
    else:
        turn_off(organization_id)
        messages.success(request, _("Nothing is kept any more, and what was kept is deleted."))
    return redirect("history")


def _refuse_where_not_offered() -> None:
    """Raise Http404 where the operator lets nobody keep results."""
    if not is_offered():
        raise Http404


def _kept(request: PersonRequest, name: str) -> KeptResult:
    """Return the organization's result; raise Http404 for another's, and for what is over."""
    return get_object_or_404(kept_of(request.membership.organization_id).select_related("person"), name=name)


def _sent(name: str, content_type: str, *, file_name: str = "") -> HttpResponseBase:
    """Return the file, to be saved where it has a name; raise Http404 where it is lost."""
    try:
        file = read(name)
    except FileNotFoundError:
        logger.warning("history_file_missing")
        raise Http404 from None
    answer = FileResponse(file, as_attachment=bool(file_name), filename=file_name, content_type=content_type)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
