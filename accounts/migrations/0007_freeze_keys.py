from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_names_are_plain"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="keys_frozen_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Set: its keys are refused while a payment is disputed.",
                null=True,
            ),
        ),
    ]
