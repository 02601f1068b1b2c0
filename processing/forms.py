"""Forms for whoever runs the server."""

from typing import Any

from django import forms
from django.conf import settings

from processing.models import ModelChoice


class ModelChoiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """An organization's model: one of those that the operator allows when the form is made."""

    class Meta:
        model = ModelChoice
        fields = ("organization", "model")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"] = forms.ChoiceField(
            choices=[(name, name) for name in settings.ALLOWED_MODELS],
            help_text="Used where a request names none. The setting ALLOWED_MODELS lists the choices.",
        )
