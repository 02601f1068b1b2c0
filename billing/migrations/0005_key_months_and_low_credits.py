import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_caps_networks_and_test_keys"),
        ("billing", "0004_count_megapixels"),
    ]

    operations = [
        migrations.AddField(
            model_name="creditaccount",
            name="low_credit_threshold",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Owners and admins get a mail when the balance falls to this; empty: none.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="creditaccount",
            name="low_credit_warned_at",
            field=models.DateTimeField(
                editable=False, help_text="The mail of this fall was sent; empty again above the threshold.", null=True
            ),
        ),
        migrations.CreateModel(
            name="KeyMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(help_text="Its first day.")),
                ("held", models.BigIntegerField(default=0)),
                ("spent", models.BigIntegerField(default=0)),
                (
                    "api_key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="months", to="accounts.apikey"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="credithold",
            name="key_month",
            field=models.ForeignKey(
                help_text="Empty: no key asked for it.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="holds",
                to="billing.keymonth",
            ),
        ),
        migrations.AddConstraint(
            model_name="keymonth",
            constraint=models.UniqueConstraint(fields=("api_key", "month"), name="billing_keymonth_once"),
        ),
        migrations.AddConstraint(
            model_name="keymonth",
            constraint=models.CheckConstraint(
                condition=models.Q(("held__gte", 0)), name="billing_keymonth_held_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="keymonth",
            constraint=models.CheckConstraint(
                condition=models.Q(("spent__gte", 0)), name="billing_keymonth_spent_not_negative"
            ),
        ),
    ]
