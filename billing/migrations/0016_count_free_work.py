"""Free work is counted by day, and a replay is known by the bytes that were paid for."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_support_rows"),
        ("billing", "0015_name_states_of_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyFreeUsage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(help_text="In UTC.")),
                ("replays", models.PositiveIntegerField(default=0, help_text="Repetitions under an Idempotency-Key.")),
                (
                    "tests",
                    models.PositiveIntegerField(default=0, help_text="Calls with test keys, and test runs on pages."),
                ),
                (
                    "late",
                    models.PositiveIntegerField(
                        default=0, help_text="v1.0 calls that were given up at their deadline."
                    ),
                ),
                (
                    "previews",
                    models.PositiveIntegerField(
                        default=0, help_text="Previews without an account, of the whole server."
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "daily free usage",
            },
        ),
        migrations.AddField(
            model_name="idempotencyclaim",
            name="image_digest",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="SHA-256 (hex) over the image bytes that were paid for; empty: delivered before this was kept.",
                max_length=64,
            ),
        ),
        migrations.AddField(
            model_name="idempotencyclaim",
            name="replays",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text="Repetitions without a charge."),
        ),
        migrations.AddConstraint(
            model_name="idempotencyclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(("replays__lte", 10)), name="billing_claim_replays_bounded"
            ),
        ),
        migrations.AddField(
            model_name="dailyfreeusage",
            name="organization",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="free_usage",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="dailyfreeusage",
            name="person",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="free_usage",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="dailyfreeusage",
            constraint=models.CheckConstraint(
                condition=models.Q(("organization", None), ("person", None), _connector="OR"),
                name="billing_freeusage_has_one_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="dailyfreeusage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("organization__isnull", False)),
                fields=("day", "organization"),
                name="billing_freeusage_organization_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="dailyfreeusage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("person__isnull", False)),
                fields=("day", "person"),
                name="billing_freeusage_person_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="dailyfreeusage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("organization", None), ("person", None)),
                fields=("day",),
                name="billing_freeusage_server_once",
            ),
        ),
    ]
