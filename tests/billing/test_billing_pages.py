"""The pages about money, with Stripe's stand-in over HTTP and no events: what pages must find out, they ask for."""

import re
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import Role
from billing import stripe_gateway
from billing.models import CreditAccount
from billing.order_models import Order, StripeCustomer
from billing.order_views import PAUSES_S
from billing.shelf import as_shown
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.factories import make_debt, make_member, make_order, make_organization, make_pack, make_staff
from tests.stripe_stand_in import StripeStandIn

pytestmark = pytest.mark.django_db
FIRST, SECOND = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
CHOOSE_AGAIN = "Reload the page and choose again"


@pytest.fixture
def stripe(settings):
    """Stripe's stand-in, which nobody told where to send its events."""
    with StripeStandIn() as running:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = SECRET_KEY, [SIGNING_SECRET]
        settings.STRIPE_API_BASE, settings.STRIPE_IS_LIVE = running.url, False
        settings.STRIPE_RETRIES = 0
        stripe_gateway._client_with.cache_clear()
        cache.clear()
        yield running.control
        stripe_gateway._client_with.cache_clear()
        running.check_honest()


@pytest.fixture
def shop(db):
    return make_organization("Alice's shop", credits=10)


@pytest.fixture
def owner(client, shop):
    client.force_login(make_member(shop, "alice@example.com", Role.OWNER))
    return client


@pytest.fixture
def buy(owner, pack):
    def click(token=FIRST, **changes):
        sent = {"pack": pack.pk, "currency": "eur", "token": token, **changes}
        price = pack.prices.filter(currency=sent["currency"]).first()
        return owner.post("/billing/buy/", {"shown": as_shown(pack, price.amount) if price else "none", **sent})

    return click


@pytest.fixture
def order_page(owner):
    def look(order, **changes):
        cache.clear()
        return owner.get(f"/billing/orders/{order.public_id}/", **changes)

    return look


def balance_of(shop):
    return CreditAccount.objects.get(organization=shop).balance


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# Looking and choosing


def test_the_packs_stand_there_with_the_price_of_an_image(stripe, owner, pack):
    make_pack("Many", 3000, expires_after_days=365)
    page = text_of(owner.get("/billing/"))

    for words in (
        "10 credits left",
        "10.00 EUR",
        "0.10 EUR an image",
        "Buy 100 credits",
        "within 365 days",
        "0.0033 EUR",
    ):
        assert words in page
    assert "JPY an image" not in page
    assert "1,500 JPY 15 JPY an image" in text_of(owner.get("/billing/?currency=jpy"))


def test_who_paid_in_a_currency_sees_it_again(stripe, owner, shop, pack, settings):
    settings.CURRENCY = "eur"
    assert "10.00 EUR" in text_of(owner.get("/billing/"))
    make_order(shop, pack, currency="jpy")

    assert "15 JPY an image" in text_of(owner.get("/billing/"))


def test_packs_off_sale_are_not_shown(stripe, owner, pack):
    pack.is_active = False
    pack.save()

    assert "Ask whoever runs this service for more." in text_of(owner.get("/billing/"))


def test_an_admin_sees_the_packs_and_whom_to_ask(stripe, client, shop, pack):
    client.force_login(make_member(shop, "adam@example.com", Role.ADMIN))
    page = client.get("/billing/").content.decode()

    assert "10.00 EUR" in page
    assert "Owners of the organization buy credits." in page
    assert "/billing/buy/" not in page


def test_a_member_has_no_place_for_money(client, shop):
    client.force_login(make_member(shop, "mia@example.com", Role.MEMBER))

    assert "/billing/" not in client.get("/dashboard/").content.decode()


def test_where_nothing_is_sold_nothing_pretends_to(owner, pack):
    page = text_of(owner.get("/billing/"))

    assert "Credits are not sold here" in page
    assert "Ask whoever runs this service for more." in page
    assert "Buy" not in page
    assert "STRIPE_SECRET_KEY" not in page


def test_who_runs_it_is_told_how_to_sell(client, shop):
    staff = make_staff()
    shop.memberships.create(user=staff, role=Role.OWNER)
    client.force_login(staff)
    page = text_of(client.get("/billing/"))

    assert "STRIPE_SECRET_KEY" in page
    assert "/webhooks/stripe/" in page


def test_buying_where_nothing_is_sold_says_so(buy):
    answer = buy()

    assert answer.status_code == 503
    assert "Credits are not sold here yet" in text_of(answer)
    assert not Order.objects.exists()


def test_debts_frozen_keys_and_low_credits_are_said(owner, shop):
    make_debt(CreditAccount.objects.get(organization=shop), 30)
    shop.keys_frozen_at = timezone.now()
    shop.save()
    page = text_of(owner.get("/billing/"))

    assert "30 credits are owed." in page
    assert "API keys rest" in page
    assert "10 credits left" in page


