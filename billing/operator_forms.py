"""Forms of the admin about money and credits. Money is typed as people write it; a token makes a double click one."""

import uuid
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from accounts.names import refuse_email_addresses
from billing.bounds import LARGEST_MOVEMENT, LONGEST_TERM_DAYS
from billing.models import CreditAccount
from billing.money import check_price, decimals_of, in_major_units, in_minor_units, show
from billing.order_models import PackPrice, PlanPrice

READ_BY_CUSTOMERS = "Whoever sees the money of the organization reads it, word for word, in their statement."


class GrantForm(forms.Form):
    """Credits as a gift, and why."""

    amount = forms.IntegerField(min_value=1, max_value=LARGEST_MOVEMENT, label="Credits")
    reason = forms.CharField(max_length=500, validators=[refuse_email_addresses], help_text=READ_BY_CUSTOMERS)
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST_TERM_DAYS,
        label="Days until they expire",
        help_text="Empty: never.",
    )
    token = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)


class AdjustForm(forms.Form):
    """A correction of what an account has, and why."""

    amount = forms.IntegerField(
        min_value=-LARGEST_MOVEMENT,
        max_value=LARGEST_MOVEMENT,
        label="Credits",
        help_text="Below zero to take some away.",
    )
    reason = forms.CharField(max_length=500, validators=[refuse_email_addresses], help_text=READ_BY_CUSTOMERS)
    token = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)

    def __init__(self, account: CreditAccount, *args: Any) -> None:
        super().__init__(*args)
        self._account = account

    def clean_amount(self) -> int:
        """Refuse nothing at all, and more than there is; what is held stays."""
        amount: int = self.cleaned_data["amount"]
        if amount == 0:
            raise forms.ValidationError("Nothing would change.")
        if -amount > self._account.available:
            raise forms.ValidationError(f"Only {self._account.available} credits are available.")
        return amount


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A price as people write it: 5.00 for euros, 500 for yen."""

    price = forms.DecimalField(
        max_digits=12,
        min_value=0,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="As people write it: 5.00 EUR, 500 JPY.",
    )

    class Meta:
        fields = ("currency",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["price"] = in_major_units(self.instance.amount, self.instance.currency)

    def clean(self) -> dict[str, Any]:
        """Turn the price into the currency's minor unit."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        price, currency = cleaned.get("price"), cleaned.get("currency")
        if price is not None and currency:
            try:
                amount = in_minor_units(price, currency)
                check_price(amount, currency)
            except forms.ValidationError as error:
                self.add_error("price", error)
            else:
                self.instance.amount = amount
        return cleaned


class PackPriceForm(PriceForm):
    """What a pack costs."""

    class Meta(PriceForm.Meta):
        model = PackPrice


class PlanPriceForm(PriceForm):
    """What a plan costs a month."""

    class Meta(PriceForm.Meta):
        model = PlanPrice


class RefundForm(forms.Form):
    """How much of a payment goes back, and why; not more than is left."""

    amount = forms.DecimalField(max_digits=15)
    reason = forms.CharField(
        max_length=500, validators=[refuse_email_addresses], help_text="For the books; the buyer does not read it."
    )
    token = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)

    def __init__(self, left: int, currency: str, *args: Any) -> None:
        super().__init__(*args)
        self._left, self._currency = left, currency
        field = self.fields["amount"]
        field.label = f"Amount in {currency.upper()}"
        field.help_text = f"At the most {show(left, currency)}, all that is left of the payment."
        field.initial = in_major_units(left, currency)
        field.widget.attrs["step"] = str(in_major_units(1, currency)) if decimals_of(currency) else "1"

    def clean_amount(self) -> int:
        """Return the amount in the minor unit."""
        minor = in_minor_units(self.cleaned_data["amount"], self._currency)
        if not 0 < minor <= self._left:
            raise forms.ValidationError(f"Between nothing and {show(self._left, self._currency)}.")
        return minor
