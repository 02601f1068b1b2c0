"""Pages about a person's own account, beside those that allauth has: their data, their end, one session."""

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django.views.i18n import set_language

from accounts import closing, languages
from accounts.current_organization import LoggedInRequest
from accounts.organization_forms import DeletionForm
from accounts.people import organizations_of_alone, organizations_without_other_owner
from accounts.visiting import leads_to


@never_cache
@require_safe
@login_required
def your_data(request: HttpRequest) -> HttpResponse:
    """Say what we hold about a person, and what they may do with it."""
    return render(request, "accounts/your_data.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def delete_account(request: LoggedInRequest) -> HttpResponse:
    """Say what deleting means, and delete the account of who types its address."""
    user = request.user
    form = DeletionForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            closing.delete_person(user)
        except closing.StillNeeded as refusal:
            form.add_error(None, _(refusal.public_text))
        else:
            logout(request)
            messages.success(request, _("Your account is deleted. Goodbye, and thank you."))
            return redirect("front")
    needed_by, alone = organizations_without_other_owner(user), organizations_of_alone(user)
    context = {"form": form, "needed_by": needed_by, "closing": alone}
    return render(request, "accounts/delete.html", context)


@leads_to("front")
def choose_language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on: to this browser, and to the person in mails."""
    code = request.POST.get("language", "")
    if not languages.is_offered(code):
        return redirect("front")
    if request.user.is_authenticated:
        languages.choose(request.user, code)
    return set_language(request)


@login_required
@leads_to("usersessions_list")
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Log out one other browser of the person's."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    session.end()
    messages.success(request, _("That session is over."))
    return redirect("usersessions_list")
