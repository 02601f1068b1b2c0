"""Customers at Stripe can be erased and created again; of events that were stored before, only facts are kept."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from billing import append_only
from billing.event_facts import facts_of


def keep_facts_of_events(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    append_only.lift(connection, [append_only.EVENTS])
    events = apps.get_model("billing", "StripeEvent")
    for event in events.objects.using(connection.alias).iterator():
        events.objects.using(connection.alias).filter(pk=event.pk).update(payload=facts_of(event.payload))
    append_only.install(connection, [append_only.EVENTS])


class Migration(migrations.Migration):
    dependencies = [("billing", "0016_count_free_work")]

    operations = [
        migrations.AlterField(
            model_name="stripecustomer",
            name="email",
            field=models.EmailField(
                blank=True,
                help_text="As it was told to Stripe; it may have been changed there. Empty: erased.",
                max_length=254,
            ),
        ),
        migrations.AlterField(
            model_name="stripecustomer", name="name", field=models.CharField(blank=True, max_length=100)
        ),
        migrations.AddField(
            model_name="stripecustomer",
            name="generation",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="How many customers of this organization were deleted at Stripe before.",
            ),
        ),
        migrations.AddField(
            model_name="stripecustomer",
            name="erased_digests",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Set: Stripe still has an address or a name of a deleted person, and is to replace it.",
                max_length=500,
            ),
        ),
        migrations.AddField(
            model_name="stripecustomer",
            name="checked_at",
            field=models.DateTimeField(
                help_text="When a closed organization's customer was last looked at.", null=True
            ),
        ),
        migrations.AddField(
            model_name="stripecustomer",
            name="deleted_at",
            field=models.DateTimeField(help_text="When it was deleted at Stripe, after closing.", null=True),
        ),
        migrations.RunPython(keep_facts_of_events, migrations.RunPython.noop),
    ]