# Buying


def test_a_click_leads_to_stripe_and_back_to_the_credits(stripe, shop, buy, order_page):
    answer = buy()
    order = Order.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, order.checkout_url)

    stripe.pay_session(order.checkout_session_id)
    page = text_of(order_page(order))

    assert "Paid: 100 credits are yours" in page
    assert "110 credits are left now." in page
    assert balance_of(shop) == 110
    assert "Paid" in text_of(order_page(order))
    assert balance_of(shop) == 110


def test_a_double_click_is_one_order(stripe, buy):
    assert buy()["Location"] == buy()["Location"]
    assert Order.objects.count() == 1


def test_a_second_tab_goes_on_with_the_first_one_s_page(stripe, shop, buy, order_page):
    assert buy(FIRST)["Location"] == buy(SECOND)["Location"]
    order = Order.objects.get()
    stripe.pay_session(order.checkout_session_id)

    for token in (FIRST, SECOND):
        assert buy(token)["Location"] == f"/billing/orders/{order.public_id}/"
    assert balance_of(shop) == 110
    assert Order.objects.count() == 1


def test_who_wants_the_same_again_orders_anew(stripe, buy, order_page):
    buy(FIRST)
    stripe.pay_session(Order.objects.get().checkout_session_id)
    order_page(Order.objects.get())

    assert buy(SECOND)["Location"].startswith(stripe.api.storage.base_url)
    assert Order.objects.count() == 2


def test_after_a_page_ran_out_the_click_orders_anew(stripe, buy):
    buy(FIRST)
    stripe.expire_session(Order.objects.get().checkout_session_id)

    assert buy(SECOND)["Location"].startswith(stripe.api.storage.base_url)
    assert sorted(Order.objects.values_list("state", flat=True)) == ["expired", "pending"]


def test_another_person_or_price_is_another_order(stripe, shop, buy, pack, client):
    buy(FIRST)
    pack.prices.filter(currency="eur").update(amount=1100)
    buy(SECOND)
    client.force_login(make_member(shop, "olga@example.com", Role.OWNER))
    buy(str(uuid.uuid4()))

    assert sorted(Order.objects.values_list("amount", flat=True)) == [1000, 1100, 1100]


@pytest.mark.parametrize(
    "changes", [{"pack": "77"}, {"pack": "x"}, {"currency": "euro"}, {"token": "1"}, {"token": ""}, {"currency": "usd"}]
)
def test_what_is_not_on_offer_is_refused_in_words(stripe, owner, buy, changes):
    answer = buy(**changes)

    page = text_of(owner.get("/billing/") if answer.status_code == 302 else answer)
    assert CHOOSE_AGAIN in page
    assert not Order.objects.exists()


@pytest.mark.parametrize("change", [{"amount": 2000}, {"credits": 10}, {"expires_after_days": 1}])
def test_a_pack_that_changed_after_its_page_was_loaded_is_not_bought(stripe, owner, buy, pack, change):
    shown = as_shown(pack, pack.prices.get(currency="eur").amount)
    if "amount" in change:
        pack.prices.filter(currency="eur").update(**change)
    else:
        type(pack).objects.update(**change)
    buy(shown=shown)

    assert "What this pack costs or brings has changed. Look at it again." in text_of(owner.get("/billing/"))
    assert not Order.objects.exists()


def test_a_page_that_was_opened_for_credits_of_another_life_is_left(stripe, buy, pack):
    buy(FIRST)
    pack.expires_after_days = 30
    pack.save()
    buy(SECOND)

    assert list(Order.objects.order_by("pk").values_list("expires_after_days", flat=True)) == [None, 30]


def test_stripe_s_silence_is_a_page_and_the_same_click_may_be_tried_again(stripe, buy):
    stripe.order_fault("/v1/checkout/sessions", status=500)
    answer = buy()

    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "Stripe does not answer" in text_of(answer)
    assert f'name="token" value="{FIRST}"' in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert buy()["Location"] == Order.objects.get().checkout_url


def test_a_fault_of_ours_is_said_to_be_ours(stripe, buy):
    stripe.order_fault("/v1/checkout/sessions", status=400)
    answer = buy()

    assert answer.status_code == 500
    assert "Nothing was charged; the fault is on our side." in text_of(answer)


def test_who_leaves_stripe_s_page_is_told_that_nothing_happened(stripe, owner, shop, buy):
    buy()
    order = Order.objects.get()
    [session] = stripe.objects("checkout.session")
    way_back = urlsplit(session["cancel_url"])

    assert "Nothing was bought" in text_of(owner.get(f"{way_back.path}?{way_back.query}"))
    Order.objects.update(organization=make_organization("Bob's"))
    for left in (order.public_id, uuid.uuid4(), "x", "%00"):
        assert "Nothing was bought" not in text_of(owner.get(f"/billing/?left={left}"))


