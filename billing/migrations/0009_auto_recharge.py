"""What recharging needs: permanent consents, saved cards, its state, mails that are owed, and orders of its kind."""

import uuid

import django.core.validators
import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from billing import append_only


def install(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.install(schema_editor.connection, [append_only.CONSENTS])


def lift(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    append_only.lift(schema_editor.connection, [append_only.CONSENTS])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_freeze_keys"),
        ("billing", "0008_subscriptions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AutoRecharge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("off", "off"), ("on", "on"), ("stopped", "stopped")], default="off", max_length=10
                    ),
                ),
                (
                    "stop_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("declined", "The card was declined several times."),
                            ("offer_changed", "The pack is not sold any more as it was agreed."),
                            ("card_gone", "The card was removed at the payment service."),
                            ("disputed", "A payment was disputed."),
                        ],
                        max_length=20,
                    ),
                ),
                ("declines", models.PositiveSmallIntegerField(default=0, help_text="In a row.")),
                ("last_attempt_at", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(help_text="Nothing is charged until then.", null=True)),
                (
                    "ended_at",
                    models.DateTimeField(help_text="When it was last turned off: older consents are void.", null=True),
                ),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="RechargeConsent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "click_token",
                    models.UUIDField(help_text="The button it came from: clicked twice, it is one consent."),
                ),
                ("livemode", models.BooleanField()),
                ("version", models.CharField(max_length=20)),
                ("language", models.CharField(max_length=10)),
                ("text", models.TextField()),
                ("threshold", models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)])),
                ("pack_name", models.CharField(max_length=50)),
                ("credits", models.PositiveIntegerField()),
                ("amount", models.PositiveBigIntegerField(help_text="Of one recharge, in the currency's minor unit.")),
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
                ("most_per_month", models.PositiveSmallIntegerField(help_text="Recharges in one month of UTC.")),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="RechargeNews",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("recharged", "recharged"),
                            ("declined", "declined"),
                            ("needs_person", "the bank wants the person"),
                            ("stopped", "stopped"),
                            ("cap_reached", "no more this month"),
                        ],
                        max_length=20,
                    ),
                ),
                ("about", models.CharField(help_text="What it tells of, so that it is told once.", max_length=100)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "recharge news",
            },
        ),
        migrations.CreateModel(
            name="SavedCard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("livemode", models.BooleanField()),
                ("setup_intent_id", models.CharField(max_length=255, unique=True)),
                (
                    "payment_method_id",
                    models.CharField(help_text="Empty: not heard of yet.", max_length=255, null=True, unique=True),
                ),
                ("brand", models.CharField(blank=True, max_length=30)),
                ("last4", models.CharField(blank=True, max_length=4)),
                ("exp_month", models.PositiveSmallIntegerField(null=True)),
                ("exp_year", models.PositiveSmallIntegerField(null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("removed_at", models.DateTimeField(help_text="From then on it is charged no more.", null=True)),
                ("detached_at", models.DateTimeField(help_text="When Stripe was told to forget it, too.", null=True)),
            ],
        ),
        migrations.AddField(
            model_name="order",
            name="kind",
            field=models.CharField(
                choices=[("checkout", "bought on a page"), ("recharge", "bought by itself")],
                db_default="checkout",
                default="checkout",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="needs_person_at",
            field=models.DateTimeField(help_text="When the bank first asked for the card's holder.", null=True),
        ),
        migrations.AlterField(
            model_name="creditaccount",
            name="auto_recharge_threshold",
            field=models.PositiveIntegerField(
                blank=True,
                editable=False,
                help_text="Below it a pack is bought; empty: never (see AutoRecharge).",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="creditaccount",
            index=models.Index(
                condition=models.Q(("auto_recharge_threshold__isnull", False)),
                fields=["auto_recharge_threshold"],
                name="billing_account_recharges",
            ),
        ),
        migrations.AddField(
            model_name="autorecharge",
            name="organization",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="auto_recharge", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="rechargeconsent",
            name="actor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="rechargeconsent",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="recharge_consents",
                to="accounts.organization",
            ),
        ),
        migrations.AddField(
            model_name="rechargeconsent",
            name="pack",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.pack"),
        ),
        migrations.AddField(
            model_name="autorecharge",
            name="consent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.rechargeconsent"
            ),
        ),
        migrations.AddField(
            model_name="rechargenews",
            name="order",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.order"
            ),
        ),
        migrations.AddField(
            model_name="rechargenews",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="recharge_news", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="savedcard",
            name="consent",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="card", to="billing.rechargeconsent"
            ),
        ),
        migrations.AddField(
            model_name="savedcard",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="saved_cards", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="saved_card",
            field=models.ForeignKey(
                help_text="What pays it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="billing.savedcard",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "checkout"), ("needs_person_at", None), ("saved_card", None)),
                    models.Q(("checkout_session_id", None), ("kind", "recharge"), ("saved_card__isnull", False)),
                    _connector="OR",
                ),
                name="billing_order_is_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "recharge"), ("state__in", ("pending", "awaiting"))),
                fields=("organization",),
                name="billing_order_one_recharge_at_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="rechargeconsent",
            constraint=models.UniqueConstraint(
                fields=("organization", "click_token"), name="billing_consent_click_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="rechargeconsent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gt", 0),
                    ("credits__gt", 0),
                    ("most_per_month__gt", 0),
                    ("threshold__gt", 0),
                    models.Q(("text", ""), _negated=True),
                ),
                name="billing_consent_is_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="autorecharge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "stopped"), models.Q(("stop_reason", ""), _negated=True)),
                    models.Q(models.Q(("state", "stopped"), _negated=True), ("stop_reason", "")),
                    _connector="OR",
                ),
                name="billing_autorecharge_stops_for_a_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="rechargenews",
            index=models.Index(
                condition=models.Q(("sent_at", None)), fields=["id"], name="billing_rechargenews_unsent"
            ),
        ),
        migrations.AddConstraint(
            model_name="rechargenews",
            constraint=models.UniqueConstraint(
                fields=("organization", "kind", "about"), name="billing_rechargenews_once"
            ),
        ),
        migrations.AddIndex(
            model_name="savedcard",
            index=models.Index(
                condition=models.Q(
                    models.Q(("detached_at", None), ("removed_at__isnull", False)),
                    models.Q(("last4", ""), ("removed_at", None)),
                    _connector="OR",
                ),
                fields=["id"],
                name="billing_savedcard_unfinished",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedcard",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("organization", "livemode"),
                name="billing_savedcard_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("detached_at", None), ("removed_at__isnull", False), _connector="OR"),
                name="billing_savedcard_detached_once_removed",
            ),
        ),
        migrations.RunPython(install, lift),
    ]
