"""The security log: a line and a row for each log-in, failure and change, without addresses or passwords."""

import json
import logging
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from fido2.utils import websafe_encode

from accounts import erasing, security_log
from accounts.models import User
from accounts.security_models import Event, Factor, SecurityEvent
from processing.scheduler import JOBS
from removebg.logs import LineFormatter
from tests.accounts.entrance import code_for, confirm_it_is_you, log_in, sign_up, verify
from tests.accounts.test_second_factors import code_now, set_up_app
from tests.factories import PASSWORD, make_key, make_member, make_organization, make_staff

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
WRONG = "not the password at all"


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def alice():
    return make_member(make_organization(), "alice@example.com")


def events_of(user):
    return list(SecurityEvent.objects.filter(user=user).order_by("pk").values_list("event", "factor"))


def test_log_in_and_log_out_by_password(client, alice):
    log_in(client, alice.email)
    client.post("/account/logout/")

    assert events_of(alice) == [(Event.LOGGED_IN, Factor.PASSWORD), (Event.LOGGED_OUT, "")]


def test_log_in_by_code(client, alice):
    client.post("/account/login/code/", {"email": alice.email})
    client.post("/account/login/code/confirm/", {"code": "AAA-AAA"})
    client.post("/account/login/code/confirm/", {"code": code_for(alice.email)})

    assert events_of(alice) == [(Event.LOG_IN_FAILED, Factor.CODE), (Event.LOGGED_IN, Factor.CODE)]


def test_wrong_passwords_and_refusals(client, alice):
    for _ in range(7):
        log_in(client, alice.email, WRONG)

    failed, refused = (Event.LOG_IN_FAILED, Factor.PASSWORD), (Event.LOG_IN_REFUSED, Factor.PASSWORD)
    assert events_of(alice) == [failed] * 5 + [refused] * 2


def test_a_failure_for_an_unknown_account_names_nobody(client):
    log_in(client, "nobody@example.com", WRONG)

    row = SecurityEvent.objects.get()
    assert (row.user, row.event) == (None, Event.LOG_IN_FAILED)


def test_second_factors(client, alice):
    TOTP.activate(alice, SECRET)
    log_in(client, alice.email)
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    client.post("/account/2fa/authenticate/", {"code": code_now(SECRET)})

    assert events_of(alice) == [
        (Event.SECOND_FACTOR_FAILED, Factor.TOTP),
        (Event.SECOND_FACTOR_PASSED, Factor.TOTP),
        (Event.LOGGED_IN, Factor.PASSWORD),
    ]


def test_codes_that_come_too_fast(client, alice):
    TOTP.activate(alice, SECRET)
    log_in(client, alice.email)
    for _ in range(6):
        client.post("/account/2fa/authenticate/", {"code": "000000"})

    failed, refused = (Event.SECOND_FACTOR_FAILED, Factor.TOTP), (Event.LOG_IN_REFUSED, Factor.TOTP)
    assert events_of(alice) == [failed] * 5 + [refused]


CREDENTIAL = json.dumps(
    {
        "id": "AAAA",
        "rawId": "AAAA",
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(
                b'{"type": "webauthn.get", "challenge": "AAAA", "origin": "http://testserver"}'
            ),
            "authenticatorData": websafe_encode(bytes(37)),
            "signature": websafe_encode(b"forged"),
            "userHandle": websafe_encode(b"1"),
        },
    }
)


def test_a_forged_passkey_instead_of_a_log_in(client, alice):
    client.get("/account/2fa/webauthn/login/", headers={"x-requested-with": "XMLHttpRequest"})
    client.post("/account/2fa/webauthn/login/", {"credential": CREDENTIAL})

    row = SecurityEvent.objects.get()
    assert (row.user, row.event, row.factor) == (None, Event.LOG_IN_FAILED, Factor.PASSKEY)


def test_a_forged_passkey_after_the_password(client, alice):
    TOTP.activate(alice, SECRET)
    log_in(client, alice.email)
    client.get("/account/2fa/authenticate/")
    client.post("/account/2fa/authenticate/", {"credential": CREDENTIAL})

    assert events_of(alice) == [(Event.SECOND_FACTOR_FAILED, Factor.PASSKEY)]


def test_changes_of_the_ways_to_log_in(client, alice, django_capture_on_commit_callbacks):
    log_in(client, alice.email)
    confirm_it_is_you(client)
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(client)
    new = "a quite different long secret"
    client.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    client.post("/account/email/", {"action_add": "", "email": "alice@example.org"})
    verify(client, "alice@example.org")

    events = [event for event, _factor in events_of(alice)]
    for expected in (Event.REAUTHENTICATED, Event.FACTOR_ADDED, Event.PASSWORD_CHANGED, Event.EMAIL_CHANGED):
        assert expected in events


def test_a_new_password_by_mail(client, alice):
    client.post("/account/password/reset/", {"email": alice.email})
    client.post("/account/password/reset/confirm/", {"code": "AAA-AAA"})
    client.post("/account/password/reset/confirm/", {"code": code_for(alice.email)})
    new = "a quite different long secret"
    client.post("/account/password/reset/complete/", {"password1": new, "password2": new})

    assert events_of(alice)[:2] == [(Event.PASSWORD_RESET_FAILED, Factor.CODE), (Event.PASSWORD_RESET, "")]


