"""Bound what an operator enters, note failed fulfilments, and keep daily budgets of free credits.

Values beyond the bounds never worked: their credits could not be given. They become the bound, so that they do.
"""

import django.core.validators
import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from billing import append_only

GUARDS = [append_only.CONSENTS, append_only.REFUND_REQUESTS]
CREDITS, PRICE, DAYS, RECHARGES = 1_000_000_000, 99_999_999, 36_500, 1000
BOUNDS = (
    ("Pack", {"credits": CREDITS, "expires_after_days": DAYS}),
    ("PackPrice", {"amount": PRICE}),
    ("PlanPrice", {"amount": PRICE}),
    ("Plan", {"monthly_credits": CREDITS}),
    ("PlanTerms", {"credits": CREDITS, "amount": PRICE}),
    ("PlanInvoice", {"credits": CREDITS}),
    ("Order", {"credits": CREDITS, "amount": PRICE, "expires_after_days": DAYS}),
    ("CreditAccount", {"low_credit_threshold": CREDITS, "auto_recharge_threshold": CREDITS}),
    ("RefundRequest", {"amount": PRICE}),
    (
        "RechargeConsent",
        {
            "threshold": CREDITS,
            "credits": CREDITS,
            "amount": PRICE,
            "most_per_month": RECHARGES,
            "expires_after_days": DAYS,
        },
    ),
)


def lift(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Remove the triggers: SQLite drops them with the table that it makes again."""
    append_only.lift(schema_editor.connection, GUARDS)


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.install(schema_editor.connection, GUARDS)


def clamp(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Set each value beyond a bound to the bound."""
    for name, bounds in BOUNDS:
        rows = models.QuerySet(apps.get_model("billing", name))
        for field, most in bounds.items():
            rows.filter(**{f"{field}__gt": most}).update(**{field: most})
            if field == "expires_after_days":
                rows.filter(**{field: 0}).update(**{field: 1})


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_support_rows"),
        ("billing", "0017_erase_personal_data"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FreeCreditDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("address", "IPv4 address or IPv6 /64"),
                            ("network", "IPv4 /24 or IPv6 /48"),
                            ("domain", "mail domain"),
                            ("everyone", "everyone"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "subject",
                    models.CharField(blank=True, help_text="A keyed hash: it shows nobody's address.", max_length=64),
                ),
                ("grants", models.PositiveIntegerField(default=0)),
                ("credits", models.PositiveBigIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0, help_text="Grants that this budget refused.")),
            ],
        ),
        migrations.CreateModel(
            name="FreeCreditRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("card", "no card or purchase yet"),
                            ("approval", "an operator approves each one"),
                            ("budget", "a daily budget was used up"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("granted", "granted"), ("refused", "refused")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("subjects", models.JSONField(default=dict, editable=False)),
                ("decided_at", models.DateTimeField(null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name="order",
            name="credits_failed_at",
            field=models.DateTimeField(
                help_text="When the payment had arrived and its credits could not be given; empty once they are.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="planinvoice",
            name="credits_failed_at",
            field=models.DateTimeField(
                help_text="When it was paid and its credits could not be given; empty once they are.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="creditaccount",
            name="low_credit_threshold",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Owners and admins get a mail when the balance falls to this; empty: none.",
                null=True,
                validators=[django.core.validators.MaxValueValidator(1000000000)],
            ),
        ),
        migrations.AlterField(
            model_name="pack",
            name="credits",
            field=models.PositiveIntegerField(
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(1000000000),
                ]
            ),
        ),
        migrations.AlterField(
            model_name="pack",
            name="expires_after_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Empty: these credits never expire.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(36500),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="packprice",
            name="amount",
            field=models.PositiveBigIntegerField(
                help_text="In the minor unit: 500 means 5.00 EUR, and 500 JPY.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(99999999),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="plan",
            name="monthly_credits",
            field=models.PositiveIntegerField(
                db_default=0, default=0, validators=[django.core.validators.MaxValueValidator(1000000000)]
            ),
        ),
        migrations.AlterField(
            model_name="planprice",
            name="amount",
            field=models.PositiveBigIntegerField(
                help_text="In the minor unit: 500 means 5.00 EUR, and 500 JPY.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(99999999),
                ],
            ),
        ),
        migrations.AddField(
            model_name="creditaccount",
            name="low_credit_mailed_at",
            field=models.DateTimeField(editable=False, help_text="When the last such mail was sent.", null=True),
        ),
        migrations.RunPython(lift, install),
        migrations.RunPython(clamp, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="creditaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("low_credit_threshold", None), ("low_credit_threshold__lte", 1000000000), _connector="OR"
                    ),
                    models.Q(
                        ("auto_recharge_threshold", None), ("auto_recharge_threshold__lte", 1000000000), _connector="OR"
                    ),
                ),
                name="billing_account_thresholds_within_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__lte", 99999999),
                    ("credits__lte", 1000000000),
                    models.Q(("expires_after_days", None), ("expires_after_days__range", (1, 36500)), _connector="OR"),
                ),
                name="billing_order_within_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="pack",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("credits__lte", 1000000000),
                    models.Q(("expires_after_days", None), ("expires_after_days__range", (1, 36500)), _connector="OR"),
                ),
                name="billing_pack_within_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="packprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__lte", 99999999)), name="billing_packprice_within_bounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("monthly_credits__lte", 1000000000)), name="billing_plan_within_bounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="planinvoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("credits__lte", 1000000000)), name="billing_planinvoice_within_bounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="planprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__lte", 99999999)), name="billing_planprice_within_bounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="planterms",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__lte", 99999999), ("credits__lte", 1000000000)),
                name="billing_planterms_within_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="rechargeconsent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__lte", 99999999),
                    ("credits__lte", 1000000000),
                    ("most_per_month__lte", 1000),
                    ("threshold__lte", 1000000000),
                    models.Q(("expires_after_days", None), ("expires_after_days__range", (1, 36500)), _connector="OR"),
                ),
                name="billing_consent_within_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__lte", 99999999)), name="billing_refundrequest_within_bounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="freecreditday",
            constraint=models.UniqueConstraint(fields=("day", "kind", "subject"), name="billing_freecreditday_once"),
        ),
        migrations.AddField(
            model_name="freecreditrequest",
            name="decided_by",
            field=models.ForeignKey(
                help_text="Empty: no operator.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="freecreditrequest",
            name="organization",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="free_credit_request",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="freecreditrequest",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="freecreditrequest",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["created"], name="billing_freecredits_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="freecreditrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("state", "waiting")),
                    models.Q(models.Q(("state", "waiting"), _negated=True), ("decided_at__isnull", False)),
                    _connector="OR",
                ),
                name="billing_freecreditrequest_decided_once",
            ),
        ),
        migrations.RunPython(install, lift),
    ]
