"""Free credits: once for each verified person, whatever they do."""

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import user_signed_up
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.core.cache import cache
from django.test import RequestFactory

from accounts import closing
from accounts.models import Membership, Organization, Role, User
from accounts.vouching import vouch_for
from billing import free_credits, welcome
from billing.models import CreditAccount, EntryKind, LedgerEntry
from tests.accounts.entrance import sign_up, verify
from tests.factories import PASSWORD, make_organization, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


def free_credits_given():
    return LedgerEntry.objects.filter(kind=EntryKind.GRANT, reference__startswith=free_credits.REFERENCE).count()


def credits_of(organization):
    return CreditAccount.objects.get(organization=organization).balance


def arrive(client, email):
    cache.clear()  # mails to one address are spaced out
    sign_up(client, email)
    verify(client, email)
    client.logout()
    return User.objects.get(email=email)


def test_a_person_is_welcomed_once(client):
    nina = arrive(client, "nina@example.com")

    assert welcome.welcome(nina) is None
    assert Membership.objects.count() == 1
    assert free_credits_given() == 1


def test_the_entry_says_why_and_names_nobody_s_address(client):
    nina = arrive(client, "nina@example.com")
    entry = LedgerEntry.objects.get()

    assert (entry.kind, entry.amount, entry.actor) == ("grant", 50, nina)
    assert "nina" not in entry.reference


@pytest.mark.parametrize("twin", ["nina+2@example.com", "NINA+x@Example.com"])
def test_the_same_address_with_a_plus_sign_is_the_same_person(client, twin):
    arrive(client, "nina@example.com")
    again = arrive(client, twin.lower())

    assert again.memberships.get().organization.credit_account.balance == 0
    assert free_credits_given() == 1


def test_dots_do_not_make_another_person_at_google(client):
    arrive(client, "nina.k@gmail.com")
    arrive(client, "n.inak+x@googlemail.com")
    arrive(client, "ninak@example.com")
    arrive(client, "nina.k@example.com")

    assert free_credits_given() == 3


def test_a_form_sent_twice_opens_one_organization(client):
    nina = arrive(client, "nina@example.com")
    client.force_login(nina)
    form = {"name": "Second", "token": uuid4()}

    answers = [client.post("/organizations/new/", form) for _ in range(2)]

    assert [answer["Location"] for answer in answers] == ["/dashboard/"] * 2
    assert Organization.objects.filter(name="Second").count() == 1


def test_one_person_owns_so_many_organizations(client, settings):
    settings.ORGANIZATIONS_PER_PERSON = 1
    client.force_login(arrive(client, "nina@example.com"))

    answer = client.post("/organizations/new/", {"name": "Second", "token": uuid4()}, follow=True)

    assert "One person may own 1 organizations here" in answer.content.decode()
    assert Organization.objects.count() == 1


def test_who_deletes_the_account_and_comes_back_starts_without(client):
    nina = arrive(client, "nina@example.com")
    closing.delete_person(nina)

    again = arrive(client, "nina@example.com")

    assert again.pk != nina.pk
    assert again.memberships.get().organization.credit_account.balance == 0
    assert free_credits_given() == 1


@pytest.mark.parametrize(("comes_back", "is_told"), [(True, True), (False, False)])
def test_who_gets_none_is_told_why(client, comes_back, is_told):
    if comes_back:
        closing.delete_person(arrive(client, "nina@example.com"))
    cache.clear()
    sign_up(client, "nina@example.com")
    verify(client, "nina@example.com")

    page = client.get("/dashboard/", follow=True).content.decode()
    assert ("You have no free credits" in page) is is_told


def had_them(client, settings):
    arrive(client, "nina@example.com")
    return "nina+2@example.com"


def budget_used(client, settings):
    settings.FREE_CREDITS_GRANTS_PER_DOMAIN = 1
    arrive(client, "nina@example.com")
    return "otto@example.com"


@pytest.mark.parametrize("without", [had_them, budget_used])
def test_the_reason_stands_on_the_first_page_and_names_no_other_address(client, settings, without):
    email = without(client, settings)
    cache.clear()
    sign_up(client, email)
    page = client.get(verify(client, email)["Location"])
    text = page.content.decode()

    reasons = [str(message) for message in page.context["messages"] if message.level_tag == "warning"]
    assert len(reasons) == 1
    assert f'<p class="note warning notice" role="status">{reasons[0]}</p>' in text
    assert "nina@example.com" not in text


def test_they_are_recognised_after_the_secret_was_changed(client, settings):
    closing.delete_person(arrive(client, "nina@example.com"))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret of this server, long enough to be one"

    arrive(client, "nina@example.com")

    assert free_credits_given() == 1


def test_a_second_organization_gets_none(client):
    nina = arrive(client, "nina@example.com")

    second = welcome.open_own(nina, name="Second")

    assert credits_of(second) == 0
    assert free_credits_given() == 1


def test_closing_everything_and_changing_the_address_brings_none(client):
    nina = arrive(client, "nina@example.com")
    closing.close_organization(nina.memberships.get().organization)
    EmailAddress.objects.filter(user=nina).delete()
    nina.email = "nina@elsewhere.example"
    nina.save()
    vouch_for(nina)

    assert credits_of(welcome.open_own(nina, name="Again")) == 0


def test_a_later_address_opens_no_second_organization(client):
    nina = arrive(client, "nina@example.com")
    nina.memberships.all().delete()
    address = EmailAddress.objects.create(user=nina, email="nina@second.example", verified=True)

    welcome.welcome_whoever_was_verified(EmailAddress, address)

    assert not nina.memberships.exists()


def test_who_was_invited_may_open_one_and_gets_the_credits_then(client):
    invited = make_user("ivan@example.com")
    Membership.objects.create(user=invited, organization=make_organization(), role=Role.MEMBER)
    client.force_login(invited)

    assert welcome.welcome(invited) is None
    client.post("/organizations/new/", {"name": "Ivan's own", "token": uuid4()})
    client.post("/organizations/new/", {"name": "Ivan's second", "token": uuid4()})

    balances = dict(Organization.objects.values_list("name", "credit_account__balance"))
    assert balances == {"Alice's shop": 10, "Ivan's own": 50, "Ivan's second": 0}
    assert b"Ivan&#x27;s second" in client.get("/dashboard/").content


def test_without_a_verified_address_there_are_none():
    unproven = User.objects.create_user("una@example.com", PASSWORD)

    assert credits_of(welcome.open_own(unproven, name="Una's")) == 0


def test_the_operator_may_give_none(client, settings):
    settings.FREE_CREDITS = 0

    arrive(client, "nina@example.com")

    assert free_credits_given() == 0
    assert Organization.objects.get().credit_account.balance == 0


def social_arrival(email, *, verified):
    user = User.objects.create_user(email)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    SocialAccount.objects.create(user=user, provider="google", uid=email)
    user_signed_up.send(sender=User, request=RequestFactory().get("/"), user=user, sociallogin=SocialLogin())
    return user


def test_who_comes_with_an_account_elsewhere_that_vouches_for_the_address_is_welcomed(monkeypatch):
    monkeypatch.setattr(welcome.invitations, "find_of_session", lambda request: None)

    nina = social_arrival("nina@example.com", verified=True)

    assert nina.memberships.get().organization.credit_account.balance == 50


def test_an_account_elsewhere_that_does_not_vouch_is_not_enough():
    assert not social_arrival("nina@example.com", verified=False).memberships.exists()