def test_sign_up_is_logged(client):
    sign_up(client, "nina@example.com")
    verify(client, "nina@example.com")

    assert events_of(User.objects.get(email="nina@example.com")) == [(Event.LOGGED_IN, "")]


def test_equal_addresses_have_equal_keys_and_no_address_or_password_is_kept(alice, settings, caplog):
    settings.TRUSTED_PROXIES = 1
    log = logging.getLogger("accounts.security")
    log.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO):
            for address in ("198.51.100.7", "198.51.100.7", "198.51.100.8"):
                log_in(Client(headers={"x-forwarded-for": address}), alice.email, WRONG)
    finally:
        log.removeHandler(caplog.handler)

    keys = list(SecurityEvent.objects.order_by("pk").values_list("address_key", flat=True))
    assert (keys[0] == keys[1], keys[0] == keys[2], len(keys[0])) == (True, False, 32)
    lines = [LineFormatter().format(record) for record in caplog.records if record.name == "accounts.security"]
    assert {json.loads(line)["user_id"] for line in lines} == {alice.pk}
    assert {json.loads(line)["address_key"] for line in lines} == set(keys)
    kept = str(list(SecurityEvent.objects.values())) + "".join(lines)
    assert not [secret for secret in (WRONG, "198.51.100", alice.email) if secret in kept]


def test_the_key_of_an_address_depends_on_the_secret_key(rf, settings):
    before = security_log.key_of_address(rf.get("/"))
    settings.SECRET_KEY = "another secret of this server, long enough to be one"

    assert security_log.key_of_address(rf.get("/")) != before


def test_one_address_cannot_fill_the_table(rf, monkeypatch):
    monkeypatch.setattr(security_log, "FAILURES_STORED_PER_DAY", 3)
    for _ in range(5):
        security_log.record(Event.LOG_IN_FAILED, user=None, request=rf.get("/"), factor=Factor.PASSWORD)
    security_log.record(Event.LOG_IN_FAILED, user=None, request=rf.get("/", REMOTE_ADDR="192.0.2.9"))

    assert SecurityEvent.objects.count() == 4


def test_old_events_are_deleted_by_the_scheduler(alice, rf, settings):
    settings.SECURITY_LOG_DAYS = 30
    security_log.record(Event.LOGGED_IN, user=alice, request=rf.get("/"))
    security_log.record(Event.LOGGED_OUT, user=alice, request=rf.get("/"))
    now = timezone.now()
    SecurityEvent.objects.filter(event=Event.LOGGED_IN).update(created=now - timedelta(days=31))

    JOBS["delete_expired_security_events"](now)

    assert events_of(alice) == [(Event.LOGGED_OUT, "")]


def test_events_end_with_the_account(client, alice):
    log_in(client, alice.email)
    log_in(Client(), alice.email, WRONG)
    confirm_it_is_you(client)
    client.post("/account/data/delete/", {"email": alice.email})

    assert User.objects.get(pk=alice.pk).email.endswith(erasing.NOWHERE)
    assert events_of(alice) == []


def test_events_are_in_the_export(client, alice):
    log_in(client, alice.email)
    answer = client.get(reverse("data-export"))

    assert [row["event"] for row in json.loads(answer.content)["security_log"]] == [Event.LOGGED_IN]


def test_operators_look_at_events_and_filter_them(client, alice, rf):
    security_log.record(Event.SECOND_FACTOR_FAILED, user=alice, request=rf.get("/"), factor=Factor.TOTP)
    client.force_login(make_staff())
    listing = reverse("admin:accounts_securityevent_changelist")

    assert b"alice@example.com" in client.get(listing, {"event__exact": Event.SECOND_FACTOR_FAILED}).content
    assert b"alice@example.com" not in client.get(listing, {"event__exact": Event.LOGGED_OUT}).content
    assert client.post(reverse("admin:accounts_securityevent_add"), {}).status_code == 403


def access_line(caplog):
    records = [record for record in caplog.records if record.name == "removebg.access"]
    return json.loads(LineFormatter().format(records[-1]))


@pytest.fixture
def access_log(caplog):
    log = logging.getLogger("removebg.access")
    log.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        yield caplog
    log.removeHandler(caplog.handler)


def test_the_access_log_names_person_and_organization(client, alice, access_log):
    client.force_login(alice)
    client.get("/dashboard/")

    line = access_line(access_log)
    assert line["user_id"] == alice.pk
    assert line["organization_id"] == alice.memberships.get().organization.public_id


def test_the_access_log_names_the_key_by_its_first_letters(client, access_log):
    organization = make_organization()
    issued = make_key(organization)
    client.get("/v1/me", headers={"x-api-key": issued.secret})

    line = access_line(access_log)
    assert (line["key_prefix"], line["organization_id"]) == (issued.api_key.prefix, organization.public_id)
    assert issued.secret not in json.dumps(line)


def test_the_access_log_costs_no_query(client, access_log, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/livez")

    assert not {"user_id", "organization_id", "key_prefix"} & access_line(access_log).keys()


def test_an_app_that_is_removed_is_logged(client, alice):
    log_in(client, alice.email)
    confirm_it_is_you(client)
    set_up_app(client)
    client.post("/account/2fa/totp/deactivate/")

    assert not Authenticator.objects.filter(user=alice, type="totp").exists()
    assert (Event.FACTOR_REMOVED, Factor.TOTP) in events_of(alice)
