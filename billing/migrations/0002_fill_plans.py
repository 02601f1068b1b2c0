"""The two plans that every install starts with; an operator may change or add to them in the admin."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

PLANS = [
    {
        "slug": "free",
        "name": "Free",
        "requests_per_minute": 60,
        "requests_per_second": 20,
        "max_concurrency": 16,
        "is_default": True,
    },
    {
        "slug": "pro",
        "name": "Pro",
        "requests_per_minute": 600,
        "requests_per_second": 60,
        "max_concurrency": 64,
        "is_default": False,
    },
]


def fill_plans(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    plans = apps.get_model("billing", "Plan")
    for plan in PLANS:
        plans.objects.get_or_create(slug=plan["slug"], defaults=plan)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_plans_and_ledger")]

    operations = [migrations.RunPython(fill_plans, migrations.RunPython.noop)]
