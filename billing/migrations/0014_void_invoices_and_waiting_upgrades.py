"""Invoices that nobody owes any more, and upgrades that wait until their person confirms the payment."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0013_refund_plan_invoices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="planinvoice",
            name="billing_planinvoice_paid_when_its_state_says_so",
        ),
        migrations.AddField(
            model_name="planchange",
            name="invoice",
            field=models.ForeignKey(
                help_text="What an upgrade waits for, where the bank wants the person to confirm it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="billing.planinvoice",
            ),
        ),
        migrations.AddField(
            model_name="planchange",
            name="waits_until",
            field=models.DateTimeField(help_text="When Stripe drops what nobody confirmed.", null=True),
        ),
        migrations.AlterField(
            model_name="planchange",
            name="state",
            field=models.CharField(
                choices=[
                    ("begun", "Begun"),
                    ("waiting", "Waiting"),
                    ("done", "Done"),
                    ("refused", "Refused"),
                    ("given_up", "Given Up"),
                ],
                default="begun",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="planinvoice",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "not paid yet"),
                    ("failed", "payment failed"),
                    ("void", "no longer owed"),
                    ("paid", "paid"),
                    ("partly_refunded", "refunded in part"),
                    ("refunded", "refunded"),
                    ("disputed", "disputed"),
                    ("charged_back", "charged back"),
                ],
                default="open",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ("upgrade", "downgrade", "keep")), ("state__in", ("begun", "waiting"))),
                fields=("subscription",),
                name="billing_planchange_one_of_terms",
            ),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "waiting"), _negated=True),
                    models.Q(("invoice__isnull", False), ("waits_until__isnull", False)),
                    _connector="OR",
                ),
                name="billing_planchange_waits_for_its_invoice",
            ),
        ),
        migrations.AddConstraint(
            model_name="planinvoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_at", None), ("state__in", ("open", "failed", "void"))),
                    models.Q(
                        models.Q(("state__in", ("open", "failed", "void")), _negated=True),
                        ("paid_at__isnull", False),
                        ("subscription__isnull", False),
                        ("terms__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="billing_planinvoice_paid_when_its_state_says_so",
            ),
        ),
    ]
