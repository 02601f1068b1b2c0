"""Forms of the admin: people by e-mail address, keys with their scopes as boxes to tick."""

from typing import Any

from django import forms
from unfold.forms import UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.api_keys import MAX_ACTIVE_KEYS, has_room_for_key
from accounts.errors import TooManyKeys
from accounts.models import ApiKey, Scope, User, all_scopes


class NewUserForm(UserCreationForm):  # type: ignore[misc]
    """A person and their first password."""

    class Meta:
        model = User
        fields = ("email",)


class UserForm(UserChangeForm):  # type: ignore[misc]
    """What we keep of a person."""

    class Meta:
        model = User
        fields = "__all__"


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
