"""Forms about credits: be told when few are left; buy a pack."""

from django import forms
from django.utils.translation import gettext_lazy

from billing.ledger import LARGEST_MOVEMENT
from billing.order_models import Pack


class WarningForm(forms.Form):
    """At how many credits somebody is to be told; empty: never."""

    threshold = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=LARGEST_MOVEMENT,
        label=gettext_lazy("Send a mail when so many credits are left"),
        help_text=gettext_lazy("To the owners and admins, once each time it falls that low. Empty: no mail."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class PurchaseForm(forms.Form):
    """Which pack, in which currency; the token makes a double click one order."""

    pack = forms.ModelChoiceField(Pack.objects.all())
    currency = forms.CharField(max_length=3)
    token = forms.UUIDField()
