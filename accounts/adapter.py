"""What allauth asks us: who calls from where, who may sign up, where people land, and how a mail of ours looks."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import invitations, mails, wrong_passwords
from accounts.addresses import rate_limit_address
from accounts.even_times import rounded_up
from accounts.mail_budget import MailBudgetUsed, count_request
from accounts.models import User
from accounts.names import in_one_line
from accounts.security_log import record
from accounts.security_models import Event, Factor, WrongPasswords
from accounts.vouching import has_address

PASSWORD_CLOSED = gettext_noop(
    "There were too many wrong passwords for this account today. Log in with a passkey or a code by mail, "
    "or choose a new password, or try again tomorrow."
)
NO_ACCOUNT = "account/email/unknown_account"
"""What allauth would mail to an address without an account. No such mail is sent: nobody asked for it."""
TO_STRANGERS = {
    "account/email/account_already_exists",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
}
ON_REQUEST = {*TO_STRANGERS, NO_ACCOUNT, "account/email/login_code", "account/email/password_reset_code"}
"""Mails that anybody can cause by typing an address into a form."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth on our terms."""

    _attempt: WrongPasswords | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether strangers may sign up; who follows an invitation always may."""
        return settings.SIGNUP_OPEN or invitations.find_of_session(request) is not None

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that rates are counted by: the proxies' word counts as far as TRUSTED_PROXIES says."""
        return rate_limit_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Answer 429 after too many wrong passwords from one address; raise ValidationError after too many in a day.

        A refused attempt counts nowhere: it makes no wait longer, and the address keeps its attempts for other people.
        """
        email = str(credentials.get("email", ""))
        key = self._get_login_attempts_cache_key(request, **credentials)
        try:
            if not ratelimit.consume(request, action="login_failed", key=key, dry_run=True):
                raise self.validation_error("too_many_login_attempts")
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            _record_refusal(request, email)
            raise ImmediateHttpResponse(respond_429(request)) from None
        self._attempt = wrong_passwords.reserve_attempt(email)
        if self._attempt is None:
            _record_refusal(request, email)
            raise ValidationError(_(PASSWORD_CLOSED), code="password_closed")

    def pre_login(self, request: HttpRequest, user: User, *, email: str | None = None, **kwargs: Any) -> Any:
        """Refuse a code that was sent to an address which an operator has replaced since."""
        if email and not has_address(user, email):
            messages.error(request, _("This address no longer belongs to the account."))
            return redirect("account_login")
        return super().pre_login(request, user, email=email, **kwargs)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Return the person whose password this is; only wrong passwords count against the day's limit."""
        user = super().authenticate(request, **credentials)
        if user is not None and self._attempt is not None:
            wrong_passwords.cancel_attempt(self._attempt)
        return user

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """Return where new people land: where photos are tried, once there is such a page."""
        try:
            return reverse("try")
        except NoReverseMatch:
            return reverse(settings.LOGIN_REDIRECT_URL)

    def render_mail(self, template_prefix: str, email: str, context: dict[str, Any], headers: Any = None) -> Any:
        """Return the mail in text, and the same words in HTML beside it."""
        known = {**mails.cause_of(current.request), **context}
        if "user_agent" in known:
            known["user_agent"] = in_one_line(known["user_agent"])
        return mails.render(template_prefix, email, known, headers=headers)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail; where that fails, say so on the next page, which has a way to ask for it again."""
        try:
            if template_prefix in ON_REQUEST:
                self._send_on_request(template_prefix, email, context)
            else:
                mails.send(self.render_mail(template_prefix, email, context))
        except (mails.MailNotSent, MailBudgetUsed) as trouble:
            if current.request is not None:
                messages.error(current.request, _(trouble.public_text))

    def _send_on_request(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail that anybody may request, within its limits; none to an address without an account."""
        with rounded_up():
            count_request(email, request=current.request, is_to_stranger=template_prefix in TO_STRANGERS)
            if template_prefix == NO_ACCOUNT:
                mails.connect_only(email)
            else:
                mails.send(self.render_mail(template_prefix, email, context))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count guesses by address, too: who guesses elsewhere does not lock the owner out."""
        return f"{rate_limit_address(request)}:{super()._get_login_attempts_cache_key(request, **credentials)}"


def _record_refusal(request: HttpRequest, email: str) -> None:
    user = wrong_passwords.find_user(email)
    record(Event.LOG_IN_REFUSED, user=user, request=request, factor=Factor.PASSWORD)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """People who come with an account elsewhere."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Tell whether strangers may sign up; else only the invited address may."""
        if settings.SIGNUP_OPEN:
            return True
        invitation = invitations.find_of_session(request)
        told = {address.email.lower() for address in sociallogin.email_addresses}
        return invitation is not None and invitation.email.lower() in told
