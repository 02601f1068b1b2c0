"""Nothing says who it was after a person deleted their account: every table of the database is searched."""

import json
import uuid
from collections import defaultdict
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts import api_keys, invitations, retention
from accounts.admin_pages import ReasonForm
from accounts.closing import close_organization
from accounts.models import ApiKey, Invitation, Membership, Role, User
from accounts.support_models import SupportVisit
from billing import audit, closed_customers, erasure, saved_cards, stripe_gateway, webhooks, welcome
from billing.checkout import start_purchase
from billing.operator_forms import AdjustForm, GrantForm, RefundForm
from billing.order_models import Order, StripeCustomer, StripeEvent
from billing.recharge_switch import Terms, record_consent
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.factories import (
    PASSWORD,
    keep_result,
    make_member,
    make_organization,
    make_pack,
    make_staff,
    make_user,
)
from tests.stripe_stand_in import StripeStandIn

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS, SECOND_ADDRESS = "zebulon.quagmire@erase-me.example", "other.mailbox@erase-me.example"
LOCAL_PART = "zebulon.quagmire"
FIRST_NAME, LAST_NAME = "Zebulon", "Quagmire"
IP = "203.0.113.77"
TRACES = ("zebulon", "quagmire", "erase-me", "other.mailbox", IP)

EXPORTED = {
    "accounts_user": "person",
    "account_emailaddress": "addresses",
    "accounts_organization": "organizations",
    "accounts_invitation": "invitations_received",
    "accounts_apikey": "api_keys_made",
    "billing_stripecustomer": "customers_at_stripe",
    "django_admin_log": "mentioned_in_the_admin",
    "processing_keptresult": "results_kept",
    "socialaccount_socialaccount": "connected_accounts",
    "usersessions_usersession": "sessions",
}
"""Tables with a person's address, name or IP address, and where the export of their data has it."""

EXPLAINED = {"django_session": "the log-in itself; what it is known by is in the export under `sessions`"}


@pytest.fixture
def stripe(settings, live_server):
    """Stripe's stand-in, which sends every event that it knows of, also those that we ignore."""
    cache.clear()
    with StripeStandIn() as running:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = SECRET_KEY, [SIGNING_SECRET]
        settings.STRIPE_API_BASE, settings.STRIPE_IS_LIVE = running.url, False
        running.control.add_endpoint(f"{live_server.url}/webhooks/stripe/", SIGNING_SECRET)
        stripe_gateway._client_with.cache_clear()
        yield running.control
        stripe_gateway._client_with.cache_clear()
        running.check_honest()


@pytest.fixture
def person(client):
    """A person who signed up, was invited, logged in from an address, and used a key from it."""
    person = make_user(ADDRESS)
    welcome.welcome(person)
    User.objects.filter(pk=person.pk).update(first_name=FIRST_NAME, last_name=LAST_NAME)
    person.refresh_from_db()
    EmailAddress.objects.create(user=person, email=SECOND_ADDRESS, verified=True)
    SocialAccount.objects.create(user=person, provider="github", uid="7", extra_data={"login": FIRST_NAME})
    client.defaults["REMOTE_ADDR"] = IP
    client.post("/account/login/", {"login": ADDRESS, "password": PASSWORD})
    client.get("/people/")
    organization = person.memberships.get().organization
    issued = api_keys.issue(organization, name="Zebulon's laptop", created_by=person)
    client.get("/v1/me", headers={"x-api-key": issued.secret})
    keep_result(organization, person)
    organization.kept_results.update(file_name="quagmire.jpg")
    return person


def buy_everything(stripe, person):
    """Buy a pack and save a card, with the person's address on Stripe's pages."""
    organization, pack = person.memberships.get().organization, make_pack()
    order = start_purchase(organization, pack, currency="eur", click_token=uuid.uuid4(), actor=person).order
    stripe.pay_session(order.checkout_session_id, email=ADDRESS)
    consent = record_consent(
        organization, Terms(pack.prices.get(currency="eur"), 5, 3), actor=person, click_token=uuid.uuid4()
    )
    page = saved_cards.open_page(consent, person)
    stripe.pay_session(page.rsplit("/", 1)[1], email=SECOND_ADDRESS)
    stripe.wait_until_sent()
    return organization


