"""The operator's pages about money: prices as people write them, links, filters, what is only looked at."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from unfold.admin import ModelAdmin

from billing import webhooks
from billing.models import Plan
from billing.order_models import Dispute, Order, Pack, Payment, StripeCustomer, StripeEvent
from billing.refund_models import Refund, RefundRequest
from billing.stripe_objects import read_event
from billing.subscription_models import PlanInvoice, Subscription
from tests.billing.plan_fakes import invoice_of, make_plan, make_subscription, paid_with, subscription_of, terms_of
from tests.billing.stripe_fakes import charge_of, dispute_of, event_about, refund_of, session_of
from tests.factories import make_pack, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]


@pytest.fixture
def sam(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


@pytest.fixture
def told(order, sam):
    """An order that was paid, refunded in part and disputed; a refund asked for; an event that failed."""
    StripeCustomer.objects.create(
        organization=order.organization, livemode=False, customer_id="cus_1", email="a@example.com", name="Alice"
    )
    for event in (
        event_about("checkout.session.completed", session_of(order)),
        event_about("charge.refunded", charge_of(order, refunded=305)),
        event_about("refund.created", refund_of(order, amount=305)),
        event_about("charge.dispute.created", dispute_of(order, "needs_response")),
    ):
        webhooks.receive(read_event(event))
    RefundRequest.objects.create(order=order, actor=sam, amount=100, reason="Broken.")
    order.refresh_from_db()
    return order


@pytest.fixture
def plan_told(alice, sam):
    """A plan whose first month was paid."""
    subscription = make_subscription(alice.organization, terms_of(make_plan()))
    invoice = invoice_of(subscription)
    for event in (
        event_about("customer.subscription.created", subscription_of(subscription)),
        event_about("invoice.paid", invoice),
        event_about("invoice_payment.paid", paid_with(invoice)),
    ):
        webhooks.receive(read_event(event))
    subscription.refresh_from_db()
    return subscription


KINDS = (Order, Payment, Dispute, StripeEvent, StripeCustomer, RefundRequest)


def page(model, what="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


def test_every_admin_is_dressed_in_unfold():
    assert [model for model, found in admin.site._registry.items() if not isinstance(found, ModelAdmin)] == []


def test_every_page_of_the_admin_opens(client, told):
    """The list, a search and the first row of every model there is."""
    for model in admin.site._registry:
        assert client.get(page(model)).status_code == 200, model
        if admin.site._registry[model].search_fields:
            assert client.get(page(model), {"q": "a"}).status_code == 200, model
        row = model._default_manager.first()
        if row is not None:
            assert client.get(page(model, "change", row.pk)).status_code == 200, model
            assert client.get(page(model, "history", row.pk)).status_code == 200, model


@pytest.mark.parametrize("model", KINDS)
def test_what_stripe_said_is_only_looked_at(client, told, model):
    row = model.objects.first()

    assert client.get(page(model, "add")).status_code == 403
    assert client.post(page(model, "change", row.pk), {"state": "paid"}).status_code == 403
    assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    client.post(page(model), chosen)
    assert model.objects.filter(pk=row.pk).exists()


def test_an_order_leads_to_all_that_hangs_on_it(client, told):
    shown = client.get(page(Order, "change", told.pk)).content.decode()

    payment, dispute = Payment.objects.get(), Dispute.objects.get()
    for address in (
        page(Payment, "change", payment.pk),
        page(Dispute, "change", dispute.pk),
        f"{page(StripeEvent)}?q={told.payment_intent_id}",
        f"{page(StripeEvent)}?q={told.checkout_session_id}",
        page(RefundRequest, "change", RefundRequest.objects.get().pk),
        *(page(type(entry), "change", entry.pk) for entry in told.organization.credit_account.entries.all()[1:]),
        reverse("admin:accounts_organization_change", args=[told.organization_id]),
    ):
        assert address in shown, address
    assert "10.00 EUR" in shown
    assert "3.05 EUR" in shown


@pytest.mark.parametrize("model", [Payment, Dispute])
def test_the_way_back_to_the_order(client, told, model):
    for row in model.objects.all():
        assert page(Order, "change", told.pk) in client.get(page(model, "change", row.pk)).content.decode()


def test_the_way_from_an_event_to_its_order(client, told):
    for event in StripeEvent.objects.all():
        assert page(Order, "change", told.pk) in client.get(page(StripeEvent, "change", event.pk)).content.decode()


def test_events_are_found_by_what_they_are_about(client, told):
    for words, number in (
        (told.payment_intent_id, 4),
        (told.checkout_session_id, 1),
        (Refund.objects.get().refund_id, 1),
    ):
        assert client.get(page(StripeEvent), {"q": words}).context["cl"].result_count == number


@pytest.mark.parametrize(
    ("model", "question", "number"),
    [
        (Order, {"state__exact": "disputed"}, 1),
        (Order, {"problem__isempty": 0}, 0),
        (Order, {"currency": "eur"}, 1),
        (Dispute, {"stage__exact": 3}, 1),
        (StripeEvent, {"state__exact": "failed"}, 0),
        (RefundRequest, {"state__exact": "asked"}, 1),
    ],
)
def test_lists_are_narrowed_down(client, told, model, question, number):
    answer = client.get(page(model), question)

    assert answer.context["cl"].result_count == number


def test_accounts_that_owe_are_found(client, told):
    address = reverse("admin:billing_creditaccount_changelist")

    assert client.get(address, {"debt__gt": 0}).context["cl"].result_count == 0
    assert client.get(address).context["cl"].result_count == 1


def test_a_failed_event_is_replayed_and_who_asked_is_written_down(client, sam, order, monkeypatch):
    def break_down(event):
        raise RuntimeError("the disk is full")

    event = event_about("checkout.session.completed", session_of(order))
    with monkeypatch.context() as patch:
        patch.setattr(webhooks, "_act", break_down)
        with pytest.raises(RuntimeError):
            webhooks.receive(read_event(event))
    stored = StripeEvent.objects.get()
    client.post(page(StripeEvent), {"action": "replay", "_selected_action": [stored.pk]})
    order.refresh_from_db()

    assert order.state == "paid"
    assert LogEntry.objects.get().get_change_message() == "Acted on once more: processed"


@pytest.mark.parametrize("number", ["abc", "1'", "999999999", "0"])
def test_a_mistyped_address_is_no_error_of_ours(client, sam, number):
    for model in admin.site._registry:
        address = page(model, "change", 1).replace("/1/", f"/{number}/")
        assert client.get(address).status_code in (302, 403, 404), address
    for route in (
        *("billing_order_refund", "billing_planinvoice_refund", "billing_refundrequest_ask_again"),
        *("accounts_user_visit", "accounts_organization_suspend", "accounts_organization_let_go_on"),
        *("billing_creditaccount_grant", "billing_creditaccount_adjust"),
    ):
        address = reverse(f"admin:{route}", args=[1]).replace("/1/", f"/{number}/")
        assert client.get(address).status_code in (302, 403, 404), address


# Prices.


def prices(*rows, pack):
    fields = {"prices-TOTAL_FORMS": len(rows), "prices-INITIAL_FORMS": 0}
    for number, (currency, price) in enumerate(rows):
        fields |= {
            f"prices-{number}-currency": currency,
            f"prices-{number}-price": price,
            f"prices-{number}-pack": pack,
        }
    return fields


def add_pack(client, *rows):
    fields = {"name": "Many", "credits": 1000, "is_active": "on", **prices(*rows, pack="")}
    return client.post(reverse("admin:billing_pack_add"), fields)


def test_prices_are_written_as_people_write_money(client, sam):
    answer = add_pack(client, ("eur", "49.90"), ("jpy", "7500"), ("kwd", "12.340"))

    assert answer.status_code == 302
    pack = Pack.objects.get()
    assert dict(pack.prices.values_list("currency", "amount")) == {"eur": 4990, "jpy": 7500, "kwd": 12340}
    shown = client.get(reverse("admin:billing_pack_change", args=[pack.pk])).content.decode()
    assert re.findall(r'name="prices-\d-price" value="([^"]+)"', shown) == ["49.90", "7500", "12.340"]
    assert "49.90 EUR, 7,500 JPY, 12.340 KWD" in client.get(reverse("admin:billing_pack_changelist")).content.decode()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("eur", "5.001"), "EUR has 2 digits behind the point."),
        (("jpy", "5.5"), "JPY has 0 digits behind the point."),
        (("kwd", "1.001"), "must be a multiple of 10"),
        (("isk", "5.50"), "must be a multiple of 100"),
        (("eur", "0"), "Stripe charges between 0.50 EUR and 999,999.99 EUR."),
        (("eur", "0.49"), "Stripe charges between 0.50 EUR"),
        (("eur", "1000000"), "and 999,999.99 EUR."),
        (("eur", "-1"), "greater than or equal to 0"),
        (("Euro", "1"), "at most 3 characters"),
        (("EUR", "1"), "three small letters"),
    ],
)
def test_a_price_that_cannot_be_paid_is_shown_again(client, sam, row, said):
    answer = add_pack(client, row)

    assert said in answer.content.decode()
    assert not Pack.objects.exists()


def test_a_price_is_changed_and_orders_keep_theirs(client, sam, order):
    pack = order.pack
    eur, jpy = pack.prices.order_by("currency")
    fields = {"name": pack.name, "credits": 100, "is_active": "on"}
    fields |= {"prices-TOTAL_FORMS": 2, "prices-INITIAL_FORMS": 2}
    for number, (price, amount) in enumerate(((eur, "12.50"), (jpy, "1500"))):
        names = {"id": price.pk, "pack": pack.pk, "currency": price.currency, "price": amount}
        fields |= {f"prices-{number}-{name}": value for name, value in names.items()}
    client.post(reverse("admin:billing_pack_change", args=[pack.pk]), fields)
    eur.refresh_from_db()
    order.refresh_from_db()

    assert (eur.amount, order.amount) == (1250, 1000)


def test_a_plan_has_prices_too(client, sam):
    plan = Plan.objects.get(slug="pro")
    fields = {name: getattr(plan, name) for name in ("name", "slug", "requests_per_minute", "requests_per_second")}
    fields |= {name: getattr(plan, name) for name in ("megapixels_per_minute", "max_concurrency", "monthly_credits")}
    fields |= {"rollover": plan.rollover, **prices(("usd", "29"), pack="")}
    client.post(reverse("admin:billing_plan_change", args=[plan.pk]), fields)

    assert plan.prices.get().amount == 2900


def test_the_books_are_checked_where_that_is_asked_for(client, sam, told):
    address = reverse("admin:billing_audit")
    assert "The books agree." not in client.get(address).content.decode()
    assert "The books agree." in client.post(address).content.decode()

    Order.objects.update(problem="Session cs_1 has amount 1, not 1000.")
    wrong = client.post(address).content.decode()
    assert "1 disagreement" in wrong
    assert "Session cs_1 has amount 1, not 1000." in wrong


def test_a_pack_that_was_ordered_stays(client, sam, order):
    client.post(reverse("admin:billing_pack_delete", args=[order.pack_id]), {"post": "yes"})

    assert make_pack("Other") and Pack.objects.filter(pk=order.pack_id).exists()


@pytest.mark.parametrize("model", [Subscription, PlanInvoice])
def test_plans_and_their_invoices_are_looked_at_and_not_changed(client, plan_told, model):
    row = model.objects.get()

    assert client.get(page(model), {"q": plan_told.subscription_id}).status_code == 200
    assert "10.00 EUR" in client.get(page(model)).content.decode()
    assert "in_" in client.get(page(model, "change", row.pk)).content.decode()
    assert client.get(page(model, "add")).status_code == 403
    assert client.post(page(model, "change", row.pk), {"state": "ended"}).status_code == 403
    assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_payment_leads_to_the_invoice_that_it_paid(client, plan_told):
    invoice = PlanInvoice.objects.get()
    payment = Payment.objects.get(payment_intent_id=invoice.payment_intent_id)

    assert page(PlanInvoice, "change", invoice.pk) in client.get(page(Payment, "change", payment.pk)).content.decode()
