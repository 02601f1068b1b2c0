"""Pages about keys: who may do what, what a form takes, and where a secret may be seen."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import api_keys
from accounts.api_keys import MAX_ACTIVE_KEYS
from accounts.errors import AuthenticationError
from accounts.models import ApiKey, Role
from billing import ledger
from tests.factories import make_key, make_member, make_organization, make_staff

pytestmark = pytest.mark.django_db

SECRET = r"rb_(?:live|test)_[0-9A-Za-z]{38}"


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def shop():
    return make_organization()


def logged_in(organization, role, email):
    client = Client()
    client.force_login(make_member(organization, email, role))
    return client


@pytest.fixture
def owner(shop):
    return logged_in(shop, Role.OWNER, "alice@example.com")


def token_of(client, path):
    return re.search(r'name="token" value="([^"]+)"', client.get(path).content.decode())[1]


def filled(client, **fields):
    return {
        "token": token_of(client, "/keys/new/"),
        "name": "Till",
        "kind": "live",
        "scopes": ["remove", "account:read"],
        **fields,
    }


def test_a_made_key_is_shown_once_with_its_call(owner, shop, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = owner.post("/keys/new/", filled(owner))
    page = answer.content.decode()
    secret = re.search(SECRET, page)[0]

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert f"x-api-key: {secret}" in page.replace("&quot;", '"')
    found = api_keys.find_active(secret)
    assert (found.name, found.organization, found.created_by.email) == ("Till", shop, "alice@example.com")
    assert secret not in caplog.text
    assert secret not in str(answer.cookies) + str(owner.cookies) + str(dict(owner.session))
    assert secret not in owner.get("/keys/").content.decode()


def test_sending_the_form_again_makes_no_second_key_and_shows_none(owner):
    fields = filled(owner)
    secret = re.search(SECRET, owner.post("/keys/new/", fields).content.decode())[0]
    again = owner.post("/keys/new/", fields, follow=True).content.decode()

    assert ApiKey.objects.filter(name="Till").count() == 1
    assert secret not in again
    assert not re.search(SECRET, again)
    assert "made before" in again


def test_everything_chosen_of_a_key_is_kept(owner):
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        owner.post(
            "/keys/new/",
            filled(
                owner,
                kind="test",
                scopes=["remove"],
                expires_on="2026-01-31",
                monthly_credit_cap="1000",
                allowed_networks="192.0.2.77/24\n 2001:db8::1, 192.0.2.0/24",
            ),
        )
    key = ApiKey.objects.get(name="Till")

    assert (key.is_test, key.prefix[:8], key.scopes, key.monthly_credit_cap) == (True, "rb_test_", ["remove"], 1000)
    assert key.expires_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert key.allowed_networks == ["192.0.2.0/24", "2001:db8::1/128"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": " "}, "This field is required"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": ["fly"]}, "fly is not one of the available choices"),
        ({"kind": "gold"}, "not one of the available choices"),
        ({"expires_on": "2020-01-01"}, "This day is over"),
        ({"expires_on": "9999-12-31"}, "Choose an earlier day"),
        ({"expires_on": "soon"}, "Enter a valid date"),
        ({"monthly_credit_cap": "0"}, "greater than or equal to 1"),
        ({"monthly_credit_cap": "1.5"}, "Enter a whole number"),
        ({"monthly_credit_cap": "9" * 12}, "less than or equal to"),
        ({"requests_per_minute": "0"}, "greater than or equal to 1"),
        ({"allowed_networks": "home"}, "home is no address and no network"),
        ({"allowed_networks": "192.0.2.0/33"}, "192.0.2.0/33 is no address"),
        ({"allowed_networks": " ".join(f"192.0.2.{n}" for n in range(60))}, "at most 50 networks"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_makes_no_key(owner, fields, fault):
    page = owner.post("/keys/new/", filled(owner, **fields)).content.decode()

    assert fault in page.replace("&#x27;", "'").replace("&quot;", '"')
    assert not ApiKey.objects.exists()


def test_a_form_with_a_fault_can_be_sent_again(owner):
    fields = filled(owner, name="")
    owner.post("/keys/new/", fields)
    answer = owner.post("/keys/new/", {**fields, "name": "Till"})

    assert re.search(SECRET, answer.content.decode())


def test_a_key_is_changed_and_its_secret_goes_on(owner, shop):
    issued = make_key(shop, expires_at=timezone.now() + timedelta(hours=5))
    page = f"/keys/{issued.api_key.pk}/"
    day = (issued.api_key.expires_at - timedelta(microseconds=1)).date()
    fields = {"name": "Counter", "scopes": ["remove"], "expires_on": f"{day}", "allowed_networks": "192.0.2.0/24"}
    answer = owner.post(page, {**fields, "monthly_credit_cap": "5"})
    key = api_keys.find_active(issued.secret)

    assert answer["Location"] == "/keys/"
    assert (key.name, key.scopes, key.monthly_credit_cap) == ("Counter", ["remove"], 5)
    assert key.allowed_networks == ["192.0.2.0/24"]
    assert key.expires_at == issued.api_key.expires_at, "a day that was left as it was keeps its hour"
    assert "192.0.2.0/24" in owner.get(page).content.decode()


def test_rotating_gives_a_new_key_and_ends_the_old_one_in_time(owner, shop):
    issued = make_key(shop)
    page = f"/keys/{issued.api_key.pk}/rotate/"
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        issued.api_key.created = timezone.now()
        fields = {"token": token_of(owner, page), "overlap_hours": "24"}
        answer = owner.post(page, fields)
        secret = re.search(SECRET, answer.content.decode())[0]
        assert "no-store" in answer["Cache-Control"]
        assert "works until" in answer.content.decode()
        assert api_keys.find_active(issued.secret)
        assert api_keys.find_active(secret).rotated_from == issued.api_key
        again = owner.post(page, fields, follow=True).content.decode()
        assert secret not in again
        clock.shift(timedelta(hours=24))
        with pytest.raises(AuthenticationError):
            api_keys.find_active(issued.secret)
        assert api_keys.find_active(secret)
    assert ApiKey.objects.count() == 2


def test_rotating_without_an_overlap_ends_the_old_key_at_once(owner, shop):
    issued = make_key(shop)
    page = f"/keys/{issued.api_key.pk}/rotate/"
    answer = owner.post(page, {"token": token_of(owner, page), "overlap_hours": "0"})

    assert "does not work any more" in answer.content.decode()
    with pytest.raises(AuthenticationError):
        api_keys.find_active(issued.secret)
    twice = owner.post(page, {"token": token_of(owner, page), "overlap_hours": "0"}, follow=True)
    assert "has stopped working" in twice.content.decode()


def test_revoking_asks_first_and_names_the_key(owner, shop):
    issued = make_key(shop, name="shop-import")
    page = f"/keys/{issued.api_key.pk}/revoke/"
    question = owner.get(page).content.decode()
    assert question.count("Revoke key “shop-import”") == 2
    assert api_keys.find_active(issued.secret)

    assert owner.post(page)["Location"] == "/keys/"
    with pytest.raises(AuthenticationError):
        api_keys.find_active(issued.secret)
    assert owner.get(page).status_code == 404


PAGES = ["", "rotate/", "revoke/"]


@pytest.mark.parametrize("page", PAGES)
def test_members_manage_their_own_keys_only(shop, owner, page):
    bob = logged_in(shop, Role.MEMBER, "bob@example.com")
    bob.post("/keys/new/", filled(bob, name="Bob's"))
    own = ApiKey.objects.get(name="Bob's")
    others = make_key(shop).api_key

    assert bob.get(f"/keys/{own.pk}/{page}").status_code == 200
    assert bob.get(f"/keys/{others.pk}/{page}").status_code == 403
    assert bob.post(f"/keys/{others.pk}/{page}").status_code == 403
    assert owner.get(f"/keys/{own.pk}/{page}").status_code == 200
    listed = bob.get("/keys/").content.decode()
    assert f"/keys/{own.pk}/{page}" in listed
    assert f"/keys/{others.pk}/{page}" not in listed


@pytest.mark.parametrize("page", PAGES)
def test_other_organizations_and_strangers_find_nothing(shop, client, page):
    key = make_key(shop).api_key
    bob = logged_in(make_organization("Bob's shop"), Role.OWNER, "bob@example.com")
    path = f"/keys/{key.pk}/{page}"

    assert (bob.get(path).status_code, bob.post(path).status_code) == (404, 404)
    assert client.get(path)["Location"].startswith("/account/login/")
    assert client.post(path)["Location"].startswith("/account/login/")
    assert key.name not in bob.get("/keys/").content.decode()
    key.refresh_from_db()
    assert key.revoked_at is None


def test_the_list_says_what_one_wants_to_know(owner, shop):
    issued = make_key(shop, name="shop-import", monthly_credit_cap=1000)
    hold = ledger.hold(shop.credit_account, amount=7, api_key=issued.api_key)
    ledger.capture(hold)
    api_keys.note_use(issued.api_key, address="192.0.2.9")
    make_key(shop, name="sandbox", is_test=True)
    over = make_key(shop, name="lost").api_key
    api_keys.revoke(over)
    page = re.sub(r"\s+", " ", owner.get("/keys/").content.decode())

    assert f"{issued.api_key.prefix}…{issued.api_key.last_four}" in page
    assert "7 / 1,000" in page
    assert "from 192.0.2.9" in page
    assert "remove, account:read" in page
    assert "1 key that was revoked or has expired" in page
    assert issued.secret not in page


def test_an_organization_without_keys_is_led_to_its_first(owner):
    page = owner.get("/keys/").content.decode()

    assert "No key works here yet" in page
    assert page.count('href="/keys/new/"') == 2


def test_the_list_asks_no_more_for_more_keys(owner, shop, django_assert_max_num_queries):
    for number in range(30):
        make_key(shop, name=f"Key {number}")
    owner.get("/keys/")  # the first visit of a session is written down, too
    with django_assert_max_num_queries(11):
        owner.get("/keys/")


@pytest.fixture
def full_shop(shop):
    """The shop has as many working keys as it may have, and one that was revoked."""
    for number in range(MAX_ACTIVE_KEYS):
        make_key(shop, name=f"Key {number}")
    api_keys.revoke(ApiKey.objects.order_by("pk").first())
    make_key(shop, name="Last")
    return shop


def working(organization):
    return sum(key.is_active_now for key in organization.api_keys.all())


def test_one_key_too_many_is_refused_on_the_page(owner, full_shop):
    answer = owner.post("/keys/new/", filled(owner), follow=True)

    assert "has 100 working API keys, which is the limit" in answer.content.decode()
    assert not re.search(SECRET, answer.content.decode())
    assert working(full_shop) == MAX_ACTIVE_KEYS
    api_keys.revoke(full_shop.api_keys.get(name="Last"))
    assert re.search(SECRET, owner.post("/keys/new/", filled(owner)).content.decode())


def test_rotation_at_the_limit_needs_the_old_key_to_stop_now(owner, full_shop):
    pk = full_shop.api_keys.get(name="Last").pk

    def rotate(hours):
        token = token_of(owner, f"/keys/{pk}/rotate/")
        return owner.post(f"/keys/{pk}/rotate/", {"token": token, "overlap_hours": hours}, follow=True)

    refused, done = rotate("24").content.decode(), rotate("0").content.decode()

    assert "which is the limit" in refused
    assert re.search(SECRET, done)
    assert working(full_shop) == MAX_ACTIVE_KEYS


def test_one_key_too_many_is_refused_in_the_admin(client, full_shop):
    client.force_login(make_staff())
    fields = {"organization": full_shop.pk, "name": "Another", "scopes": ["remove"]}

    answer = client.post("/admin/accounts/apikey/add/", fields)

    assert "has 100 working API keys, which is the limit" in answer.content.decode()
    assert working(full_shop) == MAX_ACTIVE_KEYS


def test_own_rate_of_a_key_is_chosen_kept_shown_and_changed(owner, shop):
    owner.post("/keys/new/", filled(owner, requests_per_minute="1200"))
    key = ApiKey.objects.get(name="Till")
    listed = owner.get("/keys/").content.decode()
    change = f"/keys/{key.pk}/"
    shown = owner.get(change).content.decode()
    owner.post(change, {"name": "Till", "scopes": ["remove"], "requests_per_minute": ""})

    assert key.requests_per_minute == 1200
    assert "1,200 requests a minute" in listed
    assert re.search(r'<input[^>]*name="requests_per_minute"[^>]*value="1200"', shown)
    key.refresh_from_db()
    assert key.requests_per_minute is None


@pytest.fixture
def rotated(shop):
    """Return the old and the new key of one rotation; the old one works for a day more."""
    old = make_key(shop, name="shop-import").api_key
    new = api_keys.rotate(old, overlap=timedelta(days=1)).api_key
    old.refresh_from_db()
    return old, new


def row_of(page, key):
    [row] = [row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f"…{key.last_four}" in row]
    return row


def test_after_a_rotation_the_old_key_is_marked_as_replaced_and_the_new_one_as_new(shop, rotated):
    old, new = rotated
    page = logged_in(shop, Role.OWNER, "o@example.com").get("/keys/").content.decode()

    assert "Replaced – stops" in row_of(page, old)
    assert ">New</span>" not in row_of(page, old)
    assert ">New</span>" in row_of(page, new)
    assert "Replaced" not in row_of(page, new)


def test_a_new_key_needs_no_badge_when_the_old_one_has_stopped(shop, rotated):
    old, new = rotated
    api_keys.revoke(old)
    page = logged_in(shop, Role.OWNER, "o@example.com").get("/keys/").content.decode()

    assert "badge" not in row_of(page, new)
    assert ">Replaced</span>" in row_of(page, old)


def test_only_the_newest_of_three_is_new(shop, rotated):
    old, new = rotated
    newest = api_keys.rotate(new, overlap=timedelta(days=2)).api_key
    page = logged_in(shop, Role.OWNER, "o@example.com").get("/keys/").content.decode()

    assert ["Replaced – stops" in row_of(page, key) for key in (old, new, newest)] == [True, True, False]
    assert [">New</span>" in row_of(page, key) for key in (old, new, newest)] == [False, False, True]


def test_revoking_says_which_of_the_two_keys_it_is(shop, rotated):
    old, new = rotated
    owner = logged_in(shop, Role.OWNER, "o@example.com")

    about_old = owner.get(f"/keys/{old.pk}/revoke/").content.decode()
    about_new = owner.get(f"/keys/{new.pk}/revoke/").content.decode()

    assert "This is the old key." in about_old
    assert f"<code>{new.last_four}</code>" in about_old
    assert "This is the new key." in about_new
    assert f"<code>{old.last_four}</code>" in about_new