def join_another(person):
    """Let the person accept an invitation to their second address, into an organization of Bob's."""
    organization = make_organization("Bob's shop")
    bob = make_member(organization, "bob@example.com")
    membership = Membership.objects.get(user=bob)
    _invitation, secret = invitations.invite(membership, email=SECOND_ADDRESS, role=Role.MEMBER)
    invitations.accept(secret, person)
    carol = make_member(make_organization("Carol's shop"), "carol@example.com")
    invitations.invite(Membership.objects.get(user=carol), email=ADDRESS, role=Role.ADMIN)
    return organization


def write_in_the_admin(person, organization):
    """Write what staff leave in the admin's log, and look at the pages as the person."""
    staff = make_staff()
    for about in (person, organization, StripeCustomer.objects.first() or organization):
        LogEntry.objects.create(
            user=staff,
            content_type=ContentType.objects.get_for_model(about),
            object_id=str(about.pk),
            object_repr=str(about)[:200],
            action_flag=CHANGE,
            change_message=json.dumps([{"changed": {"name": "address", "object": ADDRESS, "fields": ["e-mail"]}}]),
        )
    SupportVisit.objects.create(operator=staff, person=person, reason="Asked for.", expires_at=timezone.now())


def tables_with_traces():
    """Return what was found in which table, over every column of every row."""
    found = defaultdict(set)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                text = "\n".join(str(value) for value in row).lower()
                found[table] |= {trace for trace in TRACES if trace in text}
    for session in Session.objects.all():
        text = json.dumps(session.get_decoded()).lower()
        found["django_session"] |= {trace for trace in TRACES if trace in text}
    return {table: traces for table, traces in found.items() if traces}


def delete_account(client):
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    answer = client.post("/account/data/delete/", {"email": ADDRESS})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_the_last_person_of_an_organization_leaves_no_trace(stripe, client, person):
    organization = buy_everything(stripe, person)
    join_another(person)
    write_in_the_admin(person, organization)
    before = tables_with_traces()
    assert before.keys() == EXPORTED.keys() | EXPLAINED.keys()
    entries = list(organization.credit_account.entries.values_list("pk", "amount", "created"))

    delete_account(client)

    assert tables_with_traces() == {}
    organization.refresh_from_db()
    assert (organization.name, organization.closed_at is not None) == (f"Closed organization {organization.pk}", True)
    assert list(organization.credit_account.entries.values_list("pk", "amount", "created")) == entries
    assert audit.find_disagreements() == []


def test_the_customer_at_stripe_is_deleted_afterwards(stripe, client, person):
    buy_everything(stripe, person)
    delete_account(client)
    assert any(ADDRESS in str(customer) for customer in stripe.objects("customer"))

    stripe.hold_webhooks()
    saved_cards.finish(timezone.now())
    closed_customers.close_customers(timezone.now() + timedelta(hours=2))
    stripe.release_webhooks()
    stripe.wait_until_sent()

    assert stripe.objects("customer") == []
    assert StripeCustomer.objects.get().deleted_at is not None
    assert tables_with_traces() == {}


def test_links_to_stripes_pages_go_after_a_day(stripe, client, person):
    buy_everything(stripe, person)
    delete_account(client)
    assert Order.objects.exclude(checkout_url="").exists()

    assert erasure.remove_links(timezone.now()) == 0
    assert erasure.remove_links(timezone.now() + timedelta(days=2)) == 1

    assert not Order.objects.exclude(checkout_url="").exists()


def test_a_second_deletion_erases_an_organization_that_was_closed_before(stripe, client, person):
    organization = buy_everything(stripe, person)
    close_organization(organization)
    name = organization.name

    delete_account(client)

    organization.refresh_from_db()
    assert (name, organization.name) == (f"{LOCAL_PART}'s organization", f"Closed organization {organization.pk}")


def test_who_leaves_others_behind_leaves_no_trace_either(stripe, client, person):
    organization = buy_everything(stripe, person)
    make_member(organization, "bob@example.com")
    write_in_the_admin(person, organization)

    delete_account(client)

    assert tables_with_traces() == {}
    organization.refresh_from_db()
    assert (organization.name, organization.closed_at) == (f"Organization {organization.pk}", None)
    key = ApiKey.objects.get(organization=organization)
    assert (key.name, key.last_used_from, key.is_active_now) == ("Key", None, True)
    customer = StripeCustomer.objects.get()
    assert (customer.email, customer.customer_id is not None) == ("bob@example.com", True)

    assert erasure.replace_at_stripe(timezone.now()) == 1
    [at_stripe] = stripe.objects("customer")
    assert at_stripe["email"] == "bob@example.com"
    assert erasure.replace_at_stripe(timezone.now()) == 0


