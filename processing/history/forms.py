"""The form that turns history on and off."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class HistoryForm(forms.Form):
    """Whether results are kept, and for how many hours."""

    is_on = forms.BooleanField(required=False, label=gettext_lazy("Keep results for a while"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Here, because the setting counts as it is now.
        most = settings.HISTORY_MOST_HOURS
        self.fields["hours"] = forms.IntegerField(
            required=False,
            min_value=1,
            max_value=most,
            label=_("Hours"),
            help_text=_("From 1 to %(most)d. A shorter time counts for what is kept already, too.") % {"most": most},
            widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        )

    def clean(self) -> dict[str, Any]:
        """Ask for the hours where results are to be kept."""
        given = self.cleaned_data
        if given.get("is_on") and "hours" in given and given["hours"] is None:
            self.add_error("hours", _("Say for how many hours."))
        return given
