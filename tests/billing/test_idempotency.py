from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from billing import idempotency
from billing.errors import (
    BadIdempotencyKey,
    HoldLost,
    IdempotencyKeyReused,
    ImageChanged,
    ReplaysUsedUp,
    RequestInProgress,
)
from billing.idempotency import Claim, parse_idempotency_key
from billing.models import MAX_REPLAYS, IdempotencyClaim
from tests.factories import make_account

VISIBLE = st.text(alphabet=[chr(code) for code in range(0x21, 0x7F)], min_size=1, max_size=255)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("abc", "abc"),
        ('"abc"', "abc"),
        (" abc\t", "abc"),
        (r'"a\"b\\c"', r"a\"b\c".replace('\\"', '"')),
        ("a" * 255, "a" * 255),
        ('"' + "a" * 255 + '"', "a" * 255),
        ("a,b;c=1", "a,b;c=1"),
        ('a"b', 'a"b'),
        ("XabcX", "XabcX"),
    ],
)
def test_a_key_is_read_quoted_or_bare(header, key):
    assert parse_idempotency_key(header) == key


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        '""',
        "a b",
        '"a b"',
        "a" * 256,
        '"abc',
        '"a"b"',
        '"a\\',
        '"\\x"',
        "ä",
        "a\0",
        "a\nb",
        "a\x7f",
        "abc\x0b",
        '"',
    ],
)
def test_anything_else_is_a_bad_key(header):
    with pytest.raises(BadIdempotencyKey) as refused:
        parse_idempotency_key(header)
    assert (refused.value.code, refused.value.status) == ("validation_error", 400)


@given(key=VISIBLE)
def test_every_visible_key_survives_quoting(key):
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')

    assert parse_idempotency_key(f'"{escaped}"') == key


@given(header=st.text(max_size=300))
def test_a_header_is_a_key_or_a_refusal(header):
    try:
        key = parse_idempotency_key(header)
    except BadIdempotencyKey:
        return
    assert 1 <= len(key) <= 255
    assert key.isascii()
    assert key.isprintable()


def test_a_claimed_key_is_busy(alice):
    idempotency.claim(alice, key="k", fingerprint="f")

    with pytest.raises(RequestInProgress) as refused:
        idempotency.claim(alice, key="k", fingerprint="f")
    assert refused.value.retry_after_s >= 1


def test_a_claimed_key_is_not_for_another_request(alice):
    idempotency.claim(alice, key="k", fingerprint="f")

    with pytest.raises(IdempotencyKeyReused):
        idempotency.claim(alice, key="k", fingerprint="g")


def test_a_delivered_key_is_a_replay_for_the_same_request_only(alice):
    idempotency.mark_delivered(idempotency.claim(alice, key="k", fingerprint="f"), image_digest="a" * 64)

    assert idempotency.claim(alice, key="k", fingerprint="f").is_replay
    with pytest.raises(IdempotencyKeyReused):
        idempotency.claim(alice, key="k", fingerprint="g")


def test_a_freed_key_can_be_claimed_for_anything(alice):
    idempotency.free(idempotency.claim(alice, key="k", fingerprint="f"))

    assert not idempotency.claim(alice, key="k", fingerprint="g").is_replay


def test_a_delivered_key_cannot_be_freed(alice):
    claimed = idempotency.claim(alice, key="k", fingerprint="f")
    idempotency.mark_delivered(claimed, image_digest="a" * 64)
    idempotency.free(claimed)

    assert idempotency.claim(alice, key="k", fingerprint="f").is_replay


def test_keys_belong_to_one_account(alice):
    bob = make_account("Bob's shop")
    idempotency.claim(alice, key="k", fingerprint="f")

    assert not idempotency.claim(bob, key="k", fingerprint="g").is_replay


def test_keys_differ_by_case(alice):
    idempotency.claim(alice, key="k", fingerprint="f")

    assert not idempotency.claim(alice, key="K", fingerprint="g").is_replay


def test_a_dead_claim_is_taken_over_after_its_lease(alice, settings):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        first = idempotency.claim(alice, key="k", fingerprint="f")
        clock.shift(timedelta(seconds=settings.IDEMPOTENCY_LEASE_S))
        second = idempotency.claim(alice, key="k", fingerprint="f")
        assert (first.attempt, second.attempt, second.is_replay) == (1, 2, False)
        with pytest.raises(RequestInProgress):
            idempotency.claim(alice, key="k", fingerprint="f")
        with pytest.raises(HoldLost):
            idempotency.mark_delivered(first, image_digest="a" * 64)
        idempotency.free(first)
        idempotency.mark_delivered(second, image_digest="a" * 64)


def test_two_cannot_take_over_one_claim(alice, settings):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        row = idempotency.claim(alice, key="k", fingerprint="f").row
        clock.shift(timedelta(seconds=settings.IDEMPOTENCY_LEASE_S))
        seen_by_both = IdempotencyClaim.objects.get(pk=row.pk)
        now = timezone.now()

        assert idempotency._take_over(seen_by_both, "f", now) is not None
        assert idempotency._take_over(seen_by_both, "f", now) is None


def test_a_delivered_key_is_new_again_when_it_expires(alice, settings):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        idempotency.mark_delivered(idempotency.claim(alice, key="k", fingerprint="f"), image_digest="a" * 64)
        clock.shift(timedelta(seconds=settings.IDEMPOTENCY_KEPT_S - 1))
        assert idempotency.claim(alice, key="k", fingerprint="f").is_replay
        clock.shift(timedelta(seconds=1))
        assert not idempotency.claim(alice, key="k", fingerprint="other").is_replay


