"""Events of Stripe's are permanent like ledger entries, whose table was rebuilt just now and lost its triggers."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from billing import append_only


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.install(schema_editor.connection, [append_only.ENTRIES, append_only.EVENTS])


def lift(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.lift(schema_editor.connection, [append_only.EVENTS])


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_packs_orders_and_lots")]

    operations = [migrations.RunPython(install, lift)]
