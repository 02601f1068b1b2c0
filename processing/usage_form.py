"""What somebody asks of the usage page, read from its address."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ApiKey, Organization
from processing.models import Origin
from processing.usage import Question

RANGES = (7, 30, 90)
USUAL_DAYS = 30
MOST_DAYS = 366
EARLIEST = date(2000, 1, 1)

OUTCOME_NAMES = (
    ("delivered", gettext_lazy("Delivered")),
    ("refused", gettext_lazy("Refused (4xx)")),
    ("failed", gettext_lazy("Failed (5xx)")),
)


class KeyChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the organization's keys by its name."""

    def label_from_instance(self, obj: ApiKey) -> str:
        """Name the key so that two of one name can be told apart."""
        return f"{obj.name} (…{obj.last_four})"


class UsageForm(forms.Form):
    """Days, and of which requests; whatever is missing or wrong means all, and the last 30 days."""

    days = forms.TypedChoiceField(
        required=False, choices=[(days, days) for days in RANGES], coerce=int, widget=forms.HiddenInput
    )
    first = forms.DateField(
        required=False, label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        required=False, label=gettext_lazy("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    outcome = forms.ChoiceField(
        required=False, label=gettext_lazy("Outcome"), choices=(("", gettext_lazy("All")), *OUTCOME_NAMES)
    )
    origin = forms.ChoiceField(
        required=False, label=gettext_lazy("Origin"), choices=(("", gettext_lazy("All")), *Origin.choices)
    )

    def __init__(self, data: Any, organization: Organization) -> None:
        super().__init__(data)
        self._organization = organization
        self.fields["key"] = KeyChoice(
            required=False,
            label=gettext_lazy("Key"),
            empty_label=gettext_lazy("All"),
            queryset=organization.api_keys.order_by("name", "pk"),
        )
        self.order_fields(("days", "first", "last", "key", "outcome", "origin"))
        self.today = timezone.now().astimezone(UTC).date()
        self.is_valid()
        if not self.chosen.get("first") and not self.chosen.get("last"):
            self.chosen_days: int | None = self.chosen.get("days") or USUAL_DAYS
        else:
            self.chosen_days = None

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order, too many, and days on which nothing can have happened."""
        for name in ("first", "last"):
            day = self.cleaned_data.get(name)
            if day and not EARLIEST <= day <= self.today + timedelta(days=MOST_DAYS):
                self.add_error(name, _("Choose a day since the year 2000, and at most a year from now."))
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and first > last:
            del self.cleaned_data["first"], self.cleaned_data["last"]
            raise ValidationError({"first": _("This day comes after the last one. Exchange the two.")})
        if first and ((last or self.today) - first).days >= MOST_DAYS:
            del self.cleaned_data["first"]
            self.cleaned_data.pop("last", None)
            raise ValidationError({"first": _("Choose at most %(days)d days.") % {"days": MOST_DAYS}})
        return self.cleaned_data

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen and could be understood."""
        return self.cleaned_data

    @property
    def question(self) -> Question:
        """What was asked, in the words of `usage`."""
        key = self.chosen.get("key")
        first, last = self._days()
        return Question(
            organization_id=self._organization.pk,
            first=first,
            last=last,
            api_key_id=key.pk if key else None,
            outcome=self.chosen.get("outcome") or "",
            origin=self.chosen.get("origin") or "",
        )

    def _days(self) -> tuple[date, date]:
        if self.chosen_days is not None:
            return self.today - timedelta(days=self.chosen_days - 1), self.today
        last = self.chosen.get("last") or self.today
        first = self.chosen.get("first") or last - timedelta(days=USUAL_DAYS - 1)
        return min(first, last), last

    def address_with(self, **changes: Any) -> str:
        """Return this question as it stands in an address, with some of it changed; None leaves something out."""
        key = self.chosen.get("key")
        asked = {
            "days": self.chosen_days,
            "first": self.chosen.get("first"),
            "last": self.chosen.get("last"),
            "key": key.pk if key else None,
            "outcome": self.chosen.get("outcome"),
            "origin": self.chosen.get("origin"),
            **changes,
        }
        return "?" + urlencode({name: value for name, value in asked.items() if value})

    @property
    def ranges(self) -> list[dict[str, Any]]:
        """The usual ranges of days, each with its address."""
        return [
            {
                "days": days,
                "address": self.address_with(days=days, first=None, last=None),
                "is_chosen": days == self.chosen_days,
            }
            for days in RANGES
        ]


def cursor_of(moment: datetime, pk: int) -> str:
    """Return a place in the list of requests as it stands in an address."""
    return f"{round(moment.timestamp() * 1_000_000)}-{pk}"


def place_of(cursor: str) -> tuple[datetime, int] | None:
    """Return the place a cursor names; None for what is none."""
    microseconds, _dash, pk = cursor.partition("-")
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))
        return moment, min(int(pk), 2**63 - 1)
    except (ValueError, OverflowError):
        return None
