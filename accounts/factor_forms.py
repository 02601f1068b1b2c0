"""allauth's forms for second factors and passkeys; failures that allauth sends no signal for go to the security log."""

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm, ReauthenticateWebAuthnForm
from django.core.exceptions import ValidationError

from accounts.security_log import record
from accounts.security_models import Event, Factor

RATE_LIMITED = "too_many_login_attempts"


class RecordRefusedCode:
    """Records a code that was not checked, because there were too many wrong ones."""

    user: Any

    def clean_code(self) -> str:
        """Return the code; raise ValidationError if it is wrong or comes too fast."""
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError as error:
            if error.code == RATE_LIMITED:
                record(Event.LOG_IN_REFUSED, user=self.user, request=context.request, factor=Factor.TOTP)
            raise
        return code


class RecordFailedPasskey:
    """Records a passkey that was wrong or comes too fast."""

    failure = Event.SECOND_FACTOR_FAILED
    user: Any

    def clean_credential(self) -> Any:
        """Return the authenticator; raise ValidationError if the answer of the passkey is not valid."""
        try:
            return super().clean_credential()  # type: ignore[misc]
        except ValidationError as error:
            event = Event.LOG_IN_REFUSED if error.code == RATE_LIMITED else self.failure
            record(event, user=self.user, request=context.request, factor=Factor.PASSKEY)
            raise


class CodeForm(RecordRefusedCode, AuthenticateForm):  # type: ignore[misc]
    """A code after the first factor."""


class ReauthenticateCodeForm(RecordRefusedCode, ReauthenticateForm):  # type: ignore[misc]
    """A code of a person who is logged in."""


class PasskeyForm(RecordFailedPasskey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after the first factor."""


class ReauthenticatePasskeyForm(RecordFailedPasskey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey of a person who is logged in."""


class PasskeyLoginForm(RecordFailedPasskey, LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of the first factor. A failure names nobody: the name in it is the caller's claim."""

    failure = Event.LOG_IN_FAILED
