"""What people choose of a key: when it is made, when it is changed, when another takes its place."""

import ipaddress
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import ApiKey, Scope, all_scopes
from accounts.names import require_plain_name
from accounts.one_time_forms import OneTimeForm
from billing.bounds import LARGEST_MOVEMENT

MOST_NETWORKS = 50
MAX_REQUESTS_PER_MINUTE = 1_000_000
LIVE, TEST = "live", "test"

SCOPE_NAMES = (
    (Scope.REMOVE.value, gettext_lazy("Remove backgrounds")),
    (Scope.ACCOUNT_READ.value, gettext_lazy("Read how many credits are left")),
)
OVERLAPS = (
    (0, gettext_lazy("Not at all: it stops now")),
    (1, gettext_lazy("1 hour")),
    (24, gettext_lazy("1 day")),
    (72, gettext_lazy("3 days")),
    (168, gettext_lazy("7 days")),
)
"""For how many hours a key works beside the one that takes its place."""


class ExpiryField(forms.DateField):
    """The last day on which a key works, in UTC; empty: it does not expire."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            label=gettext_lazy("Expires after"),
            help_text=gettext_lazy("The last day on which it works (UTC). Leave it empty for a key that stays."),
            **kwargs,
        )

    def validate(self, value: date | None) -> None:
        """Refuse days that are over."""
        super().validate(value)
        if value is not None and value < timezone.now().astimezone(UTC).date():
            raise ValidationError(_("This day is over. Choose today or a later one."))
        if value is not None and value.year > 9000:
            raise ValidationError(_("Choose an earlier day, or none at all."))


class NetworksField(forms.CharField):
    """Networks in CIDR notation or single addresses, separated by anything that is neither."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"})

    def __init__(self) -> None:
        super().__init__(
            required=False,
            max_length=4000,
            label=gettext_lazy("Works from"),
            help_text=gettext_lazy("Addresses or networks such as 192.0.2.0/24, one a line. Empty: from everywhere."),
        )

    def to_python(self, value: Any) -> Any:
        """Return the networks as `ipaddress` writes them, each once; raise ValidationError that names the wrong one."""
        words = re.split(r"[\s,;]+", super().to_python(value) or "")
        if len(words) > MOST_NETWORKS + 2:
            raise ValidationError(_("Name at most %(count)d networks.") % {"count": MOST_NETWORKS})
        return list(dict.fromkeys(_network_of(word) for word in words if word))

    def prepare_value(self, value: Any) -> Any:
        """Show stored networks one a line, and what was typed as it was typed."""
        return "\n".join(value) if isinstance(value, list) else value


class KeyLimits(forms.Form):
    """What may be chosen of a key at any time."""

    name = forms.CharField(
        max_length=100,
        validators=[require_plain_name],
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Where it is used, so that you know later what stops when you revoke it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        choices=SCOPE_NAMES,
        initial=all_scopes,
        label=pgettext_lazy("what a key may do", "May"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one: a key that may do nothing is of no use.")},
    )
    expires_on = ExpiryField()
    monthly_credit_cap = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_MOVEMENT,
        label=gettext_lazy("Credits a month, at most"),
        help_text=gettext_lazy("Then it is refused until the next month begins (UTC). Empty: as many as there are."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    requests_per_minute = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_REQUESTS_PER_MINUTE,
        label=gettext_lazy("Requests a minute, at most"),
        help_text=gettext_lazy("Within the rate of your plan, which all keys share. Empty: no limit of its own."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    allowed_networks = NetworksField()

    def expires_at(self, before: datetime | None = None) -> datetime | None:
        """Return the moment at which the key stops; `before` where that moment is on the chosen day already."""
        chosen: date | None = self.cleaned_data["expires_on"]
        return before if before is not None and chosen == last_day_of(before) else end_of(chosen)


class NewKeyForm(KeyLimits, OneTimeForm):
    """A key to be made."""

    kind = forms.ChoiceField(
        choices=(
            (LIVE, gettext_lazy("Live: one credit an image")),
            (TEST, gettext_lazy("Test: free, small, with TEST written across it")),
        ),
        initial=LIVE,
        label=gettext_lazy("Kind"),
        widget=forms.RadioSelect,
    )
    field_order = (
        "name",
        "kind",
        "scopes",
        "expires_on",
        "monthly_credit_cap",
        "requests_per_minute",
        "allowed_networks",
    )

    @property
    def is_test(self) -> bool:
        """Whether a key for tests is wanted."""
        return bool(self.cleaned_data["kind"] == TEST)


class KeyForm(KeyLimits):
    """A key to be changed."""

    def __init__(self, data: Any, api_key: ApiKey) -> None:
        super().__init__(
            data,
            initial={
                "name": api_key.name,
                "scopes": api_key.scopes,
                "expires_on": last_day_of(api_key.expires_at),
                "monthly_credit_cap": api_key.monthly_credit_cap,
                "requests_per_minute": api_key.requests_per_minute,
                "allowed_networks": api_key.allowed_networks or [],
            },
        )


class RotationForm(OneTimeForm):
    """A key whose place another is to take."""

    overlap_hours = forms.TypedChoiceField(
        choices=OVERLAPS,
        coerce=int,
        initial=24,
        label=gettext_lazy("The old key goes on working for"),
        help_text=gettext_lazy("Time to put the new one everywhere. You can revoke the old one before."),
    )
    expires_on = ExpiryField()

    @property
    def overlap(self) -> timedelta:
        """For how long both work."""
        return timedelta(hours=self.cleaned_data["overlap_hours"])

    @property
    def expires_at(self) -> datetime | None:
        """Return the moment at which the new key stops."""
        return end_of(self.cleaned_data["expires_on"])


def end_of(day: date | None) -> datetime | None:
    """Return the first moment after this day in UTC."""
    return None if day is None else datetime.combine(day, time(), UTC) + timedelta(days=1)


def last_day_of(moment: datetime | None) -> date | None:
    """Return the last day in UTC with some time before this moment."""
    return None if moment is None else (moment - timedelta(microseconds=1)).astimezone(UTC).date()


def _network_of(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValidationError(
            _("%(text)s is no address and no network. Write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.")
            % {"text": text[:60]}
        ) from None
