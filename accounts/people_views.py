"""Pages about the people of an organization: who is in it, who is invited, as what."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_ratelimit.core import is_ratelimited

from accounts import invitations
from accounts import people as rules
from accounts.abilities import Ability, can
from accounts.current_organization import PersonRequest, requires
from accounts.errors import ServiceError
from accounts.models import Invitation, Membership, Role
from accounts.organization_forms import InvitationForm, RoleForm
from accounts.visiting import leads_to


@never_cache
@require_safe
@requires(Ability.USE)
def people(request: PersonRequest) -> HttpResponse:
    """List who is in the organization, and who is invited to whoever may invite."""
    return _show(request, InvitationForm(giver=request.membership.role, initial={"role": Role.MEMBER}))


@requires(Ability.MANAGE_PEOPLE)
@leads_to("people")
def invite(request: PersonRequest) -> HttpResponse:
    """Invite somebody, or say at the form why not."""
    form = InvitationForm(request.POST, giver=request.membership.role)
    if form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        fault = _told(
            lambda: _send_counted(request, lambda: invitations.invite(request.membership, email=email, role=role))
        )
        if fault is None:
            messages.success(request, _("%(email)s is invited.") % {"email": email})
            return redirect("people")
        form.add_error("email", fault)
    return _show(request, form)


def _show(request: PersonRequest, form: InvitationForm) -> HttpResponse:
    own = request.membership
    may_manage = can(own.role, Ability.MANAGE_PEOPLE)
    context = {
        "tab": "people",
        "form": form if may_manage else None,
        "people": rules.people_of(own.organization),
        "pending": invitations.pending_of(own.organization) if may_manage else (),
        "manageable": rules.GIVEN_BY[Role(own.role)],
    }
    return render(request, "organizations/people.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MANAGE_PEOPLE)
def member(request: PersonRequest, pk: int) -> HttpResponse:
    """Show one person's role, and change it."""
    person = _member(request, pk)
    form = RoleForm(request.POST or None, giver=request.membership.role, initial={"role": person.role})
    if request.method == "POST" and form.is_valid():
        fault = _told(lambda: rules.change_role(request.membership, pk, Role(form.cleaned_data["role"])))
        if fault is None:
            messages.success(request, _("%(email)s has another role now.") % {"email": person.user.email})
            return redirect("people")
        form.add_error("role", fault)
    context = {"tab": "people", "form": form, "person": person, "is_self": person.pk == request.membership.pk}
    return render(request, "organizations/member.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MANAGE_PEOPLE)
def remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask, and take a person out of the organization."""
    person = _member(request, pk)
    if request.method != "POST":
        return render(request, "organizations/member_remove.html", {"tab": "people", "person": person})
    done = _("%(email)s is not in the organization any more.") % {"email": person.user.email}
    return _do(request, lambda: rules.remove(request.membership, pk), done=done)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.OWN)
def hand_over(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask, and make another person the owner in one's own place."""
    person = _member(request, pk)
    if person.pk == request.membership.pk:
        raise Http404
    if request.method != "POST":
        return render(request, "organizations/member_hand_over.html", {"tab": "people", "person": person})
    done = _("%(email)s is the owner now, and you are an admin.") % {"email": person.user.email}
    return _do(request, lambda: rules.hand_over(request.membership, pk), done=done)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.USE)
def leave(request: PersonRequest) -> HttpResponse:
    """Ask, and leave the organization."""
    if request.method != "POST":
        return render(request, "organizations/leave.html", {"tab": "people"})
    done = _("You left %(organization)s.") % {"organization": request.membership.organization.name}
    return _do(request, lambda: rules.leave(request.membership), done=done, then="dashboard")


@requires(Ability.MANAGE_PEOPLE)
@leads_to("people")
def resend(request: PersonRequest, pk: int) -> HttpResponse:
    """Send an invitation again, with a new link."""
    pending = _pending(request, pk)
    done = _("A new invitation is on its way to %(email)s.") % {"email": pending.email}
    return _do(
        request, lambda: _send_counted(request, lambda: invitations.renew(request.membership, pending)), done=done
    )


@requires(Ability.MANAGE_PEOPLE)
@leads_to("people")
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """End an invitation."""
    pending = _pending(request, pk)
    done = _("The invitation to %(email)s is withdrawn.") % {"email": pending.email}
    return _do(request, lambda: invitations.withdraw(request.membership, pending), done=done)


def _member(request: PersonRequest, pk: int) -> Membership:
    """Return a person of the organization whose role this one may give; raise Http404 or PermissionDenied."""
    here = Membership.objects.select_related("user", "organization")
    found = get_object_or_404(here, pk=pk, organization=request.membership.organization)
    if found.role not in rules.GIVEN_BY[Role(request.membership.role)]:
        raise PermissionDenied
    return found


def _pending(request: PersonRequest, pk: int) -> Invitation:
    return get_object_or_404(invitations.pending_of(request.membership.organization), pk=pk)


def _send_counted(request: PersonRequest, make: Callable[[], tuple[Invitation, str]]) -> None:
    """Make an invitation and mail it; raise TooManyInvitations where organization or person sent too many lately.

    The person is counted, too: whoever opens one organization after another has a limit for all of them.
    """
    senders = {"organization": request.membership.organization.public_id, "person": str(request.user.pk)}
    for kind, sender in senders.items():
        if is_ratelimited(
            request,
            group=f"invitations-of-{kind}",
            key=lambda _group, _request, sender=sender: sender,
            rate=settings.INVITATION_RATE,
            increment=True,
        ):
            raise TooManyInvitations
    invitations.send(*make())


class TooManyInvitations(ServiceError):
    """The organization, or the person, sent as many as may be for now."""

    code, status, is_our_fault = "rate_limit_exceeded", 429, False
    public_text = gettext_noop("Too many invitations were sent lately. Try again in an hour.")


def _told(act: Callable[[], object]) -> str | None:
    """Do it; return in words why it could not be done; raise PermissionDenied for what is not theirs."""
    try:
        act()
    except rules.NotYours:
        raise PermissionDenied from None
    except ServiceError as refusal:
        return _(refusal.public_text)
    return None


def _do(request: PersonRequest, act: Callable[[], object], *, done: str, then: str = "people") -> HttpResponse:
    """Do it and say so, or say why not beside the people; raise PermissionDenied for what is not theirs."""
    fault = _told(act)
    if fault is not None:
        messages.error(request, fault)
        return redirect("people")
    messages.success(request, done)
    return redirect(then)
