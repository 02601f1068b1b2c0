"""A form that makes something new is taken once: a reload or a second click must not make another one."""

from uuid import UUID, uuid4

from django import forms
from django.core.cache import cache

REMEMBERED_S = 24 * 3600


class OneTimeForm(forms.Form):
    """A form with a token in it, which `is_first_time` takes once."""

    token = forms.UUIDField(initial=uuid4, widget=forms.HiddenInput)

    def is_first_time(self) -> bool:
        """Tell whether this filled-in form comes for the first time; where nothing can be remembered, it does."""
        token: UUID = self.cleaned_data["token"]
        # Redis that cannot be asked says None.
        return cache.add(f"form:{token}", 1, REMEMBERED_S) is not False
