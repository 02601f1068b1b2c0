"""Free credits have daily budgets, and may need a card or an operator: sign-up cannot mint them."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from prometheus_client import REGISTRY

from accounts import closing
from accounts.models import User
from billing import free_credit_budgets, free_credits, personal_data, webhooks
from billing.free_credit_models import FreeCreditDay, FreeCreditRequest
from billing.models import EntryKind, LedgerEntry
from billing.stripe_objects import read_event
from processing import scheduler
from tests.accounts.entrance import sign_up, verify
from tests.billing.stripe_fakes import event_about, session_of
from tests.factories import make_order, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def wide(settings):
    """Budgets that one test narrows."""
    settings.FREE_CREDITS_PER_DAY = 100_000
    settings.FREE_CREDITS_GRANTS_PER_ADDRESS = 1000
    settings.FREE_CREDITS_GRANTS_PER_NETWORK = 1000
    settings.FREE_CREDITS_GRANTS_PER_DOMAIN = 1000
    return settings


def arrive(client, email, address="198.51.100.1"):
    """Sign up from an address; return the credits and the text of the next page."""
    cache.clear()  # mails to one address are spaced out
    client.defaults["REMOTE_ADDR"] = address
    sign_up(client, email)
    verify(client, email)
    page = client.get("/dashboard/", follow=True).content.decode()
    client.logout()
    return User.objects.get(email=email).memberships.get().organization.credit_account.balance, page


def credits_given():
    return sum(LedgerEntry.objects.filter(kind=EntryKind.GRANT).values_list("amount", flat=True))


def waiting():
    return list(FreeCreditRequest.objects.order_by("pk").values_list("reason", "state"))


def refused_by(budget):
    return REGISTRY.get_sample_value("removebg_free_credits_refused_total", {"budget": budget}) or 0


def test_a_catch_all_domain_gets_its_budget_and_no_more(client, wide, settings, caplog):
    """Finding 8: u0..u3 at one domain brought 4 x 50 credits."""
    settings.FREE_CREDITS_GRANTS_PER_DOMAIN = 2
    before = refused_by("domain")
    got = [arrive(client, f"u{n}@sub{n}.catch-all.example", f"198.51.{n}.1") for n in range(4)]

    assert [credits for credits, _page in got] == [50, 50, 0, 0]
    assert "There are no free credits at the moment" not in got[1][1]
    assert "There are no free credits at the moment" in got[2][1]
    assert refused_by("domain") == before + 2
    logged = [record for record in caplog.records if record.getMessage() == "free_credits_budget_reached"]
    assert [record.budget for record in logged] == ["domain"]
    assert waiting() == [("budget", "waiting")] * 2


def test_a_large_provider_has_no_domain_budget(client, wide, settings):
    settings.FREE_CREDITS_GRANTS_PER_DOMAIN = 1

    assert [arrive(client, f"u{n}@gmail.com")[0] for n in range(3)] == [50, 50, 50]


@pytest.mark.parametrize(
    ("setting", "addresses", "given"),
    [
        ("ADDRESS", ["198.51.100.1", "198.51.100.1", "198.51.100.2"], [50, 0, 50]),
        ("ADDRESS", ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1"], [50, 0, 50]),
        ("NETWORK", ["198.51.100.1", "198.51.100.2", "198.51.101.1"], [50, 0, 50]),
        ("NETWORK", ["2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:1::1"], [50, 0, 50]),
    ],
)
def test_an_address_and_its_network_have_budgets(client, wide, setting, addresses, given):
    setattr(wide, f"FREE_CREDITS_GRANTS_PER_{setting}", 1)

    got = [arrive(client, f"u{n}@one{n}.example", address)[0] for n, address in enumerate(addresses)]
    assert got == given


def test_everyone_together_has_a_budget_of_credits(client, wide, settings):
    settings.FREE_CREDITS_PER_DAY = 149
    got = [arrive(client, f"u{n}@one{n}.example", f"198.51.{n}.1")[0] for n in range(3)]

    assert (got, credits_given()) == ([50, 50, 0], 100)


def test_a_refused_grant_uses_no_budget(client, wide, settings):
    settings.FREE_CREDITS_GRANTS_PER_DOMAIN = 1
    for n in range(3):
        arrive(client, f"u{n}@catch-all.example")

    assert set(FreeCreditDay.objects.values_list("kind", "grants")) == {
        *(("address", 1), ("network", 1), ("domain", 1), ("everyone", 1))
    }


def test_the_next_day_has_its_own_budget(client, wide, settings):
    settings.FREE_CREDITS_GRANTS_PER_ADDRESS = 1
    arrive(client, "u0@one.example")
    assert arrive(client, "u1@two.example")[0] == 0
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert arrive(client, "u2@three.example")[0] == 50


def test_the_rows_name_no_address_and_are_deleted(client, wide):
    arrive(client, "nina@one.example", "198.51.100.7")
    rows = str(list(FreeCreditDay.objects.values())) + str(list(FreeCreditRequest.objects.values()))
    assert "198.51.100" not in rows
    assert "one.example" not in rows

    assert free_credit_budgets.forget_old_days in scheduler.JOBS.values()
    today = date.fromordinal(timezone.now().astimezone(UTC).date().toordinal())
    kept = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=free_credit_budgets.KEPT_DAYS)
    assert free_credit_budgets.forget_old_days(kept) == 0
    assert free_credit_budgets.forget_old_days(kept + timedelta(days=1)) == 4
    assert not FreeCreditDay.objects.exists()


def test_with_approval_an_operator_grants_in_one_action(client, wide, settings):
    settings.FREE_CREDITS_REQUIRE = "approval"
    credits, page = arrive(client, "nina@one.example")
    arrive(client, "ivan@two.example")
    assert (credits, credits_given()) == (0, 0)
    assert "as soon as the operator has approved them" in page

    client.force_login(make_staff())
    assert "Free credits that wait for you" in client.get("/admin/").content.decode()
    [nina, ivan] = FreeCreditRequest.objects.order_by("pk")
    url = reverse("admin:billing_freecreditrequest_changelist")
    client.post(url, {"action": "grant", "_selected_action": [nina.pk]})
    client.post(url, {"action": "refuse", "_selected_action": [ivan.pk]})
    client.post(url, {"action": "grant", "_selected_action": [nina.pk, ivan.pk]})

    assert waiting() == [("approval", "granted"), ("approval", "refused")]
    assert credits_given() == 50
    assert nina.organization.credit_account.balance == 50


def test_an_operator_grants_what_a_budget_refused(client, wide, settings):
    settings.FREE_CREDITS_PER_DAY = 0
    arrive(client, "nina@one.example")
    found = FreeCreditRequest.objects.get()
    assert "Free credits refused today by a budget" in overview(client)

    assert free_credits.approve(found.pk, make_staff("olga@example.com")) == free_credits.Outcome.GIVEN
    assert credits_given() == 50


def overview(client):
    client.force_login(make_staff())
    page = client.get("/admin/").content.decode()
    assert "check for abuse" in page
    return page


@pytest.mark.usefixtures("selling")
def test_with_card_the_first_purchase_brings_them_once(client, wide, settings, pack):
    settings.FREE_CREDITS_REQUIRE = "card"
    credits, page = arrive(client, "nina@one.example")
    assert credits == 0
    assert "with your first purchase" in page
    organization = User.objects.get(email="nina@one.example").memberships.get().organization

    for number in range(2):
        order = make_order(organization, pack)
        webhooks.receive(read_event(event_about("checkout.session.completed", session_of(order))))
        organization.credit_account.refresh_from_db()
        assert organization.credit_account.balance == 150 + 100 * number
    assert waiting() == [("card", "granted")]


@pytest.mark.usefixtures("selling")
def test_a_purchase_is_fulfilled_when_the_budget_of_free_credits_is_used_up(client, wide, settings, pack):
    settings.FREE_CREDITS_REQUIRE = "card"
    arrive(client, "nina@one.example")
    organization = User.objects.get(email="nina@one.example").memberships.get().organization
    settings.FREE_CREDITS_PER_DAY = 10
    webhooks.receive(read_event(event_about("checkout.session.completed", session_of(make_order(organization, pack)))))

    organization.credit_account.refresh_from_db()
    assert organization.credit_account.balance == 100
    assert waiting() == [("budget", "waiting")]


def test_a_request_is_exported_and_goes_with_its_person(client, wide, settings):
    settings.FREE_CREDITS_REQUIRE = "approval"
    arrive(client, "nina@one.example")
    [exported] = personal_data.data_of(User.objects.get(email="nina@one.example"))["free_credits_asked_for"]
    assert (exported["reason"], exported["state"]) == ("approval", "waiting")
    closing.delete_person(User.objects.get(email="nina@one.example"))

    assert not FreeCreditRequest.objects.exists()
