"""Where an invitation's link leads."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import invitations
from accounts.current_organization import choose
from accounts.models import User


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Say who invites to what; let in whoever is logged in with the invited address and wants to."""
    found = invitations.find_open(secret)
    if found is None:
        return render(request, "organizations/invitation_over.html", status=404)
    user = request.user
    is_theirs = user.is_authenticated and invitations.belongs_to(found, user)
    if request.method == "POST" and user.is_authenticated and is_theirs:
        return _join(request, secret, user)
    if not user.is_authenticated:
        request.session[invitations.SESSION_KEY] = secret
    context = {"invitation": found, "is_theirs": is_theirs}
    return render(request, "organizations/invitation.html", context, status=403 if request.method == "POST" else 200)


def _join(request: HttpRequest, secret: str, user: User) -> HttpResponse:
    try:
        membership = invitations.accept(secret, user)
    except invitations.InvitationRefusal:
        return render(request, "organizations/invitation_over.html", status=404)
    request.session.pop(invitations.SESSION_KEY, None)
    choose(request, membership)
    messages.success(request, _("You are in %(organization)s now.") % {"organization": membership.organization.name})
    return redirect("dashboard")
