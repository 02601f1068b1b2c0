"""The form of auto-recharge: which pack, when, how often, and that it may be charged."""

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazystr
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import money
from billing.bounds import LARGEST_MOVEMENT, MOST_RECHARGES_A_MONTH
from billing.order_models import PackPrice
from billing.recharge_models import RechargeConsent, SavedCard
from billing.recharge_switch import Terms, consent_text
from billing.shelf import OFFER_CHANGED, as_shown, in_words

USUAL_MOST = 3
USUAL_SHARE = 10
"""A pack is usually bought when a tenth of one is left."""
_ISOLATED = "\N{FIRST STRONG ISOLATE}{}\N{POP DIRECTIONAL ISOLATE}"
"""Text in an option, where no element can keep it apart from what runs the other way."""


class OfferField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A pack and its price in one currency. What was shown of it is a part of each choice, and has to be so still."""

    def label_from_instance(self, price: PackPrice) -> str:
        """Return what is bought, for how much, and what it brings."""
        amount = money.show(price.amount, price.currency)
        bought = _("%(pack)s for %(price)s") % {
            "pack": _ISOLATED.format(price.pack.name),
            "price": _ISOLATED.format(amount),
        }
        return f"{bought} ({in_words(price.pack).rstrip('.')})"

    def prepare_value(self, value: Any) -> Any:
        """Write a choice; one that has changed since is shown as it is now."""
        if isinstance(value, str):
            offers = self.queryset or ()
            value = next((price for price in offers if str(price.pk) == value.partition(":")[0]), value)
        return f"{value.pk}:{as_shown(value.pack, value.amount)}" if isinstance(value, PackPrice) else value

    def to_python(self, value: Any) -> PackPrice | None:
        """Read a choice; raise ValidationError where it is not what was shown."""
        number, _colon, shown = str(value or "").partition(":")
        price: PackPrice | None = super().to_python(number)
        if price is not None and as_shown(price.pack, price.amount) != shown:
            raise ValidationError(OFFER_CHANGED)
        return price


class RechargeForm(forms.Form):
    """What auto-recharge is to do. The token makes a double click one consent."""

    price = OfferField(PackPrice.objects.none(), label=gettext_lazy("Buy this pack"), empty_label=None)
    threshold = forms.IntegerField(
        min_value=1,
        max_value=LARGEST_MOVEMENT,
        label=gettext_lazy("When fewer credits are left than"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    most_per_month = forms.IntegerField(
        min_value=1,
        max_value=MOST_RECHARGES_A_MONTH,
        label=gettext_lazy("At most so many times a month"),
        help_text=gettext_lazy("Then it rests until the first of the next month (UTC), and you get a mail."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    other_card = forms.BooleanField(required=False, label=gettext_lazy("Save another card for it"))
    # Shown again with other terms, it is to be ticked again.
    agree = forms.BooleanField(label=lazystr(""), widget=forms.CheckboxInput(check_test=lambda _value: False))
    token = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, now: RechargeConsent | None, card: SavedCard | None) -> None:
        """Show the form as `now` has it; whoever has no card saves one anyway."""
        super().__init__(data)
        offers = PackPrice.objects.filter(pack__is_active=True).select_related("pack")
        self.offers = offers.order_by("currency", "pack__credits", "pk")
        self.fields["price"].queryset = self.offers  # type: ignore[attr-defined]
        self.fields["agree"].label = consent_text()
        if card is None:
            del self.fields["other_card"]
        self._start_with(now)

    def _start_with(self, now: RechargeConsent | None) -> None:
        self.initial["most_per_month"] = USUAL_MOST if now is None else now.most_per_month
        if now is not None:
            self.initial["threshold"] = now.threshold
            chosen = self.offers.filter(pack=now.pack_id, currency=now.currency).first()
        else:
            chosen = self.offers.first()
            self.initial["threshold"] = max(1, chosen.pack.credits // USUAL_SHARE) if chosen else None
        self.initial["price"] = chosen

    def clean(self) -> dict[str, Any]:
        """Refuse a threshold that the pack does not reach, below which it would buy again and again."""
        cleaned: dict[str, Any] = super().clean() or {}
        price, threshold = cleaned.get("price"), cleaned.get("threshold")
        if price is not None and threshold is not None and threshold > price.pack.credits:
            words = _("Choose at most %(count)d: one pack has to lift the credits above it.")
            self.add_error("threshold", ValidationError(words, params={"count": price.pack.credits}))
        return cleaned

    @property
    def terms(self) -> Terms:
        """What was chosen."""
        chosen = self.cleaned_data
        return Terms(chosen["price"], chosen["threshold"], chosen["most_per_month"])
