"""Receivers that write the security log: signals of Django, allauth and of accounts deleted."""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import Signal, receiver
from django.http import HttpRequest

from accounts import wrong_passwords
from accounts.closing import person_deleted
from accounts.models import User
from accounts.security_log import record
from accounts.security_models import Event, Factor, SecurityEvent, WrongPasswords

_FACTORS = {
    Authenticator.Type.TOTP: Factor.TOTP,
    Authenticator.Type.WEBAUTHN: Factor.PASSKEY,
    Authenticator.Type.RECOVERY_CODES: Factor.RECOVERY_CODE,
}
_METHODS = {"password": Factor.PASSWORD, "code": Factor.CODE, "socialaccount": Factor.SOCIAL}


@receiver(user_logged_in)
def record_log_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Record with which first factor a person logged in."""
    record(Event.LOGGED_IN, user=user, request=request, factor=_first_factor(request, user))


@receiver(user_login_failed)
def record_failed_log_in(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """Record a wrong password."""
    user = wrong_passwords.find_user(str(credentials.get("email") or credentials.get("username") or ""))
    record(Event.LOG_IN_FAILED, user=user, request=request, factor=Factor.PASSWORD)


@receiver(account_signals.login_code_rejected)
def record_wrong_code(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Record a wrong log-in code."""
    record(Event.LOG_IN_FAILED, user=user, request=request, factor=Factor.CODE)


@receiver(account_signals.password_reset_code_rejected)
def record_wrong_reset_code(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Record a wrong code for a new password."""
    record(Event.PASSWORD_RESET_FAILED, user=user, request=request, factor=Factor.CODE)


@receiver(user_logged_out)
def record_log_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """Record a log-out, except the one at the end of deleting an account."""
    if user is not None and User.objects.filter(pk=user.pk, is_active=True).exists():
        record(Event.LOGGED_OUT, user=user, request=request)


@receiver(mfa_signals.authenticator_used)
def record_second_factor(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Record a second factor that was right. A passkey alone is a log-in, which is recorded by itself."""
    if kwargs.get("passwordless"):
        return
    event = Event.REAUTHENTICATED if kwargs.get("reauthenticated") else Event.SECOND_FACTOR_PASSED
    record(event, user=user, request=request, factor=_FACTORS[authenticator.type])


@receiver(mfa_signals.authentication_failed)
def record_wrong_second_factor(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Record a second factor that was wrong."""
    record(Event.SECOND_FACTOR_FAILED, user=user, request=request, factor=_FACTORS[authenticator.type])


@receiver(account_signals.authentication_step_completed)
def record_password_confirmed(sender: Any, request: HttpRequest, user: User, method: str, **kwargs: Any) -> None:
    """Record that a logged-in person confirmed their password."""
    if method == "password" and kwargs.get("reauthenticated"):
        record(Event.REAUTHENTICATED, user=user, request=request, factor=Factor.PASSWORD)


@receiver(account_signals.email_changed)
def record_new_email(
    sender: Any, request: HttpRequest, user: User, from_email_address: EmailAddress | None, **kwargs: Any
) -> None:
    """Record another primary address; the first one, at sign-up, is no change."""
    if from_email_address is not None:
        record(Event.EMAIL_CHANGED, user=user, request=request)


@receiver(account_signals.password_reset)
def allow_passwords_again(sender: Any, user: User, **kwargs: Any) -> None:
    """Reset the count of wrong passwords: the person proved that the mailbox is theirs."""
    wrong_passwords.forget(user)


@receiver(person_deleted)
def delete_traces(sender: Any, person: User, **kwargs: Any) -> None:
    """Delete what the log holds about a person with their account."""
    SecurityEvent.objects.filter(user=person).delete()
    WrongPasswords.objects.filter(user=person).delete()


def _first_factor(request: HttpRequest, user: User) -> str:
    """Return the factor of the newest step of this log-in that is no second factor."""
    for step in reversed(get_authentication_records(request, user)):
        if step.get("passwordless"):
            return Factor.PASSKEY
        if step.get("method") in _METHODS:
            return _METHODS[step["method"]]
    return ""


def _record_each(signal: Signal, event: Event) -> None:
    """Record the event whenever allauth sends the signal; the factor is the authenticator's, where there is one."""

    def record_event(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        authenticator = kwargs.get("authenticator")
        factor = _FACTORS[authenticator.type] if authenticator is not None else ""
        record(event, user=user, request=request, factor=factor)

    signal.connect(record_event, weak=False, dispatch_uid=f"security_log.{event}")


for _signal, _event in (
    (account_signals.password_set, Event.PASSWORD_SET),
    (account_signals.password_changed, Event.PASSWORD_CHANGED),
    (account_signals.password_reset, Event.PASSWORD_RESET),
    (account_signals.email_added, Event.EMAIL_ADDED),
    (account_signals.email_removed, Event.EMAIL_REMOVED),
    (mfa_signals.authenticator_added, Event.FACTOR_ADDED),
    (mfa_signals.authenticator_removed, Event.FACTOR_REMOVED),
    (mfa_signals.authenticator_reset, Event.FACTOR_RESET),
):
    _record_each(_signal, _event)
