"""Forms about an organization and its people."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Role, User
from accounts.one_time_forms import OneTimeForm
from accounts.people import GIVEN_BY

ROLE_WORDS = {
    Role.MEMBER: _("Cuts out photos, sees usage, makes keys of their own."),
    Role.ADMIN: _("Also manages people, everybody's keys and the settings, and sees what was paid."),
    Role.OWNER: _("Everything: also buys credits, makes owners, and can close the organization."),
}


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg]
    """How an organization is called."""

    class Meta:
        model = Organization
        fields = ("name",)
        labels = {"name": _("Name")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "organization"})}


class NewOrganizationForm(OrganizationForm, OneTimeForm):
    """How a new organization is called; sent twice, it opens one."""

    class Meta(OrganizationForm.Meta):
        pass


class CloseForm(forms.Form):
    """The organization's name, typed by who wants to close it."""

    name = forms.CharField(label=_("Type its name to close it"), widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._organization = organization

    def clean_name(self) -> str:
        """Return the name; raise ValidationError for any other."""
        typed = str(self.cleaned_data["name"])
        if typed.strip().casefold() != self._organization.name.strip().casefold():
            raise forms.ValidationError(_("This is not its name. It stays open."))
        return typed


class RoleForm(forms.Form):
    """A role that somebody may give."""

    def __init__(self, *args: Any, giver: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (role.value, format_html("<span><strong>{}</strong><br>{}</span>", role.label, ROLE_WORDS[role]))
            for role in GIVEN_BY[Role(giver)]
        ]
        self.fields["role"] = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect, choices=choices)


class InvitationForm(RoleForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))


class DeletionForm(forms.Form):
    """The person's own address, typed by who wants to be deleted."""

    email = forms.EmailField(
        label=_("Type your e-mail address to delete your account"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_email(self) -> str:
        """Return the address; raise ValidationError for any other."""
        typed = str(self.cleaned_data["email"])
        if typed.casefold() != self._user.email.casefold():
            raise forms.ValidationError(_("This is not your address. Nothing was deleted."))
        return typed
