import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction

from accounts.models import Membership, Organization, Role, User
from tests.factories import PASSWORD, make_member, make_organization, make_user

pytestmark = pytest.mark.django_db


def test_a_person_logs_in_with_email_in_any_case():
    alice = make_user("Alice@example.com")

    assert authenticate(username="aLICE@EXAMPLE.COM", password=PASSWORD) == alice
    assert authenticate(username="alice@example.com", password="wrong") is None


def test_an_email_is_taken_in_any_case():
    make_user("alice@example.com")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("ALICE@example.com")


@pytest.mark.parametrize("email", ["", "   "])
def test_a_person_needs_an_email(email):
    with pytest.raises(ValueError, match="e-mail"):
        User.objects.create_user(email, PASSWORD)


def test_without_a_password_nobody_logs_in():
    alice = User.objects.create_user("alice@example.com")

    assert not alice.has_usable_password()
    assert not alice.is_staff


def test_a_superuser_is_staff():
    sam = User.objects.create_superuser("sam@example.com", PASSWORD)

    assert sam.is_staff
    assert sam.is_superuser


def test_a_person_is_in_an_organization_once():
    organization = make_organization()
    alice = make_member(organization, role=Role.OWNER)

    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=alice, organization=organization, role=Role.MEMBER)


def test_an_unknown_role_is_refused_by_the_schema():
    organization = make_organization()

    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=make_user(), organization=organization, role="emperor")


def test_public_ids_are_random_and_typed():
    first, second = make_organization().public_id, make_organization().public_id

    assert first != second
    assert first.startswith("org_")
    assert len(first) == len("org_") + 20


def test_an_organization_needs_a_name():
    with pytest.raises(IntegrityError), transaction.atomic():
        Organization.objects.create(name="")
