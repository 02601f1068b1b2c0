"""allauth's forms for second factors and passkeys, with a daily limit; what allauth has no signal for is recorded."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context, ratelimit
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm, ReauthenticateWebAuthnForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import wrong_passwords
from accounts.models import User
from accounts.security_log import record
from accounts.security_models import Event, Factor

RATE_LIMITED = "too_many_login_attempts"


CODES_CLOSED = gettext_noop(
    "There were too many wrong codes for this account today. Use a passkey, or try again tomorrow. "
    "If it was not you, somebody knows your password: choose a new one."
)


def refuse_if_limited(user: User) -> None:
    """Raise ValidationError where allauth's own check would; unlike it, count nothing in the limit of the address."""
    key = f"mfa-auth-user-{user.pk}"
    if not ratelimit.consume(context.request, action="login_failed", key=key, dry_run=True):
        raise get_adapter().validation_error(RATE_LIMITED)


class LimitCodes:
    """Refuses codes after too many wrong ones, in minutes (allauth) and in a day, and records that."""

    user: Any

    def clean_code(self) -> str:
        """Return the code; raise ValidationError if it is wrong or there were too many."""
        attempt = wrong_passwords.reserve_code(self.user)
        if attempt is None:
            self._record_refusal()
            raise ValidationError(_(CODES_CLOSED), code="codes_closed")
        try:
            refuse_if_limited(self.user)
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError as error:
            if error.code == RATE_LIMITED:
                wrong_passwords.cancel_attempt(attempt)
                self._record_refusal()
            raise
        wrong_passwords.cancel_attempt(attempt)
        return code

    def _record_refusal(self) -> None:
        record(Event.LOG_IN_REFUSED, user=self.user, request=context.request, factor=Factor.TOTP)


class RecordFailedPasskey:
    """Records a passkey that was wrong or comes too fast."""

    failure = Event.SECOND_FACTOR_FAILED
    user: Any

    def clean_credential(self) -> Any:
        """Return the authenticator; raise ValidationError if the answer of the passkey is not valid."""
        try:
            if self.user is not None:
                refuse_if_limited(self.user)
            return super().clean_credential()  # type: ignore[misc]
        except ValidationError as error:
            event = Event.LOG_IN_REFUSED if error.code == RATE_LIMITED else self.failure
            record(event, user=self.user, request=context.request, factor=Factor.PASSKEY)
            raise


class CodeForm(LimitCodes, AuthenticateForm):  # type: ignore[misc]
    """A code after the first factor."""


class ReauthenticateCodeForm(LimitCodes, ReauthenticateForm):  # type: ignore[misc]
    """A code of a person who is logged in."""


class PasskeyForm(RecordFailedPasskey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after the first factor."""


class ReauthenticatePasskeyForm(RecordFailedPasskey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey of a person who is logged in."""


class PasskeyLoginForm(RecordFailedPasskey, LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of the first factor. A failure names nobody: the name in it is the caller's claim."""

    failure = Event.LOG_IN_FAILED