def test_an_address_that_was_changed_at_stripe_stays(stripe, client, person):
    organization = buy_everything(stripe, person)
    make_member(organization, "bob@example.com")
    customer_id = StripeCustomer.objects.get().customer_id
    stripe_gateway._client().v1.customers.update(customer_id, {"email": "books@example.com"})
    stripe.wait_until_sent()

    delete_account(client)
    assert erasure.replace_at_stripe(timezone.now()) == 1

    [at_stripe] = stripe.objects("customer")
    assert at_stripe["email"] == "books@example.com"


def test_while_stripe_is_away_the_address_is_replaced_later(stripe, client, person):
    organization = buy_everything(stripe, person)
    make_member(organization, "bob@example.com")
    delete_account(client)
    stripe.order_fault("/v1/customers/.*", method="GET", status=500, times=9)

    assert erasure.replace_at_stripe(timezone.now()) == 0
    stripe.clear_faults()

    assert erasure.replace_at_stripe(timezone.now()) == 1


def test_the_export_has_what_every_table_has(stripe, client, person):
    organization = buy_everything(stripe, person)
    join_another(person)
    write_in_the_admin(person, organization)

    data = json.loads(client.get("/account/data/export/").content)

    for table, part in EXPORTED.items():
        text = json.dumps(data[part]).lower()
        assert any(trace in text for trace in TRACES), (table, part)
    assert data["customers_at_stripe"][0]["email"] == ADDRESS
    assert len(data["invitations_received"]) == 2


def test_events_keep_facts_alone_and_act_the_same(stripe, person):
    """Every event that the purchases bring, stored without personal data, is replayed to the same end."""
    organization = buy_everything(stripe, person)
    events = list(StripeEvent.objects.order_by("pk"))
    assert {"checkout.session.completed", "setup_intent.succeeded"} <= {event.type for event in events}
    assert any(ADDRESS in str(session) for session in stripe.objects("checkout.session"))

    for event in events:
        webhooks.replay(event)
        for trace in TRACES:
            assert trace not in json.dumps(event.payload).lower(), (event.type, trace)

    assert organization.credit_account.entries.filter(kind="purchase").count() == 1
    assert audit.find_disagreements() == []


def test_sessions_that_are_over_and_old_invitations_are_deleted(client, person, settings):
    join_another(person)
    now = timezone.now()
    assert retention.delete_old_traces(now) == 0
    assert retention.delete_old_traces(now + timedelta(days=settings.INVITATION_DAYS + 29)) == 1
    assert not Session.objects.filter(expire_date__gt=now + timedelta(days=30)).exists()
    assert Invitation.objects.count() == 2

    assert retention.delete_old_traces(now + timedelta(days=settings.INVITATION_DAYS + 31)) == 2

    assert not Invitation.objects.exists()


def test_a_session_that_goes_on_stays_listed(client, person):
    assert retention.delete_old_traces(timezone.now() + timedelta(days=1)) == 0
    assert person.usersession_set.count() == 1
    client.logout()

    assert retention.delete_old_traces(timezone.now()) == 1


@pytest.mark.parametrize("form", [ReasonForm, GrantForm, RefundForm, AdjustForm], ids=lambda form: form.__name__)
def test_operators_write_no_address_into_reasons_that_are_kept(form):
    field = form.base_fields["reason"]

    assert field.clean("Asked for by phone.") == "Asked for by phone."
    for text in (f"Asked for by {ADDRESS}.", f"<{ADDRESS}>", f"mail to {ADDRESS}, twice"):
        with pytest.raises(ValidationError):
            field.clean(text)


def test_the_pages_say_what_stays(client, stripe, person, settings):
    settings.INVITATIONS_KEPT_DAYS = 17
    privacy = client.get("/privacy/").content.decode()
    for said in ("17 days after its link has expired", "14 days after your last visit", "keyed hash of your address"):
        assert said in privacy
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    for address in ("/account/data/delete/", "/organization/close/"):
        page = client.get(address).content.decode()
        assert "may still go through" in page, address
        assert "customer record at Stripe is deleted" in page, address
