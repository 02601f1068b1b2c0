import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_people_and_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("balance", models.BigIntegerField(default=0, editable=False)),
                ("held", models.BigIntegerField(default=0, editable=False)),
                ("debt", models.BigIntegerField(default=0, editable=False)),
                ("auto_recharge_threshold", models.PositiveIntegerField(blank=True, null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_account",
                        to="accounts.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IdempotencyClaim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(help_text="Our hash of what was asked.", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "Running"), ("delivered", "Delivered")], default="running", max_length=10
                    ),
                ),
                (
                    "attempt",
                    models.PositiveIntegerField(
                        default=1, help_text="Who works on it now; one more for each takeover."
                    ),
                ),
                (
                    "lease_expires_at",
                    models.DateTimeField(help_text="A running claim past this belongs to a dead process."),
                ),
                (
                    "expires_at",
                    models.DateTimeField(db_index=True, help_text="Until then a delivered key is free.", null=True),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="claims", to="billing.creditaccount"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CreditHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("held", "Held"), ("captured", "Captured"), ("released", "Released")],
                        default="held",
                        max_length=10,
                    ),
                ),
                ("owner", models.CharField(help_text="The process that works on it.", max_length=200)),
                ("lease_expires_at", models.DateTimeField(help_text="A hold past this belongs to a dead process.")),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="billing.creditaccount"
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="holds",
                        to="billing.idempotencyclaim",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grant", "Grant"),
                            ("purchase", "Purchase"),
                            ("use", "Use"),
                            ("refund", "Refund"),
                            ("adjust", "Adjust"),
                            ("expire", "Expire"),
                            ("dispute", "Dispute"),
                            ("dispute_won", "Dispute Won"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reference", models.CharField(max_length=200)),
                ("amount", models.BigIntegerField()),
                ("balance_after", models.BigIntegerField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="billing.creditaccount"
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "ledger entries",
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=50)),
                ("requests_per_minute", models.PositiveIntegerField()),
                (
                    "requests_per_second",
                    models.PositiveIntegerField(help_text="The burst: never more than this in one second."),
                ),
                (
                    "max_concurrency",
                    models.PositiveIntegerField(help_text="Images of one organization worked on at once."),
                ),
                ("is_default", models.BooleanField(default=False, help_text="New organizations get this plan.")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="billing_plan_one_default",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_concurrency__gt", 0), ("requests_per_minute__gt", 0), ("requests_per_second__gt", 0)
                        ),
                        name="billing_plan_lets_someone_in",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="creditaccount",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="billing.plan"
            ),
        ),
        migrations.AddConstraint(
            model_name="idempotencyclaim",
            constraint=models.UniqueConstraint(fields=("account", "key"), name="billing_claim_key_once"),
        ),
        migrations.AddConstraint(
            model_name="idempotencyclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("expires_at", None), ("state", "running")),
                    models.Q(("expires_at__isnull", False), ("state", "delivered")),
                    _connector="OR",
                ),
                name="billing_claim_expires_once_delivered",
            ),
        ),
        migrations.AddIndex(
            model_name="credithold",
            index=models.Index(
                condition=models.Q(("state", "held")), fields=["lease_expires_at"], name="billing_hold_open_lease"
            ),
        ),
        migrations.AddConstraint(
            model_name="credithold",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="billing_hold_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="credithold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at", None), ("state", "held")),
                    models.Q(("settled_at__isnull", False), ("state__in", ["captured", "released"])),
                    _connector="OR",
                ),
                name="billing_hold_settled_once_not_held",
            ),
        ),
        migrations.AddConstraint(
            model_name="credithold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "captured")), fields=("claim",), name="billing_hold_claim_captured_once"
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("kind", "use"), _negated=True), fields=["account"], name="billing_entry_not_use"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(fields=("kind", "reference"), name="billing_entry_event_once"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("kind__in", ("grant", "purchase", "dispute_won"))),
                    models.Q(("amount__lt", 0), ("kind__in", ("use", "refund", "expire", "dispute"))),
                    models.Q(models.Q(("kind", "adjust")), models.Q(("amount", 0), _negated=True)),
                    _connector="OR",
                ),
                name="billing_entry_sign_fits_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("balance_after__gte", 0)), name="billing_entry_balance_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("reference", ""), _negated=True), name="billing_entry_has_reference"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("balance__gte", 0)), name="billing_account_balance_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("held__gte", 0)), name="billing_account_held_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("held__lte", models.F("balance"))), name="billing_account_held_is_owned"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("debt__gte", 0)), name="billing_account_debt_not_negative"
            ),
        ),
    ]
