"""Money of a plan's invoice is returned as an order's is; requests stay as permanent as they were."""

from dataclasses import replace

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from billing import append_only

BEFORE = replace(
    append_only.REFUND_REQUESTS,
    columns=tuple(name for name in append_only.REFUND_REQUESTS.columns if name != "invoice_id"),
)


def lift(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.lift(schema_editor.connection, [append_only.REFUND_REQUESTS])


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.install(schema_editor.connection, [append_only.REFUND_REQUESTS])


def install_as_before(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.install(schema_editor.connection, [BEFORE])


class Migration(migrations.Migration):
    dependencies = [("billing", "0012_consent_to_expiry")]

    operations = [
        # SQLite makes the table anew for this, and forgets its triggers; PostgreSQL keeps those of the old columns.
        migrations.RunPython(lift, install_as_before),
        migrations.AddField(
            model_name="refundrequest",
            name="invoice",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refund_requests",
                to="billing.planinvoice",
            ),
        ),
        migrations.AlterField(
            model_name="refundrequest",
            name="amount",
            field=models.PositiveBigIntegerField(help_text="In the sale's currency, in its minor unit."),
        ),
        migrations.AlterField(
            model_name="refundrequest",
            name="order",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refund_requests",
                to="billing.order",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("invoice", None), ("order__isnull", False)),
                    models.Q(("invoice__isnull", False), ("order", None)),
                    _connector="OR",
                ),
                name="billing_refundrequest_of_one_sale",
            ),
        ),
        migrations.AddIndex(
            model_name="planinvoice",
            index=models.Index(
                condition=models.Q(("paid_at__isnull", False)), fields=["paid_at"], name="billing_planinvoice_paid"
            ),
        ),
        migrations.RunPython(install, lift),
    ]
