import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import accounts.models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_invite_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="allowed_networks",
            field=models.JSONField(
                blank=True,
                help_text='Networks it may be used from, such as ["192.0.2.0/24"]; empty: from everywhere.',
                null=True,
                validators=[accounts.models.validate_networks],
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="is_test",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Free of charge; its cutouts are samples. Told by its first letters.",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="monthly_credit_cap",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Credits it may use in a calendar month (UTC); empty: as many as there are.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="rotated_from",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="The first key of the line that it goes on: they share what they used of a month.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="rotations",
                to="accounts.apikey",
            ),
        ),
    ]
