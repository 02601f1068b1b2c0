from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection
from django.utils import timezone

from billing import idempotency, ledger
from billing.charging import held_credits
from billing.errors import (
    HoldLost,
    IdempotencyKeyReused,
    ImageChanged,
    InsufficientCredits,
    LedgerBroken,
    ReplaysUsedUp,
    RequestInProgress,
)
from billing.models import MAX_REPLAYS, CreditHold, HoldState, IdempotencyClaim
from tests.factories import make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]

IMAGES, OTHER_IMAGES = "1" * 64, "2" * 64


def pay(account, *, key=None, fingerprint="f", amount=1, images=IMAGES):
    with held_credits(account, amount=amount, idempotency_key=key, fingerprint=fingerprint) as charge:
        charge.bind_images(images)
    return charge


def test_work_that_ends_is_charged(alice, available):
    with held_credits(alice, amount=1, idempotency_key=None, fingerprint="f") as charge:
        assert available(alice) == 9

    assert (charge.credits_charged, charge.is_replay) == (1, False)
    assert available(alice) == 9
    assert alice.holds.get().state == HoldState.CAPTURED


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_work_that_fails_in_any_way_is_free(alice, available, error):
    with pytest.raises(error), held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"):
        raise error

    assert available(alice) == 10
    assert alice.holds.get().state == HoldState.RELEASED
    assert not alice.claims.exists()


def test_no_transaction_is_open_during_the_work(alice):
    depth = len(connection.savepoint_ids)
    with held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"):
        assert len(connection.savepoint_ids) == depth


def test_without_credits_no_work_begins(available):
    bob = make_account("Bob's shop", credits=0)
    worked = []
    with pytest.raises(InsufficientCredits), held_credits(bob, amount=1, idempotency_key="k", fingerprint="f"):
        worked.append("yes")

    assert not worked
    assert not bob.claims.exists()


def test_topping_up_makes_the_same_key_work():
    bob = make_account("Bob's shop", credits=0)
    with pytest.raises(InsufficientCredits):
        pay(bob, key="k")
    ledger.grant(bob, amount=1, reference="top-up", reason="")

    assert pay(bob, key="k").credits_charged == 1


def test_the_same_key_again_is_free(alice, available):
    first, again = pay(alice, key="k"), pay(alice, key="k")

    assert (first.credits_charged, first.is_replay, first.is_free) == (1, False, False)
    assert (again.credits_charged, again.is_replay, again.is_free) == (0, True, True)
    assert available(alice) == 9
    assert alice.holds.count() == 1


def test_a_replay_needs_no_credits():
    bob = make_account("Bob's shop", credits=1)
    pay(bob, key="k")

    assert pay(bob, key="k").is_replay


def test_a_replay_that_fails_is_still_a_replay_next_time(alice, available):
    pay(alice, key="k")
    with pytest.raises(ValueError, match="broken"), held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"):
        raise ValueError("broken")

    assert pay(alice, key="k").is_replay
    assert available(alice) == 9


def test_replay_of_other_images_is_refused_before_its_work_and_stays_charged(alice, available):
    pay(alice, key="k")

    with held_credits(alice, amount=1, idempotency_key="k", fingerprint="f") as charge:
        with pytest.raises(ImageChanged) as refused:
            charge.bind_images(OTHER_IMAGES)
        charge.bind_images(IMAGES)

    assert (refused.value.code, refused.value.status) == ("idempotency_key_reused", 422)
    assert (available(alice), alice.claims.get().replays) == (9, 1)


def test_replay_that_fails_is_not_counted(alice):
    pay(alice, key="k")
    for _ in range(MAX_REPLAYS + 1):
        with (
            pytest.raises(ValueError, match="broken"),
            held_credits(alice, amount=1, idempotency_key="k", fingerprint="f") as charge,
        ):
            charge.bind_images(IMAGES)
            assert alice.claims.get().replays == 1
            raise ValueError("broken")

    assert alice.claims.get().replays == 0


def test_failed_replay_reports_its_own_error_when_the_count_cannot_be_given_back(alice, monkeypatch, caplog):
    pay(alice, key="k")

    def fail(claimed):
        raise DatabaseError("gone")

    monkeypatch.setattr(idempotency, "give_back_replay", fail)
    with (
        pytest.raises(ValueError, match="broken"),
        held_credits(alice, amount=1, idempotency_key="k", fingerprint="f") as charge,
    ):
        charge.bind_images(IMAGES)
        raise ValueError("broken")

    logged = [(line.message, line.claim_id) for line in caplog.records]
    assert logged == [("replay_not_given_back", alice.claims.get().pk)]


def test_eleventh_replay_is_refused(alice, available):
    pay(alice, key="k")
    for _ in range(MAX_REPLAYS):
        assert pay(alice, key="k").is_replay

    with pytest.raises(ReplaysUsedUp, match="repeated 10 times") as refused:
        pay(alice, key="k")

    assert (refused.value.code, refused.value.status) == ("idempotency_key_reused", 422)
    assert (available(alice), alice.claims.get().replays) == (9, MAX_REPLAYS)


