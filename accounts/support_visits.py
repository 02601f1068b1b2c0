"""An operator looks at the site as a person sees it. The session stays the operator's; nothing can be changed.

Who looks, at whom and why is written down for ever first, and shown to the person among their sessions.
"""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ServiceError
from accounts.models import User
from accounts.support_models import SupportVisit

SESSION_KEY = "support_visit"
OF_THE_OPERATOR = ("/admin/", "/static/", "/v1/", "/v1.0/", "/webhooks/")
"""Where an operator stays who they are, and where sessions count for nothing."""
LOG_OUT = ("/account/logout/", "/admin/logout/")
CLOSED = ("/account/", "/invitations/")
"""A person's own account: addresses, passwords, second factors, sessions, their data."""
STILL_SENT = ("/organizations/switch/",)
"""What may be sent while the rest is only looked at: it changes the operator's session and nothing of the person's."""


class CannotBeVisited(ServiceError):
    """Only superusers look, and only at people who help to run nothing here."""

    code, status, is_our_fault = "permission_denied", 403, False
    public_text = "Only a superuser can do this, and only with the account of an active person who is not staff."


def begin(request: HttpRequest, person: User, *, reason: str) -> SupportVisit:
    """Write the visit down and see the site as the person from now on; raise CannotBeVisited."""
    operator = request.user
    if not isinstance(operator, User) or not may_visit(operator, person):
        raise CannotBeVisited
    leave(request)
    visit: SupportVisit = SupportVisit.objects.create(
        operator=operator,
        person=person,
        reason=reason,
        expires_at=timezone.now() + timedelta(minutes=settings.SUPPORT_VISIT_MINUTES),
    )
    request.session[SESSION_KEY] = visit.pk
    return visit


def leave(request: HttpRequest) -> SupportVisit | None:
    """End the visit of this session; None where there is none."""
    number = request.session.pop(SESSION_KEY, None)
    if number is None:
        return None
    SupportVisit.objects.filter(pk=number, ended_at=None).update(ended_at=timezone.now())
    return SupportVisit.objects.filter(pk=number).first()


def may_visit(operator: User, person: User) -> bool:
    """Tell whether this operator may look at the site as this person."""
    if not (operator.is_active and operator.is_superuser and operator.is_staff):
        return False
    return person.is_active and not person.is_staff and not person.is_superuser


def find_running(request: HttpRequest) -> SupportVisit | None:
    """Return the visit of this session, if its operator is still the one who is logged in, may still, and has time."""
    number = request.session.get(SESSION_KEY)
    if number is None or not request.user.is_authenticated:
        return None
    running = SupportVisit.objects.select_related("operator", "person")
    visit: SupportVisit | None = running.filter(
        Q(ended_at=None), pk=number, operator=request.user.pk, expires_at__gt=timezone.now()
    ).first()
    return visit if visit is not None and may_visit(visit.operator, visit.person) else None


def visits_to(person: User) -> QuerySet[SupportVisit]:
    """Return who looked at the site as this person, the newest first."""
    return SupportVisit.objects.filter(person=person).order_by("-pk")


class SupportVisitMiddleware:
    """Shows the person's pages to an operator who visits, and refuses whatever is more than looking."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as to the person; `request.visit` says that it is not them."""
        # The key first: who only looks at whether there is a session makes no answer depend on its cookie.
        if request.session.session_key and SESSION_KEY in request.session:
            self._go_along(request)
        return self._get_response(request)

    def _go_along(self, request: HttpRequest) -> None:
        visit = find_running(request)
        if visit is None or request.path_info in LOG_OUT:
            leave(request)
            return
        request.visit = visit  # type: ignore[attr-defined]
        if not request.path_info.startswith(OF_THE_OPERATOR):
            _refuse_more_than_looking(request)
            request.user = visit.person


def _refuse_more_than_looking(request: HttpRequest) -> None:
    if request.path_info in STILL_SENT:
        return
    if request.path_info.startswith(CLOSED):
        raise PermissionDenied(_("This page is closed while you look at the site as somebody else."))
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        raise PermissionDenied(_("Nothing was done: you look at the site as somebody else, and can change nothing."))
