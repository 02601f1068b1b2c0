"""The operator's pages about plans and recharges: only looked at, found, narrowed down, and linked both ways."""

import re
import uuid
from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from billing import order_admin, plan_admin, webhooks
from billing.models import CreditAccount, LedgerEntry, Plan
from billing.order_models import Dispute, Order, OrderKind, OrderState, Payment, StripeEvent
from billing.recharge_models import AutoRecharge, RechargeConsent, RechargeNews, SavedCard
from billing.stripe_objects import read_event
from billing.subscription_models import (
    ChangeState,
    InvoiceState,
    PlanChange,
    PlanInvoice,
    PlanTerms,
    Subscription,
    SubscriptionState,
)
from tests.billing.plan_fakes import (
    DAY,
    invoice_of,
    make_plan,
    make_subscription,
    page_of,
    paid_with,
    subscription_of,
    terms_of,
    upgrade_of,
)
from tests.billing.stripe_fakes import CREATED, event_about
from tests.factories import make_account, make_member, make_pack, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]

LOOKED_AT = (Subscription, PlanTerms, PlanChange, PlanInvoice, AutoRecharge, RechargeConsent, RechargeNews, SavedCard)


@pytest.fixture
def sam(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


@pytest.fixture
def owner(alice):
    return make_member(alice.organization)


@pytest.fixture
def plan(alice, owner, sam):
    """A subscription whose first month was paid and then disputed, and which was asked to change."""
    with time_machine.travel(datetime.fromtimestamp(CREATED + DAY, UTC)):
        subscription = make_subscription(alice.organization, terms_of(make_plan()))
        invoice = invoice_of(subscription)
        dispute = {"id": "dp_1", "object": "dispute", "livemode": False, "payment_intent": f"pi_{invoice['id']}"}
        dispute |= {"status": "needs_response", "amount": 1000, "currency": "eur", "reason": "fraudulent"}
        for what, thing in (
            ("checkout.session.completed", page_of(subscription)),
            ("customer.subscription.created", subscription_of(subscription)),
            ("invoice.paid", invoice),
            ("invoice_payment.paid", paid_with(invoice)),
            ("charge.dispute.created", dispute),
        ):
            webhooks.receive(read_event(event_about(what, thing)))
        PlanChange.objects.create(subscription=subscription, kind="cancel", click_token=uuid.uuid4(), actor=owner)
    subscription.refresh_from_db()
    return subscription


@pytest.fixture
def recharge(alice, owner, sam):
    """A shop that agreed to buy by itself, its card, and an order that it paid."""
    shop, pack = alice.organization, make_pack()
    consent = RechargeConsent.objects.create(
        organization=shop, actor=owner, click_token=uuid.uuid4(), livemode=False, version="1", language="en",
        text="I agree <b>to all</b>.", threshold=5, pack=pack, pack_name=pack.name, credits=100, amount=1000,
        currency="eur", most_per_month=3,
    )  # fmt: skip
    card = SavedCard.objects.create(
        organization=shop, livemode=False, consent=consent, setup_intent_id="seti_1", payment_method_id="pm_1",
        brand="visa", last4="4242", exp_month=11, exp_year=2063,
    )  # fmt: skip
    Order.objects.create(
        kind=OrderKind.RECHARGE, organization=shop, pack=pack, pack_name=pack.name, click_token=uuid.uuid4(),
        credits=100, amount=1000, currency="eur", livemode=False, saved_card=card, payment_intent_id="pi_recharge",
    )  # fmt: skip
    intent = {
        "id": "pi_recharge", "object": "payment_intent", "livemode": False, "status": "succeeded", "amount": 1000,
        "amount_received": 1000, "currency": "eur", "last_payment_error": None,
        "metadata": {"order": str(Order.objects.get().public_id)},
    }  # fmt: skip
    recharge = AutoRecharge.objects.create(organization=shop, consent=consent, state="on")
    webhooks.receive(read_event(event_about("payment_intent.succeeded", intent)))
    assert Order.objects.get().state == "paid"
    return recharge


def page(model, what="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


def text(client, row):
    return client.get(page(type(row), "change", row.pk)).content.decode()


def links(client, row, *others):
    """Tell which of the others a row's page leads to."""
    shown = text(client, row)
    return [page(type(other), "change", other.pk) in shown for other in others]


@pytest.mark.parametrize("model", LOOKED_AT)
def test_they_are_only_looked_at(client, plan, recharge, model):
    row = model.objects.first()

    assert client.get(page(model)).status_code == 200
    assert client.get(page(model), {"q": "a"}).status_code == 200
    for address in (page(model, "change", row.pk), page(model, "history", row.pk)):
        assert client.get(address).status_code == 200
    assert client.get(page(model, "add")).status_code == 403
    assert client.post(page(model, "change", row.pk), {"state": "paid"}).status_code == 403
    assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    client.post(page(model), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", LOOKED_AT)
def test_they_stand_in_the_navigation(client, sam, model):
    assert page(model) in client.get(reverse("admin:index")).content.decode()


def test_a_plan_and_all_that_hangs_on_it_lead_to_each_other(client, plan):
    [invoice], [change], [terms] = (model.objects.all() for model in (PlanInvoice, PlanChange, PlanTerms))
    payment, dispute = Payment.objects.get(), Dispute.objects.get()
    brought, taken = LedgerEntry.objects.filter(kind="plan").get(), LedgerEntry.objects.get(kind="dispute")
    shop = plan.organization

    assert all(links(client, plan, shop, terms, invoice, change, shop.credit_account))
    assert all(links(client, shop, plan))
    assert all(links(client, invoice, shop, plan, terms, payment, dispute, brought, taken))
    for row in (payment, dispute, brought):
        assert links(client, row, invoice) == [True], row
    assert all(links(client, change, plan, shop))
    assert "Small: 100 credits for 10.00 EUR" in text(client, plan)
    shown = text(client, terms)
    for model in (Subscription, PlanInvoice):
        address = f"{page(model)}?terms__id__exact={terms.pk}"
        assert address in shown
        assert client.get(address).context["cl"].result_count == 1


def test_a_plan_and_its_events_lead_to_each_other(client, plan):
    invoice = PlanInvoice.objects.get()
    for row, names in (
        (plan, (plan.checkout_session_id, plan.subscription_id)),
        (invoice, (invoice.invoice_id, invoice.payment_intent_id)),
    ):
        shown = text(client, row)
        assert all(f"{page(StripeEvent)}?q={name}" in shown for name in names)
    for name, number in (
        (plan.subscription_id, 3),
        (plan.checkout_session_id, 1),
        (invoice.invoice_id, 3),  # the name of its payment holds it
        (invoice.payment_intent_id, 2),
    ):
        assert client.get(page(StripeEvent), {"q": name}).context["cl"].result_count == number, name
    assert all(any(links(client, event, plan, invoice)) for event in StripeEvent.objects.all())


def test_a_recharge_and_all_that_hangs_on_it_lead_to_each_other(client, recharge):
    [consent], [card], [order] = (model.objects.all() for model in (RechargeConsent, SavedCard, Order))
    bought, shop = LedgerEntry.objects.get(kind="purchase"), recharge.organization

    assert all(links(client, recharge, shop, consent, card))
    assert all(links(client, shop, recharge, order))
    assert all(links(client, consent, shop, recharge, card))
    assert all(links(client, card, shop, consent))
    assert all(links(client, order, shop, card, bought, Payment.objects.get()))
    assert links(client, bought, order) == links(client, StripeEvent.objects.get(), order) == [True]
    for row, address in (
        (recharge, f"{page(Order)}?q={shop.public_id}&amp;kind__exact=recharge"),
        (card, f"{page(Order)}?saved_card__id__exact={card.pk}"),
    ):
        assert address in text(client, row)
        assert client.get(address.replace("&amp;", "&")).context["cl"].result_count == 1


def test_of_a_card_no_more_than_brand_and_last_digits_is_shown(client, recharge):
    shown = text(client, SavedCard.objects.get()) + client.get(page(SavedCard)).content.decode()

    assert "visa" in shown
    assert "4242" in shown
    assert "2063" not in shown
    assert "exp_" not in shown


def test_what_people_wrote_or_read_is_escaped(client, recharge):
    assert "I agree &lt;b&gt;to all&lt;/b&gt;." in text(client, RechargeConsent.objects.get())


@pytest.mark.parametrize(
    ("model", "question", "number"),
    [
        (Subscription, {"state__exact": "active"}, 1),
        (Subscription, {"state__exact": "ended"}, 0),
        (Subscription, {"problem__isempty": 0}, 0),
        (Subscription, {"q": "alice"}, 1),
        (Subscription, {"q": "in_"}, 1),
        (PlanInvoice, {"state__exact": "disputed"}, 1),
        (PlanInvoice, {"reason__exact": "subscription_create"}, 1),
        (PlanInvoice, {"currency": "jpy"}, 0),
        (PlanInvoice, {"q": "alice"}, 1),
        (PlanChange, {"state__exact": "begun"}, 1),
        (PlanChange, {"kind__exact": "upgrade"}, 0),
        (PlanTerms, {"currency": "eur"}, 1),
        (AutoRecharge, {"state__exact": "on"}, 1),
        (AutoRecharge, {"stop_reason__exact": "declined"}, 0),
        (RechargeConsent, {"q": "alice@example.com"}, 1),
        (SavedCard, {"removed_at__isempty": 1}, 1),
        (SavedCard, {"q": "4242"}, 1),
        (SavedCard, {"q": "424"}, 0),
        (Order, {"kind__exact": "recharge"}, 1),
        (Order, {"kind__exact": "checkout"}, 0),
    ],
)
def test_lists_are_searched_and_narrowed_down(client, plan, recharge, model, question, number):
    answer = client.get(page(model), question)

    assert answer.status_code == 200
    assert answer.context["cl"].result_count == number


@pytest.mark.parametrize(
    ("labels", "states"),
    [
        (plan_admin.SUBSCRIPTION_LABELS, SubscriptionState),
        (plan_admin.INVOICE_LABELS, InvoiceState),
        (plan_admin.CHANGE_LABELS, ChangeState),
        (order_admin.STATE_LABELS, OrderState),
    ],
)
def test_every_state_has_a_colour_without_which_it_is_shown_by_its_name_in_the_database(labels, states):
    assert set(labels) == set(states)


def test_a_change_that_was_given_up_is_called_so(client, plan):
    PlanChange.objects.update(state="given_up")
    shown = client.get(page(PlanChange)).content.decode()

    assert re.search(r">\s*given up\s*</span>", shown)
    assert "Cancel (given up)" in text(client, PlanChange.objects.get())


def test_the_list_names_the_plan_that_is_paid_for(client, plan):
    big = terms_of(make_plan("big", credits=400, amount=3000))
    upgrade = upgrade_of(plan, plan.terms, big)
    webhooks.receive(read_event(event_about("invoice.paid", upgrade)))
    make_subscription(make_account("Bob's shop").organization, terms_of(Plan.objects.get(slug="small")))

    for order in ("2", "-3"):  # by the plan's name, and from the dearest
        listed = client.get(page(Subscription), {"o": order}).content.decode()
        shown = re.findall(r"<td[^>]*field-(?:plan|price)[^>]*>\s*([^<]*?)\s*</td>", listed)
        assert shown == ["Big", "30.00 EUR", "Small", "10.00 EUR"]
    assert client.get(page(Subscription), {"paid_terms__plan__id__exact": big.plan_id}).context["cl"].result_count == 1


def test_an_invoice_of_nobody_yet_is_shown(client, sam):
    """Its payment may be told before itself."""
    paid = {"id": "in_early", "object": "invoice"}
    webhooks.receive(read_event(event_about("invoice_payment.paid", paid_with(paid))))

    invoice = PlanInvoice.objects.get()
    assert client.get(page(PlanInvoice), {"q": "in_early"}).context["cl"].result_count == 1
    assert links(client, invoice, Payment.objects.get()) == [True]
    assert CreditAccount.objects.count() == 0


def test_lists_do_not_ask_more_the_more_rows_there_are(client, plan, django_assert_max_num_queries):
    for number in range(12):
        shop = make_account(f"Shop {number}").organization
        subscription = make_subscription(shop, plan.terms)
        PlanInvoice.objects.create(invoice_id=f"in_more_{number}", livemode=False, subscription=subscription)
        PlanChange.objects.create(
            subscription=subscription, kind="upgrade", to_terms=plan.terms, click_token=uuid.uuid4(), state="done"
        )
    for model in (Subscription, PlanInvoice, PlanChange, PlanTerms):
        with django_assert_max_num_queries(14):
            client.get(page(model))


def test_a_shop_with_many_orders_leads_to_all_of_them(client, recharge):
    shop, pack = recharge.organization, Order.objects.get().pack
    for _ in range(11):
        Order.objects.create(
            organization=shop, pack=pack, pack_name="x", click_token=uuid.uuid4(), credits=1, amount=1,
            currency="eur", livemode=False, created=timezone.now(),
        )  # fmt: skip

    address = f"{page(Order)}?q={shop.public_id}"
    assert address in text(client, shop)
    assert client.get(address).context["cl"].result_count == 12
