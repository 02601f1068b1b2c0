"""Forms for whoever runs the server."""

from typing import Any

from django import forms
from django.conf import settings

from processing.engine import engine
from processing.matting.model_catalog import get_model
from processing.models import ModelChoice


class ModelChoiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """An organization's model: one of those that the operator allows when the form is made."""

    class Meta:
        model = ModelChoice
        fields = ("organization", "model")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"] = forms.ChoiceField(
            choices=[(name, _labelled(name)) for name in settings.ALLOWED_MODELS],
            help_text="Used where a request names none. The setting ALLOWED_MODELS lists the choices.",
        )


def _labelled(name: str) -> str:
    """Return the model's name with what should be known before it is given to somebody."""
    model = get_model(name)
    use = model.licence if model.allows_commercial_use else "no commercial use"
    return f"{name} ({engine.status(name).state}; {use})"
