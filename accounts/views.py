"""Pages for people: logging in."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django_ratelimit.core import is_ratelimited

from accounts.addresses import rate_limit_address

LOGINS_PER_ADDRESS = "30/m"
LOGINS_PER_EMAIL_AND_ADDRESS = "5/5m"
# Higher: a stranger who knows an e-mail must not lock its owner out with a few tries.
LOGINS_PER_EMAIL = "50/5m"


class LogIn(LoginView):
    """Log in with e-mail and password, a few tries a minute."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the password, unless the address or the e-mail was tried too often lately."""
        by_address = is_ratelimited(request, group="login", key="ip", rate=LOGINS_PER_ADDRESS, increment=True)
        by_both = is_ratelimited(
            request, group="login", key=_email_and_address, rate=LOGINS_PER_EMAIL_AND_ADDRESS, increment=True
        )
        by_email = is_ratelimited(request, group="login", key=_email_tried, rate=LOGINS_PER_EMAIL, increment=True)
        if by_address or by_both or by_email:
            return self._too_many_tries()
        return super().post(request, *args, **kwargs)

    def _too_many_tries(self) -> HttpResponse:
        form = AuthenticationForm(self.request)
        form.cleaned_data = {}
        context = self.get_context_data(form=form, too_many_tries=True)
        return self.render_to_response(context, status=429, headers={"Retry-After": "300"})


class AdminLogIn(LogIn):
    """The admin's door, with the same limits. Who is logged in but no staff is asked for another account."""

    redirect_authenticated_user = False
    next_page = "admin:index"


def _email_tried(group: str, request: HttpRequest) -> str:
    return request.POST.get("username", "").strip().lower()


def _email_and_address(group: str, request: HttpRequest) -> str:
    return f"{_email_tried(group, request)} {rate_limit_address(request)}"