def test_who_paid_in_one_tab_and_leaves_in_the_other_is_not_told_that_nothing_was_charged(stripe, owner, shop, buy):
    buy()
    order = Order.objects.get()
    stripe.pay_session(order.checkout_session_id)
    page = text_of(owner.get(f"/billing/?left={order.public_id}"))

    assert "nothing was charged" not in page
    assert "110 credits left" in page


def test_nobody_is_told_that_nothing_was_charged_where_stripe_does_not_say_so(stripe, owner, buy):
    buy()
    order = Order.objects.get()
    stripe.pay_session(order.checkout_session_id)
    stripe.order_fault("/v1/checkout/sessions/.*", method="GET", status=500)

    assert "nothing was charged" not in text_of(owner.get(f"/billing/?left={order.public_id}"))


# One order


def test_a_delayed_payment_is_on_its_way_and_asks_less_and_less(stripe, buy, order_page):
    buy()
    order = Order.objects.get()
    stripe.delay_session(order.checkout_session_id)
    page = order_page(order).content.decode()
    assert "Your payment is on its way" in page
    assert f'looks=1&amp;seen=awaiting-fresh" hx-trigger="load delay:{PAUSES_S[0]}s' in page
    assert 'src="/static/django_htmx/htmx-2.min.js"' in page

    look = order_page(order, data={"looks": "4", "seen": "awaiting-fresh"}, headers={"HX-Request": "true"})
    assert f"load delay:{PAUSES_S[4]}s" in look.content.decode()
    assert "<section" not in look.content.decode()

    stripe.settle_session(order.checkout_session_id, paid=True)
    look = order_page(order, data={"looks": "5", "seen": "awaiting-fresh"}, headers={"HX-Request": "true"})
    assert "Paid: 100 credits are yours" in text_of(look)
    assert 'hx-swap-oob="true"' in look.content.decode()
    assert "hx-trigger" not in look.content.decode()


@pytest.mark.parametrize("looks", [str(len(PAUSES_S)), "4000", "9" * 40])
def test_a_page_stops_asking_in_the_end(stripe, buy, order_page, looks):
    buy()

    assert "hx-trigger" not in order_page(Order.objects.get(), data={"looks": looks}).content.decode()


def test_stripe_is_not_asked_for_each_reload(stripe, owner, buy):
    buy()
    before = len(stripe.api.calls)
    for _ in range(5):
        owner.get(f"/billing/orders/{Order.objects.get().public_id}/")

    assert len(stripe.api.calls) == before + 1


def test_who_comes_back_from_stripe_to_another_organization_is_led_to_the_order_s(owner, shop, pack):
    order = make_order(shop, pack)
    alice = shop.memberships.get().user
    second = make_organization("Another")
    second.memberships.create(user=alice, role=Role.OWNER)
    owner.post("/organizations/switch/", {"organization": second.public_id})

    page = text_of(owner.get(f"/billing/orders/{order.public_id}/", follow=True))
    assert "You work in Alice&#x27;s shop now." in page
    assert "Not paid yet" in page
    shop.memberships.update(role=Role.MEMBER)
    owner.post("/organizations/switch/", {"organization": second.public_id})
    assert owner.get(f"/billing/orders/{order.public_id}/").status_code == 404


def test_a_failed_payment_is_told(stripe, buy, order_page):
    buy()
    order = Order.objects.get()
    stripe.delay_session(order.checkout_session_id)
    stripe.settle_session(order.checkout_session_id, paid=False)

    assert "The payment failed" in text_of(order_page(order))


def test_a_silent_stripe_leaves_what_is_known(stripe, buy, order_page):
    buy()
    stripe.order_fault("/v1/checkout/sessions/.*", method="GET", status=500)

    page = text_of(order_page(Order.objects.get()))
    assert "Stripe does not answer at the moment" in page
    assert "Not paid yet" in page


def test_what_does_not_agree_is_told_and_gives_nothing(stripe, shop, buy, order_page):
    buy()
    order = Order.objects.get()
    stripe.pay_session(order.checkout_session_id)
    Order.objects.update(amount=999)

    for _ in range(2):
        assert "not what was ordered" in text_of(order_page(order))
    assert balance_of(shop) == 10


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("expired", "Nothing was bought"),
        ("partly_refunded", "A part of this was refunded"),
        ("refunded", "The money was returned"),
        ("disputed", "This payment is disputed"),
        ("charged_back", "Charged back"),
    ],
)
def test_every_end_has_its_words(owner, shop, pack, state, words):
    paid_at = None if state == "expired" else timezone.now()
    order = make_order(shop, pack, state=state, paid_at=paid_at)

    page = owner.get(f"/billing/orders/{order.public_id}/")
    assert words in text_of(page)
    assert "hx-" not in page.content.decode()


