"""Forms about plans: which one, what was agreed to, and the button that was pressed."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core import signing
from django.core.validators import ProhibitNullCharactersValidator

from billing.models import Plan
from billing.plan_changes import Quote
from billing.subscription_models import ChangeKind, PlanTerms, Subscription

QUOTE_LASTS_S = 30 * 60
_SALT = "billing.plan_quote"


class PlanField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of our plans, by its short name."""

    def to_python(self, value: Any) -> Any:
        """Return the plan; PostgreSQL takes no NUL, not even to look for it."""
        ProhibitNullCharactersValidator()(value)
        return super().to_python(value)


class WantedForm(forms.Form):
    """Which plan somebody thinks of."""

    plan = PlanField(Plan.objects.all(), to_field_name="slug")


class SubscribeForm(forms.Form):
    """Which plan, in which currency; the token makes a double click one subscription."""

    plan = PlanField(Plan.objects.filter(is_default=False), to_field_name="slug")
    currency = forms.CharField(max_length=3)
    token = forms.UUIDField()


class ClickForm(forms.Form):
    """A button whose double click counts once."""

    token = forms.UUIDField()


class CancelForm(ClickForm):
    """Whether the page said that the plan ends at once."""

    at_once = forms.BooleanField(required=False)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a person saw of a change, and agrees to."""

    quote: Quote
    click_token: uuid.UUID


def seal(quote: Quote, subscription: Subscription) -> str:
    """Return what a person is shown, signed: the moment from which an upgrade is billed must be the one we showed."""
    moment = None if quote.prorated_at is None else int(quote.prorated_at.timestamp())
    ids = [str(one.public_id) for one in (subscription, quote.before, quote.terms)]
    return signing.dumps([*ids, quote.kind, moment, str(uuid.uuid4())], salt=_SALT)


def unseal(sealed: str, subscription: Subscription) -> Agreement | None:
    """Return what was agreed to; None where it is too old, not ours, or about another plan."""
    try:
        about, before_id, terms_id, kind, moment, click = signing.loads(sealed, salt=_SALT, max_age=QUOTE_LASTS_S)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if about != str(subscription.public_id):
        return None
    known = PlanTerms.objects.select_related("plan")
    before, terms = known.get(public_id=before_id), known.get(public_id=terms_id)
    prorated_at = None if moment is None else datetime.fromtimestamp(moment, UTC)
    return Agreement(Quote(ChangeKind(kind), before, terms, prorated_at=prorated_at), uuid.UUID(click))
