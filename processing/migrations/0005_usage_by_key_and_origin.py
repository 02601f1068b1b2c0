import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_caps_networks_and_test_keys"),
        ("processing", "0004_record_origin"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="dailyusage",
            name="one_count_per_day",
        ),
        migrations.RemoveIndex(
            model_name="removalrecord",
            name="record_by_organization",
        ),
        migrations.AddField(
            model_name="dailyusage",
            name="api_key",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="accounts.apikey"
            ),
        ),
        migrations.AddField(
            model_name="dailyusage",
            name="origin",
            field=models.CharField(
                choices=[("api", "API"), ("playground", "Playground"), ("trial", "Trial")],
                db_default="api",
                default="api",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="removalrecord",
            name="is_counted",
            field=models.BooleanField(db_default=False, default=False, help_text="It is in the daily usage by now."),
        ),
        migrations.AddIndex(
            model_name="removalrecord",
            index=models.Index(
                fields=["organization", "-created", "status", "origin", "api_key", "took_ms"], name="record_for_usage"
            ),
        ),
        migrations.AddIndex(
            model_name="removalrecord",
            index=models.Index(
                condition=models.Q(("is_counted", False)),
                fields=["organization", "created", "status", "origin", "api_key", "credits_charged", "is_counted"],
                name="record_uncounted",
            ),
        ),
        migrations.AddConstraint(
            model_name="dailyusage",
            constraint=models.UniqueConstraint(
                fields=("organization", "day", "status", "origin", "api_key"), name="one_count_per_day_and_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="dailyusage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("api_key", None)),
                fields=("organization", "day", "status", "origin"),
                name="one_count_per_day_without_key",
            ),
        ),
    ]
