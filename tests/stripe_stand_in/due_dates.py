"""The test clock: time passes, and what falls due on the way happens in its order."""

from collections.abc import Callable, Iterator
from functools import partial

from tests.stripe_stand_in import checkout_outcomes, pending_updates, subscriptions
from tests.stripe_stand_in.storage import Storage

Due = tuple[int, Callable[[], None]]


def let_time_pass(storage: Storage, *, until: int) -> None:
    """Put the clock forward: what is open expires, plans renew, unpaid invoices are tried again, each when due."""
    while due := min(_due(storage, until), key=lambda one: one[0], default=None):
        moment, happen = due
        storage.clock.put_forward_to(moment)
        happen()
    storage.clock.put_forward_to(until)


def _due(storage: Storage, until: int) -> Iterator[Due]:
    for moment, happen in _appointments(storage):
        if moment <= until:
            yield moment, happen


def _appointments(storage: Storage) -> Iterator[Due]:
    for session in storage.all("checkout.session", status="open"):
        yield session["expires_at"], partial(checkout_outcomes.run_out, storage, session)
    for invoice in storage.all("invoice", status="open"):
        if invoice["next_payment_attempt"] is not None:
            yield invoice["next_payment_attempt"], partial(subscriptions.retry, storage, invoice)
    for subscription in storage.all("subscription"):
        if subscription["pending_update"] is not None:
            # Before the renewal that may fall on the same moment.
            yield subscription["pending_update"]["expires_at"], partial(pending_updates.expire, storage, subscription)
        if subscriptions.is_running(subscription):
            yield subscriptions.period_end(subscription), partial(subscriptions.renew_or_end, storage, subscription)