def test_expired_claims_are_forgotten_and_others_kept(alice, settings):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        idempotency.claim(alice, key="dead", fingerprint="f")
        idempotency.mark_delivered(idempotency.claim(alice, key="delivered", fingerprint="f"), image_digest="a" * 64)
        clock.shift(timedelta(seconds=settings.IDEMPOTENCY_LEASE_S))
        idempotency.claim(alice, key="running", fingerprint="f")
        assert idempotency.forget_expired(timezone.now()) == 1
        assert set(alice.claims.values_list("key", flat=True)) == {"delivered", "running"}
        clock.shift(timedelta(seconds=settings.IDEMPOTENCY_KEPT_S))
        assert idempotency.forget_expired(timezone.now()) == 2
        assert not alice.claims.exists()


def test_a_replay_names_the_claim_that_was_delivered(alice):
    first = idempotency.claim(alice, key="k", fingerprint="f")
    idempotency.mark_delivered(first, image_digest="a" * 64)

    assert first.is_replay is False
    assert idempotency.claim(alice, key="k", fingerprint="f") == Claim(first.row, attempt=1, is_replay=True)


def test_a_repetition_finds_its_own_claim_among_others(alice):
    bob = make_account("Bob's shop")
    idempotency.claim(alice, key="k", fingerprint="of alice")
    idempotency.claim(bob, key="other", fingerprint="g")
    delivered = idempotency.claim(bob, key="k", fingerprint="f")
    idempotency.mark_delivered(delivered, image_digest="a" * 64)

    assert idempotency.claim(bob, key="k", fingerprint="f") == Claim(delivered.row, attempt=1, is_replay=True)


def test_renewing_an_expired_key_leaves_the_others_alone(alice, settings):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        for key in ("a", "b"):
            idempotency.mark_delivered(idempotency.claim(alice, key=key, fingerprint="f"), image_digest="a" * 64)
        clock.shift(timedelta(seconds=settings.IDEMPOTENCY_KEPT_S))
        idempotency.claim(alice, key="a", fingerprint="g")

    assert set(alice.claims.values_list("key", flat=True)) == {"a", "b"}


def test_a_claim_that_is_taken_over_while_others_are_forgotten_is_kept(alice, settings, monkeypatch):
    delete = idempotency._delete
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        dead = idempotency.claim(alice, key="k", fingerprint="f").row
        clock.shift(timedelta(seconds=settings.IDEMPOTENCY_LEASE_S))
        now = timezone.now()

        def delete_after_a_takeover(claims):
            idempotency._take_over(dead, "f", now)
            return delete(claims)

        monkeypatch.setattr(idempotency, "_delete", delete_after_a_takeover)
        assert idempotency.forget_expired(now) == 0
    assert alice.claims.get().attempt == 2


def test_no_more_are_forgotten_at_once_than_said(alice, settings, monkeypatch):
    monkeypatch.setattr(idempotency, "FORGOTTEN_AT_ONCE", 1)
    for key in ("a", "b"):
        idempotency.claim(alice, key=key, fingerprint="f")

    assert idempotency.forget_expired(timezone.now() + timedelta(days=365)) == 1
    assert alice.claims.count() == 1


@pytest.fixture
def delivered(alice):
    claimed = idempotency.claim(alice, key="k", fingerprint="f")
    idempotency.mark_delivered(claimed, image_digest="a" * 64)
    return claimed


def test_delivered_key_keeps_the_digest_of_its_images(delivered):
    delivered.row.refresh_from_db()

    assert (delivered.row.image_digest, delivered.row.replays) == ("a" * 64, 0)


def test_replay_with_the_same_digest_is_counted(delivered):
    for expected in (1, 2):
        idempotency.begin_replay(delivered, image_digest="a" * 64)
        delivered.row.refresh_from_db()
        assert delivered.row.replays == expected


def test_replay_with_another_digest_is_refused_and_not_counted(delivered):
    with pytest.raises(ImageChanged):
        idempotency.begin_replay(delivered, image_digest="b" * 64)

    delivered.row.refresh_from_db()
    assert (delivered.row.image_digest, delivered.row.replays) == ("a" * 64, 0)


def test_used_up_key_is_refused_when_claimed_and_when_begun(alice, delivered):
    IdempotencyClaim.objects.update(replays=MAX_REPLAYS)

    with pytest.raises(ReplaysUsedUp):
        idempotency.claim(alice, key="k", fingerprint="f")
    with pytest.raises(ReplaysUsedUp):
        idempotency.begin_replay(delivered, image_digest="a" * 64)
    with pytest.raises(ImageChanged):
        idempotency.begin_replay(delivered, image_digest="b" * 64)
    with pytest.raises(IdempotencyKeyReused, match="different request"):
        idempotency.claim(alice, key="k", fingerprint="g")


def test_key_delivered_before_digests_were_kept_is_bound_by_its_first_replay(alice, delivered):
    IdempotencyClaim.objects.update(image_digest="")

    idempotency.begin_replay(delivered, image_digest="b" * 64)

    with pytest.raises(ImageChanged):
        idempotency.begin_replay(delivered, image_digest="a" * 64)


def test_replay_of_a_key_that_was_forgotten_meanwhile_is_not_begun(delivered):
    IdempotencyClaim.objects.all().delete()

    with pytest.raises(HoldLost):
        idempotency.begin_replay(delivered, image_digest="a" * 64)


def test_giving_back_never_counts_below_zero(delivered):
    idempotency.begin_replay(delivered, image_digest="a" * 64)
    for _ in range(2):
        idempotency.give_back_replay(delivered)

    delivered.row.refresh_from_db()
    assert delivered.row.replays == 0


def test_schema_refuses_more_replays_than_a_key_may_have(delivered):
    with pytest.raises(IntegrityError), transaction.atomic():
        IdempotencyClaim.objects.update(replays=MAX_REPLAYS + 1)
