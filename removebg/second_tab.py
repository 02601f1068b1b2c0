"""A log-in form sent from a tab that was open before another tab logged in: its CSRF token is no longer valid."""

from allauth.account.utils import get_login_redirect_url
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

LOG_IN_FORMS = {
    "account_login",
    "account_signup",
    "account_request_login_code",
    "account_confirm_login_code",
    "account_email_verification_sent",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "socialaccount_signup",
}


def answer_for_logged_in(request: HttpRequest) -> HttpResponse | None:
    """Return a redirect to where the form leads if its sender is logged in already, None for any other form."""
    route = request.resolver_match
    if route is None or route.url_name not in LOG_IN_FORMS or not request.user.is_authenticated:
        return None
    messages.info(request, _("You are logged in already, as %(email)s.") % {"email": request.user.email})
    return redirect(get_login_redirect_url(request))
