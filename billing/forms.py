"""Forms about credits: be told when few are left; buy a pack."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from billing.bounds import LARGEST_MOVEMENT
from billing.order_models import Pack
from billing.shelf import OFFER_CHANGED, as_shown


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
    """Which pack, in which currency, as it was shown; the token makes a double click one order."""

    pack = forms.ModelChoiceField(Pack.objects.all())
    currency = forms.CharField(max_length=3)
    shown = forms.CharField(max_length=100)
    token = forms.UUIDField()

    def clean(self) -> dict[str, Any]:
        """Refuse a pack that is not what it was when its page was loaded."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            price = cleaned["pack"].prices.filter(currency=cleaned["currency"]).first()
            if price is not None and as_shown(cleaned["pack"], price.amount) != cleaned["shown"]:
                raise ValidationError(OFFER_CHANGED)
        return cleaned
