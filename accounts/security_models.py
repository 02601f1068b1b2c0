"""What happened at log-in and to the ways to log in, kept for SECURITY_LOG_DAYS."""

from django.conf import settings
from django.db import models


class Event(models.TextChoices):
    """A security event."""

    LOGGED_IN = "logged_in", "logged in"
    LOG_IN_FAILED = "log_in_failed", "log-in failed"
    LOG_IN_REFUSED = "log_in_refused", "log-in refused (too many attempts)"
    LOGGED_OUT = "logged_out", "logged out"
    SECOND_FACTOR_PASSED = "second_factor_passed", "second factor passed"
    SECOND_FACTOR_FAILED = "second_factor_failed", "second factor failed"
    REAUTHENTICATED = "reauthenticated", "reauthenticated"
    FACTOR_ADDED = "factor_added", "second factor added"
    FACTOR_REMOVED = "factor_removed", "second factor removed"
    FACTOR_RESET = "factor_reset", "recovery codes replaced"
    PASSWORD_SET = "password_set", "password set"
    PASSWORD_CHANGED = "password_changed", "password changed"
    PASSWORD_RESET = "password_reset", "password reset"
    PASSWORD_RESET_FAILED = "password_reset_failed", "password reset failed (wrong code)"
    EMAIL_CHANGED = "email_changed", "e-mail address changed"
    EMAIL_ADDED = "email_added", "e-mail address added"
    EMAIL_REMOVED = "email_removed", "e-mail address removed"
    SESSIONS_ENDED = "sessions_ended", "sessions ended by an operator"
    KEYS_REVOKED = "keys_revoked", "API keys revoked by an operator"
    DEACTIVATED = "deactivated", "account deactivated by an operator"


class Factor(models.TextChoices):
    """What the person showed, or tried to show."""

    PASSWORD = "password", "password"
    CODE = "code", "code by mail"
    PASSKEY = "passkey", "passkey"
    SOCIAL = "social", "account elsewhere"
    TOTP = "totp", "authenticator app"
    RECOVERY_CODE = "recovery_code", "recovery code"


class SecurityEvent(models.Model):
    """One security event. It holds neither an IP address nor what was typed; rows are only added and expired."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="security_events",
        help_text="Empty: no account with that e-mail address.",
    )
    event = models.CharField(max_length=30, choices=Event.choices)
    factor = models.CharField(max_length=20, choices=Factor.choices, blank=True, default="", db_default="")
    address_key = models.CharField(
        max_length=32, help_text="Keyed hash of the IP address or IPv6 network: equal addresses have equal values."
    )
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created"], name="accounts_event_user"),
            models.Index(fields=["address_key", "-created"], name="accounts_event_address"),
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()}: {self.user or 'unknown account'}"


class WrongPasswords(models.Model):
    """How many wrong passwords, or wrong codes, one account got on one day (UTC), from all addresses together."""

    account_key = models.CharField(max_length=32, help_text="Keyed hash of the account, or of an unknown address.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0, db_default=0)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_key", "day"], name="accounts_wrong_passwords_once")]
        indexes = [models.Index(fields=["day"], name="accounts_wrong_passwords_day")]

    def __str__(self) -> str:
        return f"{self.user or 'unknown account'}: {self.count} on {self.day}"
