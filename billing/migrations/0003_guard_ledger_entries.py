"""Ledger entries cannot be changed or deleted, whoever asks. A migration that rebuilds the table must do this again."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from billing import append_only


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.install(schema_editor.connection, [append_only.ENTRIES])


def lift(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.lift(schema_editor.connection, [append_only.ENTRIES])


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_fill_plans")]

    operations = [migrations.RunPython(install, lift)]
