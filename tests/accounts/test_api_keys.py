from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts import api_keys
from accounts.errors import AuthenticationError
from accounts.models import ApiKey
from tests.factories import make_key, make_organization, make_user


def crc32_bit_by_bit(data: bytes) -> int:
    """CRC-32 (IEEE 802.3) straight from its definition."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xEDB88320 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def base62_value(text: str) -> int:
    value = 0
    for character in text:
        value = value * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".index(character)
    return value


@pytest.fixture
def issued(db):
    return make_key(make_organization())


def test_an_issued_key_is_found(issued):
    found = api_keys.find_active(issued.secret)

    assert found == issued.api_key
    assert found.organization.name == "Alice's shop"


def test_the_secret_is_typed_random_and_checked(issued):
    body, checksum = issued.secret[:-6], issued.secret[-6:]

    assert len(issued.secret) == 8 + 32 + 6
    assert body.startswith("rb_live_")
    assert base62_value(checksum) == crc32_bit_by_bit(body.encode())


def test_only_a_digest_is_kept(issued):
    row = ApiKey.objects.filter(pk=issued.api_key.pk).values().get()
    kept = " ".join(str(value) for value in row.values())

    assert issued.secret not in kept
    assert issued.secret[12:-4] not in kept
    assert row["prefix"] == issued.secret[:12]
    assert row["last_four"] == issued.secret[-4:]


def test_the_secret_is_not_in_the_representation(issued):
    assert issued.secret not in repr(issued)
    assert issued.secret not in str(issued.api_key)


def test_two_keys_differ(issued):
    assert make_key(issued.api_key.organization).secret != issued.secret


@pytest.mark.parametrize("position", [0, 7, 8, 20, 39, 40, 45])
def test_a_changed_character_costs_no_query(issued, position):
    other = "1" if issued.secret[position] != "1" else "2"
    mistyped = issued.secret[:position] + other + issued.secret[position + 1 :]

    with CaptureQueriesContext(connection) as queries, pytest.raises(AuthenticationError):
        api_keys.find_active(mistyped)

    assert len(queries) == 0


@given(text=st.text(max_size=60))
def test_no_other_text_looks_like_a_key(text):
    assert not api_keys.looks_like_key(text)


def test_nul_newline_and_foreign_digits_do_not_look_like_a_key(issued):
    for text in (
        issued.secret + "\n",
        issued.secret + "\0",
        "\0" + issued.secret,
        issued.secret[:10] + "٣" + issued.secret[11:],
        issued.secret.replace("rb_live_", "rb_test_"),
        "",
    ):
        assert not api_keys.looks_like_key(text)


def test_finding_a_key_is_one_query(issued):
    with CaptureQueriesContext(connection) as queries:
        found = api_keys.find_active(issued.secret)
        assert (found.organization.name, found.created_by) == ("Alice's shop", None)

    assert len(queries) == 1


def test_every_failure_has_the_same_words(issued):
    unknown = make_key(make_organization("Bob's shop"))
    ApiKey.objects.filter(pk=unknown.api_key.pk).delete()
    expired = make_key(make_organization("Carol's shop"), expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    api_keys.revoke(issued.api_key)
    words = set()
    for secret in ("nonsense", unknown.secret, expired.secret, issued.secret):
        with pytest.raises(AuthenticationError) as refused:
            api_keys.find_active(secret)
        words.add((refused.value.public_text, refused.value.details))

    assert len(words) == 1


def test_a_revoked_key_is_refused_on_the_next_look(issued):
    api_keys.find_active(issued.secret)
    api_keys.revoke(issued.api_key)

    with pytest.raises(AuthenticationError):
        api_keys.find_active(issued.secret)


def test_revoking_twice_keeps_the_first_date(issued):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        api_keys.revoke(issued.api_key)
    with time_machine.travel("2026-01-02T00:00:00Z", tick=False):
        api_keys.revoke(issued.api_key)

    assert issued.api_key.revoked_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_key_works_until_the_moment_it_expires(db):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        issued = make_key(make_organization(), expires_at=datetime(2026, 1, 1, 1, tzinfo=UTC))
        clock.shift(timedelta(minutes=59, seconds=59))
        assert api_keys.find_active(issued.secret) == issued.api_key
        clock.shift(timedelta(seconds=1))
        with pytest.raises(AuthenticationError):
            api_keys.find_active(issued.secret)


@pytest.mark.parametrize("scopes", [[], ["fly"], ["remove", "remove"], ["remove", "fly"], [1]])
def test_unknown_empty_or_doubled_scopes_are_refused(db, scopes):
    with pytest.raises(ValidationError):
        make_key(make_organization(), scopes=scopes)


def test_a_key_may_do_everything_unless_told_otherwise(db):
    organization = make_organization()

    assert make_key(organization).api_key.scopes == ["remove", "account:read"]
    assert make_key(organization, scopes=["remove"]).api_key.scopes == ["remove"]


def test_use_is_noted_at_most_once_a_minute(issued):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        api_keys.note_use(api_keys.find_active(issued.secret), address="192.0.2.1")
        clock.shift(timedelta(seconds=59))
        with CaptureQueriesContext(connection) as queries:
            api_keys.note_use(api_keys.find_active(issued.secret), address="192.0.2.2")
        assert len(queries) == 1  # the look-up alone
        clock.shift(timedelta(seconds=1))
        api_keys.note_use(api_keys.find_active(issued.secret), address="192.0.2.3")
    issued.api_key.refresh_from_db()

    assert issued.api_key.last_used_at == datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    assert issued.api_key.last_used_from == "192.0.2.3"


def test_two_processes_that_read_the_same_row_note_one_use(issued):
    first, second = (api_keys.find_active(issued.secret) for _ in range(2))
    api_keys.note_use(first, address="192.0.2.1")
    api_keys.note_use(second, address="192.0.2.2")
    issued.api_key.refresh_from_db()

    assert issued.api_key.last_used_from == "192.0.2.1"


@pytest.mark.parametrize("address", ["", None, "unix:", "not an address\0"])
def test_an_unknown_address_is_noted_as_none(issued, address):
    api_keys.note_use(issued.api_key, address=address)
    issued.api_key.refresh_from_db()

    assert issued.api_key.last_used_at is not None
    assert issued.api_key.last_used_from is None


def test_a_key_outlives_who_made_it(db):
    alice = make_user()
    issued = make_key(make_organization(), created_by=alice)
    alice.delete()

    assert api_keys.find_active(issued.secret).created_by is None


def test_a_test_key_tells_so_by_its_first_letters(db):
    issued = make_key(make_organization(), is_test=True)

    assert issued.secret.startswith("rb_test_")
    assert api_keys.find_active(issued.secret).is_test
    assert not api_keys.looks_like_key(issued.secret.replace("rb_test_", "rb_live_"))


@pytest.mark.parametrize(
    ("networks", "address", "may_call"),
    [
        (None, "203.0.113.9", True),
        ([], "", True),
        (["192.0.2.0/24"], "192.0.2.255", True),
        (["192.0.2.0/24"], "192.0.3.0", False),
        (["192.0.2.0/24"], "::ffff:192.0.2.7", True),
        (["192.0.2.7/32", "2001:db8::/32"], "2001:db8::1", True),
        (["2001:db8::/32"], "192.0.2.1", False),
        (["0.0.0.0/0"], "", False),
        (["0.0.0.0/0"], "unix:", False),
    ],
)
def test_a_key_may_be_kept_to_networks(db, networks, address, may_call):
    issued = make_key(make_organization(), allowed_networks=networks or ())

    assert issued.api_key.may_call_from(address) is may_call


def test_a_rotated_key_works_next_to_the_new_one_and_then_no_more(db):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        old = make_key(make_organization(), scopes=["remove"], monthly_credit_cap=5, allowed_networks=["192.0.2.0/24"])
        new = api_keys.rotate(old.api_key, overlap=timedelta(hours=1))
        assert api_keys.find_active(old.secret)
        clock.shift(timedelta(hours=1))
        with pytest.raises(AuthenticationError):
            api_keys.find_active(old.secret)
        found = api_keys.find_active(new.secret)

    kept = (found.name, found.scopes, found.monthly_credit_cap, found.allowed_networks, found.expires_at)
    assert kept == ("Laptop", ["remove"], 5, ["192.0.2.0/24"], None)
    assert found.rotated_from == old.api_key


def test_rotating_never_lengthens_a_keys_life(db):
    soon = datetime(2026, 1, 1, 1, tzinfo=UTC)
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        old = make_key(make_organization(), expires_at=soon)
        api_keys.rotate(old.api_key, overlap=timedelta(days=7))
        old.api_key.refresh_from_db()
        assert old.api_key.expires_at == soon
        api_keys.revoke(old.api_key)
        with pytest.raises(AuthenticationError):
            api_keys.rotate(old.api_key, overlap=timedelta(days=7))