def test_replay_that_names_no_images_is_refused(alice):
    pay(alice, key="k")

    with (
        pytest.raises(LedgerBroken, match=r"^A replay was not bound to its images\.$"),
        held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"),
    ):
        pass


def test_another_request_with_the_same_key_is_refused(alice, available):
    pay(alice, key="k")

    with pytest.raises(IdempotencyKeyReused):
        pay(alice, key="k", fingerprint="g")
    assert available(alice) == 9


def test_the_same_key_at_the_same_time_is_refused(alice, available):
    with held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"):
        with pytest.raises(RequestInProgress):
            pay(alice, key="k")
        with pytest.raises(IdempotencyKeyReused):
            pay(alice, key="k", fingerprint="g")

    assert available(alice) == 9


def test_a_failed_request_frees_its_key(alice, available):
    with pytest.raises(ValueError, match="broken"), held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"):
        raise ValueError("broken")

    assert pay(alice, key="k", fingerprint="other").credits_charged == 1
    assert available(alice) == 9


def test_without_a_key_every_call_is_charged(alice, available):
    for _ in range(3):
        assert pay(alice).credits_charged == 1

    assert available(alice) == 7


def test_after_a_day_the_same_key_is_charged_again(alice, available, settings):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        pay(alice, key="k")
        clock.shift(timedelta(seconds=settings.IDEMPOTENCY_KEPT_S))
        assert pay(alice, key="k").credits_charged == 1

    assert available(alice) == 8


def test_work_that_outlives_its_hold_is_not_delivered(alice, available):
    with pytest.raises(HoldLost), held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"):
        assert ledger.release_expired(timezone.now() + timedelta(days=1)) == 1

    assert available(alice) == 10
    assert not alice.claims.exists()


def test_a_late_first_owner_neither_delivers_nor_charges(alice, available, settings):
    settings.HOLD_LEASE_S = 10 * settings.IDEMPOTENCY_LEASE_S
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        with pytest.raises(HoldLost), held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"):
            clock.shift(timedelta(seconds=settings.IDEMPOTENCY_LEASE_S))
            assert pay(alice, key="k").credits_charged == 1

        assert pay(alice, key="k").is_replay
    assert available(alice) == 9
    assert sorted(alice.holds.values_list("state", flat=True)) == ["captured", "released"]


def test_a_late_first_owner_leaves_the_second_ones_claim_alone(alice, available, settings):
    settings.HOLD_LEASE_S = 10 * settings.IDEMPOTENCY_LEASE_S
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        late = held_credits(alice, amount=1, idempotency_key="k", fingerprint="f")
        late.__enter__()
        clock.shift(timedelta(seconds=settings.IDEMPOTENCY_LEASE_S))
        with held_credits(alice, amount=1, idempotency_key="k", fingerprint="f") as second:
            with pytest.raises(HoldLost):
                late.__exit__(None, None, None)
            with pytest.raises(RequestInProgress):
                pay(alice, key="k")
        assert second.credits_charged == 1

    assert available(alice) == 9


def test_a_claim_forgotten_under_a_slow_owner_is_a_lost_hold(alice, available):
    with pytest.raises(HoldLost), held_credits(alice, amount=1, idempotency_key="k", fingerprint="f"):
        assert idempotency.forget_expired(timezone.now() + timedelta(days=1)) == 1

    assert available(alice) == 10


def test_one_claim_is_captured_at_most_once_by_the_schema(alice):
    pay(alice, key="k")
    claim = IdempotencyClaim.objects.get()
    second = ledger.hold(alice, amount=1, claim=claim)

    with pytest.raises(IntegrityError):
        ledger.capture(second)
    assert ledger.release(second)


def test_a_cleanup_that_fails_keeps_the_first_error_and_is_logged(alice, monkeypatch, caplog):
    def no_database(credit_hold: CreditHold) -> bool:
        raise ConnectionError("The database is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "release", no_database)
        with (
            pytest.raises(ValueError, match="first"),
            held_credits(alice, amount=1, idempotency_key=None, fingerprint="f"),
        ):
            raise ValueError("first")

    logged = [(line.message, line.hold_id) for line in caplog.records]
    assert logged == [("hold_left_to_the_sweeper", alice.holds.get().pk)]
    assert ledger.release_expired(timezone.now() + timedelta(days=1)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_claim_forgotten_before_the_hold_is_a_lost_hold(alice, available):
    claimed = idempotency.claim(alice, key="k", fingerprint="f")
    idempotency.forget_expired(timezone.now() + timedelta(days=1))

    with pytest.raises(HoldLost):
        ledger.hold(alice, amount=1, claim=claimed.row)
    assert available(alice) == 10


def test_a_key_that_cannot_be_freed_before_any_hold_is_logged_without_one(alice, monkeypatch, caplog):
    def no_database(claimed: object) -> None:
        raise ConnectionError("The database is gone.")

    monkeypatch.setattr(idempotency, "free", no_database)
    with pytest.raises(InsufficientCredits):
        pay(alice, key="k", amount=11)

    assert [(line.message, line.hold_id) for line in caplog.records] == [("hold_left_to_the_sweeper", None)]
