"""Forms of the admin: people by e-mail address, keys with their scopes as boxes to tick."""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.api_keys import MAX_ACTIVE_KEYS, has_room_for_key
from accounts.errors import TooManyKeys
from accounts.models import ApiKey, Scope, User, all_scopes


class UnusedAddress:
    """Refuses an e-mail address that another person has verified."""

    instance: User
    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        """Return the address; raise ValidationError if it is another person's."""
        email: str = self.cleaned_data["email"]
        if EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=self.instance.pk).exists():
            raise ValidationError("Another person has this e-mail address.")
        return email


class NewUserForm(UnusedAddress, UserCreationForm):  # type: ignore[misc]
    """A person and their first password."""

    class Meta:
        model = User
        fields = ("email",)


class UserForm(UnusedAddress, UserChangeForm):  # type: ignore[misc]
    """What we keep of a person."""

    class Meta:
        model = User
        fields = "__all__"
        help_texts: ClassVar[dict[str, str]] = {
            "email": "A new address replaces all of theirs and ends their sessions. Both addresses get a mail.",
            "is_active": "Off: they cannot log in, and their sessions end. API keys that they made belong to the "
            "organizations and keep working until you revoke them (button “Revoke keys they made”).",
        }


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What may be chosen of a key; the secret never is."""

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        initial=all_scopes,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What it may do.",
    )

    class Meta:
        model = ApiKey
        fields = (
            "organization",
            "name",
            "scopes",
            "expires_at",
            "is_test",
            "monthly_credit_cap",
            "requests_per_minute",
            "allowed_networks",
        )

    def clean(self) -> dict[str, Any] | None:
        """Refuse one more key for an organization that has as many as it may have."""
        cleaned = super().clean()
        organization = self.cleaned_data.get("organization")
        if self.instance.pk is None and organization is not None and not has_room_for_key(organization):
            self.add_error(None, str(TooManyKeys(limit=MAX_ACTIVE_KEYS)))
        return cleaned