def test_only_an_order_with_an_open_page_can_be_paid_there(stripe, buy, order_page):
    stripe.order_fault("/v1/checkout/sessions", status=500)
    buy()
    assert "Go on to pay" not in text_of(order_page(Order.objects.get()))

    buy()
    assert "Go on to pay" in text_of(order_page(Order.objects.get()))
    Order.objects.update(created=timezone.now() - timedelta(hours=2))
    assert "Go on to pay" not in text_of(order_page(Order.objects.get()))


def test_receipts_are_stripe_s(stripe, owner, buy, order_page):
    buy()
    order = Order.objects.get()
    assert owner.get(f"/billing/orders/{order.public_id}/receipt/")["Location"] == f"/billing/orders/{order.public_id}/"
    stripe.pay_session(order.checkout_session_id)
    order_page(order)

    answer = owner.get(f"/billing/orders/{order.public_id}/receipt/")
    assert answer["Location"] == stripe.objects("charge")[0]["receipt_url"]


def test_orders_are_listed_page_by_page(owner, shop, pack):
    for _ in range(27):
        make_order(shop, pack)
    first = owner.get("/billing/orders/").content.decode()
    assert first.count("/billing/orders/") >= 25

    older = re.search(r'href="(\?before=\d+)"', first)[1]
    second = owner.get("/billing/orders/" + older).content.decode()
    assert len(set(re.findall(r"/billing/orders/([0-9a-f-]{36})/", first + second))) == 27
    assert 'rel="next"' not in second
    for nonsense in ("x", "-1", "9" * 40, "²"):
        assert owner.get("/billing/orders/", {"before": nonsense}).status_code == 200


# Details


def test_before_the_first_purchase_there_is_nothing_to_ask_for(stripe, owner):
    page = text_of(owner.get("/billing/details/"))

    assert "None is saved" in page
    assert stripe.api.calls == []


def test_card_tax_id_and_invoices_are_shown_as_stripe_knows_them(stripe, settings, owner, buy, shop):
    settings.PACK_INVOICES = True
    buy()
    order = Order.objects.get()
    stripe.pay_session(order.checkout_session_id)
    customer = StripeCustomer.objects.get().customer_id
    client = stripe_gateway._client().v1
    client.customers.tax_ids.create(customer, {"type": "eu_vat", "value": "DE123456789"})
    client.payment_methods.attach("pm_card_visa", {"customer": customer})
    page = text_of(owner.get("/billing/details/"))

    for words in ("alice@example.com", "DE123456789", "•••• 4242", "10.00 EUR paid Invoice"):
        assert words in page
    [invoice] = stripe.objects("invoice")
    assert invoice["hosted_invoice_url"] in owner.get("/billing/details/").content.decode()


def test_a_card_that_was_saved_twice_is_shown_once_and_the_one_used_first_before_others(stripe, owner):
    owner.post("/billing/details/portal/")
    customer = StripeCustomer.objects.get().customer_id
    client = stripe_gateway._client().v1
    saved = [
        client.payment_methods.attach(card, {"customer": customer})
        for card in ("pm_card_visa", "pm_card_visa", "pm_card_createDispute")
    ]
    client.customers.update(customer, {"invoice_settings": {"default_payment_method": saved[0].id}})
    page = text_of(owner.get("/billing/details/"))

    assert re.findall(r"•••• (\d{4})", page) == ["4242", "0259"]
    assert page.count("used first") == 1


def test_the_invoice_of_a_pack_says_that_its_money_went_back(stripe, settings, owner, buy):
    settings.PACK_INVOICES = True
    buy()
    order = Order.objects.get()
    stripe.pay_session(order.checkout_session_id)
    owner.get(f"/billing/orders/{order.public_id}/")
    Order.objects.update(state="partly_refunded")

    assert "10.00 EUR refunded in part Invoice" in text_of(owner.get("/billing/details/"))


def test_the_portal_opens_and_leads_back(stripe, owner):
    answer = owner.post("/billing/details/portal/")

    [portal] = stripe.objects("billing_portal.session")
    assert (answer.status_code, answer["Location"]) == (303, portal["url"])
    assert portal["return_url"].endswith("/billing/details/")


def test_silence_at_the_details_is_said(stripe, owner):
    owner.post("/billing/details/portal/")
    stripe.order_fault("/v1/customers/.*", method="GET", status=500)
    assert "Stripe does not answer" in text_of(owner.get("/billing/details/"))

    stripe.order_fault("/v1/billing_portal/.*", status=500)
    answer = owner.post("/billing/details/portal/", follow=True)
    assert "The payment service does not answer" in text_of(answer)
