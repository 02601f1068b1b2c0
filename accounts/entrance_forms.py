"""allauth's forms, with what it leaves out: where sign-up is closed, an invitation is for one address."""

from typing import Any

from allauth.account.forms import ChangeEmailForm as AllauthChangeEmailForm
from allauth.account.forms import ResetPasswordKeyForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.core import context
from allauth.socialaccount.forms import SignupForm as AllauthSocialSignupForm
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.vouching import has_address


class InvitedAddressOnly:
    """Takes any address where strangers may sign up, else only the one that was invited."""

    def clean_email(self) -> Any:
        """Return the address; raise ValidationError for one that nobody invited."""
        address = super().clean_email()  # type: ignore[misc]
        if settings.SIGNUP_OPEN:
            return address
        invitation = invitations.find_of_session(context.request)
        if invitation is None or invitation.email.lower() != address.lower():
            raise ValidationError(_("Your invitation is for another address. Use the one that it was sent to."))
        return address


class SignupForm(InvitedAddressOnly, AllauthSignupForm):  # type: ignore[misc]
    """Address and password."""


class ChangeEmailForm(InvitedAddressOnly, AllauthChangeEmailForm):  # type: ignore[misc]
    """Another address while the first is not verified."""


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password after a code by mail, unless an operator has replaced the address it was sent to."""

    def clean(self) -> Any:
        """Raise ValidationError if the mailbox that got the code no longer belongs to the account."""
        sent = context.request.session.get(PASSWORD_RESET_VERIFICATION_SESSION_KEY) or {}
        if not has_address(self.user, sent.get("email", "")):
            raise ValidationError(_("This address no longer belongs to the account. Ask for a new code."))
        return super().clean()


class SocialSignupForm(InvitedAddressOnly, AllauthSocialSignupForm):  # type: ignore[misc]
    """The address, where an account elsewhere did not tell one that can be used."""
