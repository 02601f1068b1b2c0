"""In which of their organizations a person works now: the one they chose last, else their first."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.abilities import Ability, can
from accounts.models import Membership, User

SESSION_KEY = "organization"
SHOWN_HEADER = "X-Shown-Organization"
OTHER_WINDOW = gettext_noop(
    "Nothing was done: you work in %(organization)s now, chosen in another window. Switch back, or go on here."
)
P = ParamSpec("P")


class LoggedInRequest(HttpRequest):
    """What a view behind `login_required` is given."""

    user: User


class PersonRequest(LoggedInRequest):
    """What a view behind `requires` is given."""

    membership: Membership


View = Callable[Concatenate[PersonRequest, P], HttpResponseBase]


class CurrentOrganizationMiddleware:
    """Sets `request.membership`: read when first looked at, falsy where there is none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the membership within reach of views and templates."""
        request.membership = SimpleLazyObject(lambda: find_membership(request))  # type: ignore[attr-defined]
        return self._get_response(request)


def find_membership(request: HttpRequest) -> Membership | None:
    """Return the membership the person works under, with its organization; None for strangers and the unattached."""
    if not request.user.is_authenticated:
        return None
    own = memberships_of(request.user)
    chosen = request.session.get(SESSION_KEY)
    return (own.filter(organization__public_id=chosen).first() if chosen else None) or own.first()


def memberships_of(user: Any) -> QuerySet[Membership]:
    """Return the person's memberships with their organizations, by name; closed ones are over."""
    open_ones = Membership.objects.select_related("organization").filter(user=user, organization__closed_at=None)
    return open_ones.order_by("organization__name", "pk")


def choose(request: HttpRequest, membership: Membership) -> None:
    """Let the person work in this organization from now on, in this session."""
    request.session[SESSION_KEY] = membership.organization.public_id
    request.membership = membership  # type: ignore[attr-defined]


def is_for_another_organization(request: HttpRequest) -> bool:
    """Tell whether a form was shown for another organization than the one worked in now: chosen in another window."""
    if request.method != "POST":
        return False
    shown = request.headers.get(SHOWN_HEADER) or request.POST.get("shown_organization")
    here: Any = getattr(request, "membership", None)
    return bool(shown and here and shown != here.organization.public_id)


def requires(ability: Ability) -> Callable[[View[P]], View[P]]:
    """Open a view to people who may do that in the organization they work in.

    Strangers are asked to log in, the unattached are led to a page that says what to do, others get a 403.
    """

    def decorate(view: View[P]) -> View[P]:
        @login_required
        @wraps(view)
        def guarded(request: PersonRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            membership = request.membership or None
            if membership is None:
                return redirect("organization-new")
            if not can(membership.role, ability):
                raise PermissionDenied(
                    _("Your role in %(organization)s does not allow this. Ask one of its owners.")
                    % {"organization": membership.organization.name}
                )
            if is_for_another_organization(request):
                messages.error(request, _(OTHER_WINDOW) % {"organization": membership.organization.name})
                return redirect("dashboard")
            return view(request, *args, **kwargs)

        guarded.ability = ability  # type: ignore[attr-defined]
        return cast(View[P], guarded)

    return decorate
