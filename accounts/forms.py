"""Forms of the admin: people by e-mail address, keys with their scopes as boxes to tick."""

from django import forms
from unfold.forms import UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

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
        fields = ("organization", "name", "scopes", "expires_at", "is_test", "monthly_credit_cap", "allowed_networks")
