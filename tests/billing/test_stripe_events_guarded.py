"""Events stay as Stripe signed them: only what became of them changes, and what is processed stays so."""

import pytest
from django.db import IntegrityError, connection, transaction

from billing.errors import EventsArePermanent
from billing.order_models import EventState, StripeEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(db):
    return StripeEvent.objects.create(event_id="evt_1", type="charge.refunded", livemode=False, payload={"a": 1})


@pytest.mark.parametrize(
    "change",
    ["event_id = 'evt_2'", "type = 'x'", "livemode = true", "payload = '{}'", "created = CURRENT_TIMESTAMP"],
)
def test_the_database_refuses_other_words(event, change):
    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE billing_stripeevent SET {change}")


def test_the_database_refuses_to_forget(event):
    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM billing_stripeevent")


def test_what_is_processed_stays_so(event):
    StripeEvent.objects.update(state=EventState.FAILED, error="No.")
    StripeEvent.objects.update(state=EventState.PROCESSED, error="")

    with pytest.raises(IntegrityError, match="permanent"), transaction.atomic():
        StripeEvent.objects.update(state=EventState.FAILED)


def test_the_model_refuses_before_the_database_is_asked(event):
    for attempt in (event.save, event.delete, StripeEvent.objects.all().delete):
        with pytest.raises(EventsArePermanent):
            attempt()
    with pytest.raises(EventsArePermanent):
        StripeEvent.objects.bulk_update([event], ["error"])
