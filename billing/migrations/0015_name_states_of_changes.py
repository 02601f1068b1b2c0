"""Words for what became of a change: people read them in the admin."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0014_void_invoices_and_waiting_upgrades"),
    ]

    operations = [
        migrations.AlterField(
            model_name="planchange",
            name="state",
            field=models.CharField(
                choices=[
                    ("begun", "begun"),
                    ("waiting", "waits for the bank"),
                    ("done", "made"),
                    ("refused", "refused"),
                    ("given_up", "given up"),
                ],
                default="begun",
                max_length=10,
            ),
        ),
    ]
