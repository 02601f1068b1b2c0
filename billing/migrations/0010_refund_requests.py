"""Refunds that operators ask for, each refund that Stripe tells of, and indexes for what happens a day."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_support_rows"),
        ("billing", "0009_auto_recharge"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("refund_id", models.CharField(max_length=255, unique=True)),
                ("amount", models.PositiveBigIntegerField()),
                (
                    "has_failed",
                    models.BooleanField(default=False, help_text="The money came back to us, or never left."),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="RefundRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=500)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "public_id",
                    models.UUIDField(
                        default=uuid.uuid4, help_text="The form it came from: sent twice, it is one.", unique=True
                    ),
                ),
                ("amount", models.PositiveBigIntegerField(help_text="In the order's currency, in its minor unit.")),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "no answer yet"), ("taken", "Stripe has it"), ("failed", "failed")],
                        default="asked",
                        max_length=10,
                    ),
                ),
                (
                    "refund_id",
                    models.CharField(help_text="Stripe's name for it.", max_length=255, null=True, unique=True),
                ),
                ("error", models.TextField(blank=True, help_text="Why it failed.")),
                ("settled_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="ledgerentry",
            name="billing_entry_sign_fits_kind",
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
                    ("refund_back", "Refund Back"),
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
            index=models.Index(fields=["created", "kind", "amount"], name="billing_entry_day"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("paid_at__isnull", False)), fields=["paid_at"], name="billing_order_paid"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount__gt", 0),
                        ("debt", 0),
                        ("kind__in", ("grant", "purchase", "plan", "dispute_won", "refund_back")),
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
            model_name="refund",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="billing.payment"
            ),
        ),
        migrations.AddField(
            model_name="refundrequest",
            name="actor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="refundrequest",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="refund_requests", to="billing.order"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="billing_refundrequest_is_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="billing_refundrequest_has_reason"
            ),
        ),
    ]
