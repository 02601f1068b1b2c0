"""Pages about API keys: see, make, change, rotate and revoke them. A secret is in one answer and nowhere else."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import api_keys
from accounts.abilities import Ability, can_manage
from accounts.addresses import client_address
from accounts.api_keys import IssuedKey
from accounts.current_organization import PersonRequest, requires
from accounts.errors import AuthenticationError, TooManyKeys
from accounts.models import ApiKey
from processing.key_forms import KeyForm, NewKeyForm, RotationForm, last_day_of
from processing.key_list import keys_of, neighbors_of
from processing.sample_call import sample_call


@never_cache
@require_safe
@requires(Ability.USE)
def key_list(request: PersonRequest) -> HttpResponse:
    """Show every key of the organization."""
    working, over = keys_of(request.membership)
    return render(request, "keys/list.html", {"tab": "keys", "working": working, "over": over})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MAKE_KEYS)
def new_key(request: PersonRequest) -> HttpResponse:
    """Make a key, and show it in this answer."""
    form = NewKeyForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"tab": "keys", "form": form, "address": client_address(request)}
        return render(request, "keys/new.html", context)
    if not form.is_first_time():
        return _made_before(request)
    try:
        issued = api_keys.issue(
            request.membership.organization,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            created_by=request.user,
            expires_at=form.expires_at(),
            is_test=form.is_test,
            monthly_credit_cap=form.cleaned_data["monthly_credit_cap"],
            requests_per_minute=form.cleaned_data["requests_per_minute"],
            allowed_networks=form.cleaned_data["allowed_networks"],
        )
    except TooManyKeys as refusal:
        return _refused(request, refusal)
    return _shown_once(request, issued)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MAKE_KEYS)
def change_key(request: PersonRequest, pk: int) -> HttpResponse:
    """Rename a key, or choose other limits for it."""
    api_key = _key_to_manage(request, pk)
    form = KeyForm(request.POST if request.method == "POST" else None, api_key)
    if not form.is_valid():
        context = {"tab": "keys", "form": form, "key": api_key, "address": client_address(request)}
        return render(request, "keys/change.html", context)
    api_key.name = form.cleaned_data["name"]
    api_key.scopes = form.cleaned_data["scopes"]
    api_key.expires_at = form.expires_at(api_key.expires_at)
    api_key.monthly_credit_cap = form.cleaned_data["monthly_credit_cap"]
    api_key.requests_per_minute = form.cleaned_data["requests_per_minute"]
    api_key.allowed_networks = form.cleaned_data["allowed_networks"] or None
    limits = ("expires_at", "monthly_credit_cap", "requests_per_minute", "allowed_networks")
    api_key.save(update_fields=["name", "scopes", *limits])
    messages.success(request, _("The key %(name)s was changed.") % {"name": api_key.name})
    return redirect("keys")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MAKE_KEYS)
def rotate_key(request: PersonRequest, pk: int) -> HttpResponse:
    """Make a key that takes another's place, and show it in this answer."""
    api_key = _key_to_manage(request, pk)
    initial = {"expires_on": last_day_of(_as_long_again(api_key))}
    form = RotationForm(request.POST if request.method == "POST" else None, initial=initial)
    if not form.is_valid():
        return render(request, "keys/rotate.html", {"tab": "keys", "form": form, "key": api_key})
    if not form.is_first_time():
        return _made_before(request)
    try:
        issued = api_keys.rotate(api_key, overlap=form.overlap, expires_at=form.expires_at)
    except AuthenticationError:
        messages.error(request, _("The key %(name)s has stopped working. Create a new one.") % {"name": api_key.name})
        return redirect("keys")
    except TooManyKeys as refusal:
        return _refused(request, refusal)
    api_key.refresh_from_db()
    return _shown_once(request, issued, old=api_key)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MAKE_KEYS)
def revoke_key(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask whether a key should be refused from now on, and do it."""
    api_key = _key_to_manage(request, pk)
    if request.method != "POST":
        older, newer = neighbors_of(api_key)
        return render(request, "keys/revoke.html", {"tab": "keys", "key": api_key, "older": older, "newer": newer})
    api_keys.revoke(api_key)
    messages.success(request, _("The key %(name)s is revoked: nothing works with it.") % {"name": api_key.name})
    return redirect("keys")


def _key_to_manage(request: PersonRequest, pk: int) -> ApiKey:
    """Return the organization's key; raise Http404 where it has no such key, PermissionDenied for somebody else's."""
    keys = request.membership.organization.api_keys.select_related("created_by").filter(revoked_at=None)
    api_key = get_object_or_404(keys, pk=pk)
    if not can_manage(request.membership, api_key):
        raise PermissionDenied(_("Only who made this key, and owners and admins, may change it."))
    return api_key


def _shown_once(request: PersonRequest, issued: IssuedKey, *, old: ApiKey | None = None) -> HttpResponse:
    """Return the one page that has the secret in it; browsers are told not to keep it."""
    old_works = old is not None and old.is_active_now
    context = {"tab": "keys", "issued": issued, "curl": sample_call(issued.secret), "old": old, "old_works": old_works}
    return render(request, "keys/issued.html", context)


def _refused(request: PersonRequest, refusal: TooManyKeys) -> HttpResponse:
    """Show the list of keys with the reason why there is no new one."""
    messages.error(request, _(refusal.words) % refusal.values)
    return redirect("keys")


def _made_before(request: PersonRequest) -> HttpResponse:
    """Tell that this form has made its key already, and that it cannot be shown again."""
    messages.info(request, _("This key was made before and is shown only once. If it is lost, rotate it."))
    return redirect("keys")


def _as_long_again(api_key: ApiKey) -> datetime | None:
    """Return when a key made now would end that lives as long as this one was to live."""
    return None if api_key.expires_at is None else timezone.now() + (api_key.expires_at - api_key.created)
