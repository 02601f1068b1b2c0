"""Who is calling: people, the organizations they work in, and the keys their programs show."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import base62, security_models, support_models  # noqa: F401 - Django looks for models here
from accounts.names import require_plain_name


class UserManager(BaseUserManager["User"]):
    """Makes and finds people by e-mail address; upper and lower case are the same address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a stored person; without a password nobody can log in as them."""
        if not email or not email.strip():
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email.strip()), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a stored person who may do everything in the admin."""
        from accounts.vouching import vouch_for

        user = self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})
        vouch_for(user)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the person with this e-mail address in any case."""
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person who logs in with an e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    language = models.CharField(
        max_length=10, blank=True, default="", db_default="", help_text="The language of their mails; empty: not known."
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case")]

    def __str__(self) -> str:
        return self.email


def make_organization_id() -> str:
    """Return a public identifier that tells nothing about how many organizations there are."""
    return f"org_{base62.random_text(20)}"


class Organization(models.Model):
    """Who owns keys and credits: a shop, a team, one person."""

    public_id = models.CharField(max_length=40, unique=True, default=make_organization_id, editable=False)
    name = models.CharField(max_length=100, validators=[require_plain_name])
    suspended_at = models.DateTimeField(null=True, blank=True, help_text="Set: every call with its keys is refused.")
    keys_frozen_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Set: its keys are refused while a payment is disputed."
    )
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Set: its owner closed it; nobody works in it.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(name=""), name="accounts_organization_has_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_suspended(self) -> bool:
        """Tell whether its keys are refused."""
        return self.suspended_at is not None


class Role(models.TextChoices):
    """What a person may do in an organization; each role may do what the next one may."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")


class Membership(models.Model):
    """One person in one organization, once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="accounts_membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="accounts_membership_known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization} ({self.role})"


class Invitation(models.Model):
    """An address that may join an organization, once; of the link's secret only a digest is kept."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the secret, hex.")
    created = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                condition=models.Q(accepted_at=None),
                name="accounts_invitation_pending_once",
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="accounts_invitation_known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization} ({self.role})"

    @property
    def is_expired(self) -> bool:
        """Tell whether its link is too old to be followed."""
        return self.expires_at <= timezone.now()


class Scope(models.TextChoices):
    """What a key may be used for."""

    REMOVE = "remove"
    ACCOUNT_READ = "account:read"


def validate_scopes(scopes: Sequence[str]) -> None:
    """Raise ValidationError unless this is a list of known scopes, each once, at least one."""
    if not isinstance(scopes, list) or not scopes or len(set(map(str, scopes))) != len(scopes):
        raise ValidationError("Name at least one scope, each once, as a list.")
    unknown = sorted({str(scope) for scope in scopes} - set(Scope.values))
    if unknown:
        raise ValidationError(f"Unknown scope: {', '.join(unknown)}. Known: {', '.join(Scope.values)}.")


def validate_networks(networks: Sequence[str]) -> None:
    """Raise ValidationError unless this is a list of networks as `ipaddress` writes them."""
    if not isinstance(networks, list):
        raise ValidationError("Give the networks as a list.")
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except (ValueError, TypeError):
            raise ValidationError(f"{network} is no network such as 192.0.2.0/24.") from None


def all_scopes() -> list[str]:
    """Return every scope: what a new key may do unless told otherwise."""
    return list(Scope.values)


class ApiKey(models.Model):
    """What we keep of a key: enough to recognise it and to check it, never the secret itself."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="api_keys")
    name = models.CharField(max_length=100, validators=[require_plain_name])
    prefix = models.CharField(max_length=20, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the secret, hex.")
    scopes = models.JSONField(default=all_scopes, validators=[validate_scopes])
    is_test = models.BooleanField(
        default=False, db_default=False, help_text="Free of charge; its cutouts are samples. Told by its first letters."
    )
    monthly_credit_cap = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Credits it may use in a calendar month (UTC); empty: as many as there are.",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Requests a minute it may send, within the plan's; empty: as many as the plan allows.",
    )
    # None and not an empty list, so that processes of the version before can still make keys.
    allowed_networks = models.JSONField(
        null=True,
        blank=True,
        validators=[validate_networks],
        help_text='Networks it may be used from, such as ["192.0.2.0/24"]; empty: from everywhere.',
    )
    rotated_from = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="rotations",
        help_text="The first key of the line that it goes on: they share what they used of a month.",
    )
    created = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...{self.last_four})"

    def is_active_at(self, moment: datetime) -> bool:
        """Tell whether the key is neither revoked nor expired at this moment."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > moment)

    @property
    def spends_as(self) -> int:
        """Return the id of the key under which its spending is counted: the first of its line."""
        return self.rotated_from_id or self.pk

    def may_call_from(self, address: str) -> bool:
        """Tell whether the key may be used from this address; what is no address is nowhere."""
        if not self.allowed_networks:
            return True
        try:
            caller = ipaddress.ip_address(address)
        except ValueError:
            return False
        # A socket that takes both kinds writes an IPv4 address as an IPv6 one.
        caller = getattr(caller, "ipv4_mapped", None) or caller
        return any(caller in ipaddress.ip_network(network) for network in self.allowed_networks)

    @property
    def is_active_now(self) -> bool:
        """Tell whether the key works at this moment."""
        return self.is_active_at(timezone.now())
