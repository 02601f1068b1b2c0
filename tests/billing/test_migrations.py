import pytest
from django.core.management import call_command

from billing.models import Plan

pytestmark = pytest.mark.django_db


def test_every_model_has_its_migration():
    call_command("makemigrations", "--check", "--dry-run", "--verbosity", "0")


def test_the_plans_are_there():
    facts = ("slug", "requests_per_minute", "requests_per_second", "max_concurrency", "is_default")

    assert list(Plan.objects.order_by("slug").values_list(*facts)) == [
        ("free", 60, 20, 16, True),
        ("pro", 600, 60, 64, False),
    ]
