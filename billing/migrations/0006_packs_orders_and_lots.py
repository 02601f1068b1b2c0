import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_freeze_keys"),
        ("billing", "0005_key_months_and_low_credits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditLot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("left", models.BigIntegerField()),
                ("expires_at", models.DateTimeField(help_text="As in its entry.", null=True)),
                ("warned_at", models.DateTimeField(help_text="The mail that it expires soon was sent.", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("dispute_id", models.CharField(max_length=255, unique=True)),
                ("amount", models.PositiveBigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.CharField(blank=True, max_length=100)),
                (
                    "stage",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "a question, no money was taken"),
                            (2, "a question that was answered"),
                            (3, "open, the money was taken back"),
                            (4, "lost"),
                            (5, "won"),
                        ]
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("pack_name", models.CharField(max_length=50)),
                ("click_token", models.UUIDField(help_text="The button it came from: clicked twice, it is one order.")),
                ("credits", models.PositiveIntegerField()),
                ("amount", models.PositiveBigIntegerField(help_text="In the currency's minor unit.")),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z]{3}$", "Write the currency as three small letters, such as eur."
                            )
                        ],
                    ),
                ),
                ("expires_after_days", models.PositiveIntegerField(null=True)),
                ("livemode", models.BooleanField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "not paid yet"),
                            ("awaiting", "payment is on its way"),
                            ("expired", "left unpaid"),
                            ("failed", "payment failed"),
                            ("paid", "paid"),
                            ("partly_refunded", "refunded in part"),
                            ("refunded", "refunded"),
                            ("disputed", "disputed"),
                            ("charged_back", "charged back"),
                        ],
                        default="pending",
                        max_length=20,
                    ),
                ),
                ("problem", models.TextField(blank=True, help_text="What does not agree; somebody has to look.")),
                ("checkout_session_id", models.CharField(max_length=255, null=True, unique=True)),
                ("checkout_url", models.TextField(blank=True)),
                ("payment_intent_id", models.CharField(max_length=255, null=True, unique=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("paid_at", models.DateTimeField(help_text="When its credits were given.", null=True)),
                ("checked_at", models.DateTimeField(help_text="When Stripe was last asked about it.", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Pack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50)),
                ("credits", models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)])),
                ("is_active", models.BooleanField(default=True, help_text="Off: nobody can buy it any more.")),
                (
                    "expires_after_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty: these credits never expire.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="PackPrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z]{3}$", "Write the currency as three small letters, such as eur."
                            )
                        ],
                    ),
                ),
                (
                    "amount",
                    models.PositiveBigIntegerField(
                        help_text="In the minor unit: 500 means 5.00 EUR, and 500 JPY.",
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("payment_intent_id", models.CharField(max_length=255, unique=True)),
                ("livemode", models.BooleanField()),
                (
                    "amount_refunded",
                    models.PositiveBigIntegerField(default=0, help_text="In all, and the most that was ever told."),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="PlanPrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z]{3}$", "Write the currency as three small letters, such as eur."
                            )
                        ],
                    ),
                ),
                (
                    "amount",
                    models.PositiveBigIntegerField(
                        help_text="In the minor unit: 500 means 5.00 EUR, and 500 JPY.",
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StripeCustomer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("livemode", models.BooleanField()),
                (
                    "customer_id",
                    models.CharField(
                        help_text="Empty: Stripe was not told yet.", max_length=255, null=True, unique=True
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        help_text="As it was told to Stripe; it may have been changed there.", max_length=254
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="StripeEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=255, unique=True)),
                ("type", models.CharField(db_index=True, max_length=100)),
                ("livemode", models.BooleanField()),
                ("payload", models.JSONField()),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("processed", "Processed"),
                            ("ignored", "Ignored"),
                            ("failed", "Failed"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("error", models.TextField(blank=True, help_text="Why it failed, or why it was ignored.")),
                ("settled_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="ledgerentry",
            name="billing_entry_sign_fits_kind",
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="debt",
            field=models.BigIntegerField(db_default=0, default=0, help_text="How it changed what is owed to us."),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="expires_at",
            field=models.DateTimeField(help_text="When what is left of these credits expires.", null=True),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="origin",
            field=models.ForeignKey(
                db_index=False,
                help_text="The entry that brought the credits which this one takes or gives back.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consequences",
                to="billing.ledgerentry",
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="monthly_credits",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="plan",
            name="rollover",
            field=models.CharField(
                choices=[
                    ("none", "They expire with the month"),
                    ("one_month", "They expire a month later"),
                    ("forever", "They stay"),
                ],
                db_default="none",
                default="none",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("grant", "Grant"),
                    ("purchase", "Purchase"),
                    ("plan", "Plan"),
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
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("origin__isnull", False)), fields=["origin"], name="billing_entry_origin"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount__gt", 0), ("debt", 0), ("kind__in", ("grant", "purchase", "plan", "dispute_won"))
                    ),
                    models.Q(("amount__lt", 0), ("debt", 0), ("kind__in", ["use", "expire"])),
                    models.Q(("amount__lt", 0), ("debt__gte", 0), ("kind__in", ("refund", "dispute"))),
                    models.Q(("amount", 0), ("debt__gt", 0), ("kind__in", ("refund", "dispute"))),
                    models.Q(models.Q(("debt", 0), ("kind", "adjust")), models.Q(("amount", 0), _negated=True)),
                    models.Q(("amount__lt", 0), ("debt", models.F("amount")), ("kind", "adjust")),
                    _connector="OR",
                ),
                name="billing_entry_sign_fits_kind",
            ),
        ),
        migrations.AddField(
            model_name="creditlot",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="billing.creditaccount"
            ),
        ),
        migrations.AddField(
            model_name="creditlot",
            name="entry",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="lot", to="billing.ledgerentry"
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="actor",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="accounts.organization"
            ),
        ),
        migrations.AddConstraint(
            model_name="pack",
            constraint=models.CheckConstraint(condition=models.Q(("credits__gt", 0)), name="billing_pack_has_credits"),
        ),
        migrations.AddField(
            model_name="order",
            name="pack",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="billing.pack"
            ),
        ),
        migrations.AddField(
            model_name="packprice",
            name="pack",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="prices", to="billing.pack"
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="disputes", to="billing.payment"
            ),
        ),
        migrations.AddField(
            model_name="planprice",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="prices", to="billing.plan"
            ),
        ),
        migrations.AddField(
            model_name="stripecustomer",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="stripe_customers", to="accounts.organization"
            ),
        ),
        migrations.AddIndex(
            model_name="stripeevent",
            index=models.Index(
                condition=models.Q(("state", "failed")), fields=["created"], name="billing_stripeevent_failed"
            ),
        ),
        migrations.AddConstraint(
            model_name="stripeevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("event_id", ""), _negated=True), name="billing_stripeevent_has_id"
            ),
        ),
        migrations.AddIndex(
            model_name="creditlot",
            index=models.Index(
                condition=models.Q(("left__gt", 0)), fields=["account"], name="billing_lot_with_credits"
            ),
        ),
        migrations.AddIndex(
            model_name="creditlot",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False), ("left__gt", 0)),
                fields=["expires_at"],
                name="billing_lot_expiring",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditlot",
            constraint=models.CheckConstraint(condition=models.Q(("left__gte", 0)), name="billing_lot_not_overdrawn"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["checked_at"],
                condition=models.Q(("state__in", ("pending", "awaiting"))),
                name="billing_order_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("organization", "click_token"), name="billing_order_click_once"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("credits__gt", 0)), name="billing_order_is_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_at", None), ("state__in", ("pending", "awaiting", "expired", "failed"))),
                    models.Q(
                        models.Q(("state__in", ("pending", "awaiting", "expired", "failed")), _negated=True),
                        ("paid_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="billing_order_paid_when_its_state_says_so",
            ),
        ),
        migrations.AddConstraint(
            model_name="packprice",
            constraint=models.UniqueConstraint(fields=("pack", "currency"), name="billing_packprice_once"),
        ),
        migrations.AddConstraint(
            model_name="packprice",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="billing_packprice_positive"),
        ),
        migrations.AddConstraint(
            model_name="planprice",
            constraint=models.UniqueConstraint(fields=("plan", "currency"), name="billing_planprice_once"),
        ),
        migrations.AddConstraint(
            model_name="planprice",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="billing_planprice_positive"),
        ),
        migrations.AddConstraint(
            model_name="stripecustomer",
            constraint=models.UniqueConstraint(fields=("organization", "livemode"), name="billing_stripecustomer_once"),
        ),
    ]
