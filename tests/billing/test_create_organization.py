import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import api_keys
from accounts.models import Organization
from billing.selectors import Credits, credits_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


def create(*arguments: str) -> dict[str, str]:
    out = StringIO()
    call_command("create_organization", *arguments, stdout=out)
    facts: dict[str, str] = json.loads(out.getvalue())
    return facts


def test_an_organization_gets_credits_and_a_working_key():
    facts = create("Alice's shop", "--credits", "25")
    organization = Organization.objects.get()

    assert facts.keys() == {"organization_id", "api_key"}
    assert facts["organization_id"] == organization.public_id
    assert api_keys.find_active(facts["api_key"]).organization == organization
    assert credits_of(organization.credit_account.pk) == Credits(available=25, granted=25, used=0)
    assert organization.credit_account.plan.slug == "free"


def test_it_may_have_another_plan_and_no_credits():
    create("Alice's shop", "--credits", "0", "--plan", "pro")
    account = Organization.objects.get().credit_account

    assert (account.plan.slug, account.balance) == ("pro", 0)
    assert not account.entries.exists()


def test_two_organizations_may_share_a_name():
    assert create("Shop", "--credits", "1")["organization_id"] != create("Shop", "--credits", "1")["organization_id"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Shop", "--credits", "-1"], "--credits must be a whole number from 0"),
        (["Shop", "--credits", "1000000001"], "--credits must be"),
        (["Shop", "--credits", "9" * 40], "--credits must be"),
        (["Shop", "--credits", "1.5"], "invalid int"),
        (["Shop"], "--credits"),
        (["Shop", "--credits", "1", "--plan", "gold"], "There is no plan 'gold'. Plans: free, pro."),
        (["Shop", "--credits", "1", "--plan", "fr\0ee"], "There is no plan"),
        (["Shop", "--credits", "1", "--plan", ""], "There is no plan"),
        (["", "--credits", "1"], "NAME must have"),
        (["  ", "--credits", "1"], "NAME must have"),
        (["a\0b", "--credits", "1"], "NAME must have"),
        (["a\nb", "--credits", "1"], "NAME must have"),
        (["a" * 101, "--credits", "1"], "NAME must have"),
        (["a\udcff", "--credits", "1"], "NAME must have"),
    ],
)
def test_bad_arguments_are_explained_and_leave_nothing(arguments, words):
    with pytest.raises(CommandError) as refused:
        create(*arguments)

    assert words in str(refused.value)
    assert not Organization.objects.exists()
