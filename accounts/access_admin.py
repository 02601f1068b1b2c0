"""Admin actions that end a person's access, each with a reason that stays in the log of changes."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action

from accounts import operator_actions
from accounts.admin_pages import ReasonForm, address_of, ask, find_row, list_where
from accounts.models import User
from accounts.security_log import record
from accounts.security_models import Event

MOST_KEYS_NAMED = 20


class AccessActions:
    """Ends sessions and revokes keys of a person, for a ModelAdmin of User."""

    def has_end_access_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Return whether the operator may change this person."""
        person = find_row(User, object_id)
        return person is not None and self.has_change_permission(request, person)  # type: ignore[attr-defined]

    def has_revoke_keys_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Return whether the operator may change this person and API keys."""
        may: bool = request.user.has_perm("accounts.change_apikey")
        return may and self.has_end_access_permission(request, object_id)

    @action(description="End all sessions", url_path="end-sessions", icon="logout", permissions=["end_access"])  # type: ignore[untyped-decorator]
    def end_sessions(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a reason, then log the person out everywhere."""
        person = get_object_or_404(User, pk=object_id)
        words = ("The person is logged out in every browser. Their password, factors and API keys stay.",)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._ask(request, person, title="End all sessions", form=form, words=words)
        ended = operator_actions.end_sessions(person, keep=own_session(request, person))
        self._log(request, person, f"Ended {ended} sessions: {form.cleaned_data['reason']}")
        messages.success(request, f"{ended} sessions of {person} are ended.")
        return HttpResponseRedirect(address_of(person))

    @action(  # type: ignore[untyped-decorator]
        description="Revoke keys they made", url_path="revoke-keys", icon="key_off", permissions=["revoke_keys"]
    )
    def revoke_keys(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a reason, then revoke every API key that the person made."""
        person = get_object_or_404(User, pk=object_id)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._ask(request, person, title="Revoke keys they made", form=form, words=_keys_in_words(person))
        revoked = operator_actions.revoke_keys(person)
        self._log(request, person, f"Revoked {revoked} API keys: {form.cleaned_data['reason']}")
        messages.success(request, f"{revoked} API keys made by {person} are revoked.")
        return HttpResponseRedirect(address_of(person))

    @admin.action(description="End all sessions of the selected people", permissions=["change"])
    def end_sessions_of_selected(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Log these people out everywhere, except those whom the operator may not change."""
        people = [person for person in queryset if self.has_end_access_permission(request, person.pk)]
        for person in people:
            ended = operator_actions.end_sessions(person, keep=own_session(request, person))
            self._log(request, person, f"Ended {ended} sessions.")
        messages.success(request, f"All sessions of {len(people)} people are ended.")
        if skipped := len(queryset) - len(people):
            messages.warning(request, f"{skipped} people are staff, whom only superusers change.")

    def _ask(
        self, request: HttpRequest, person: User, *, title: str, form: ReasonForm, words: tuple[str, ...]
    ) -> HttpResponse:
        return ask(self, request, person, title=title, button=title, form=form, words=words, takes=True)

    def _log(self, request: HttpRequest, person: User, text: str) -> None:
        self.log_change(request, person, text)  # type: ignore[attr-defined]


def deactivate(request: HttpRequest, person: User) -> None:
    """End the sessions of a person who was just deactivated, and say which keys of theirs still work."""
    operator_actions.end_sessions(person)
    record(Event.DEACTIVATED, user=person, request=None)
    keys = operator_actions.find_active_keys(person).count()
    if keys:
        link = format_html(
            '<a class="underline" href="{}">Revoke them</a>',
            reverse("admin:accounts_user_revoke_keys", args=[person.pk]),
        )
        messages.warning(request, format_html("{} API keys that {} made still work. {}", keys, person, link))


def link_to_keys(person: User) -> str:
    """Return how many working API keys the person made, as a link to the list of what they made."""
    count = operator_actions.find_active_keys(person).count()
    return list_where(f"{count} active", "accounts_apikey_changelist", created_by__id__exact=person.pk)


def own_session(request: HttpRequest, person: User) -> str | None:
    """Return the key of the operator's session if the person is the operator, so that they stay logged in."""
    return request.session.session_key if person == request.user else None


def _keys_in_words(person: User) -> tuple[str, ...]:
    keys = list(operator_actions.find_active_keys(person))
    named = [f"{key} of {key.organization}" for key in keys[:MOST_KEYS_NAMED]]
    rest = [f"and {len(keys) - MOST_KEYS_NAMED} more"] if len(keys) > MOST_KEYS_NAMED else []
    return (
        "Keys belong to the organization, not to the person who made them. Programs that use them stop working.",
        f"These {len(keys)} keys are revoked: {', '.join([*named, *rest])}." if keys else "There are no active keys.",
    )
