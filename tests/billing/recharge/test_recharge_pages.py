"""The page of auto-recharge: who may do what, what it says, what it keeps; paying where the bank wants the person."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from accounts import suspension
from accounts.models import Role
from billing import checkout, recharge_mails, saved_cards
from billing.errors import PurchaseRefused
from billing.recharge_models import AutoRecharge, RechargeConsent, SavedCard
from billing.recharge_switch import owe_news
from billing.shelf import as_shown
from tests.billing.recharge.conftest import DECLINED, GOOD, WANTS_PERSON
from tests.factories import make_key, make_member, make_staff

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/billing/auto-recharge/"


def client_of(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def owner(shop):
    return client_of(shop.owner)


def form(shop, **changes):
    price = shop.pack.prices.get(currency="eur")
    chosen = f"{price.pk}:{as_shown(shop.pack, price.amount)}"
    filled = {"price": chosen, "threshold": 5, "most_per_month": 3, "agree": "on", "token": str(uuid.uuid4())}
    return {name: value for name, value in {**filled, **changes}.items() if value is not None}


def test_agreeing_leads_to_a_page_of_stripe_and_back(shop, owner):
    assert "I allow" in owner.get(PAGE).content.decode()
    sent = form(shop)
    answer = owner.post(PAGE + "choose/", sent)
    again = owner.post(PAGE + "choose/", sent)

    assert answer.status_code == 303
    assert answer["Location"] == again["Location"]
    assert RechargeConsent.objects.count() == 1
    assert not AutoRecharge.objects.exists()

    session = answer["Location"].rsplit("/", 1)[1]
    shop.stripe.hold_webhooks()
    shop.stripe.pay_session(session)
    back = owner.get(PAGE, {"saved": session}, follow=True).content.decode()
    shop.hear()
    assert "The card was saved. Auto-recharge is on." in back
    assert "Visa •••• 4242" in back
    words = "When fewer than 5 credits are left, the pack “100 credits” is bought for 10.00 EUR."
    assert words in " ".join(strip_tags(back).split())
    assert "30.00 EUR" in back


@pytest.mark.parametrize(
    "change",
    [
        {"agree": None},
        {"threshold": 0},
        {"threshold": 101},
        {"threshold": "many"},
        {"most_per_month": 0},
        {"price": 0},
        {"token": "x"},
    ],
)
def test_nothing_is_kept_of_what_makes_no_sense(shop, owner, change):
    answer = owner.post(PAGE + "choose/", form(shop, **change))

    assert answer.status_code == 200
    assert RechargeConsent.objects.count() == 0
    assert shop.stripe.objects("checkout.session") == []


@pytest.mark.parametrize("change", [{"amount": 2000}, {"credits": 10}, {"expires_after_days": 1}])
def test_nobody_agrees_to_what_they_were_not_shown(shop, owner, change):
    shop.agree()
    sent = form(shop, threshold=6)
    if "amount" in change:
        shop.pack.prices.filter(currency="eur").update(**change)
    else:
        type(shop.pack).objects.update(**change)
    said = owner.post(PAGE + "choose/", sent).content.decode()

    assert "What this pack costs or brings has changed. Look at it again." in said
    [tick] = re.findall(r'<input[^>]*name="agree"[^>]*>', said)
    assert "checked" not in tick, "nobody agreed to that yet"
    assert [consent.threshold for consent in RechargeConsent.objects.all()] == [5]


def test_it_says_that_it_rests_where_the_organization_is_suspended(shop, owner):
    words = "It rests while the organization is suspended."
    shop.agree()
    assert words not in owner.get(PAGE).content.decode()

    suspension.suspend(shop.organization, actor=make_staff(), reason="A stolen card.")
    assert words in owner.get(PAGE).content.decode()


def test_how_long_the_credits_last_is_said_before_and_after_it_is_agreed_to(shop, owner):
    shop.pack.expires_after_days = 30
    shop.pack.save()
    before = owner.get(PAGE).content.decode()
    shop.agree()

    assert "\u2068100 credits\u2069 for \u206810.00 EUR\u2069 (100 credits, to be used within 30 days)" in before
    assert "100 credits, to be used within 30 days." in owner.get(PAGE).content.decode()


def test_with_a_card_a_change_is_in_effect_at_once_and_its_consent_is_kept(shop, owner):
    shop.agree(threshold=5)
    owner.post(PAGE + "choose/", form(shop, threshold=8, most_per_month=1))

    assert [consent.threshold for consent in RechargeConsent.objects.order_by("pk")] == [5, 8]
    shop.account.refresh_from_db()
    assert shop.account.auto_recharge_threshold == 8
    assert SavedCard.objects.count() == 1


def test_a_button_that_was_used_means_what_it_meant_then(shop, owner):
    """Somebody goes back in the browser, changes a number and sends the form once more."""
    sent = form(shop)
    owner.post(PAGE + "choose/", sent)
    answer = owner.post(PAGE + "choose/", {**sent, "threshold": 50})

    assert answer.status_code == 400
    assert "was used for another purchase" in answer.content.decode()
    assert RechargeConsent.objects.get().threshold == 5


def test_a_page_of_an_hour_ago_is_refused_in_words(shop, owner):
    shop.stripe.order_fault("/v1/checkout/sessions", kind="drop")
    sent = form(shop)
    assert owner.post(PAGE + "choose/", sent).status_code == 503
    with time_machine.travel(timezone.now() + timedelta(minutes=45), tick=True):
        answer = owner.post(PAGE + "choose/", sent)

    assert answer.status_code == 400
    assert "begun too long ago" in answer.content.decode()


def test_it_is_not_said_to_be_on_where_an_old_page_does_nothing(shop, owner):
    """Two tabs, or Back: the button was pressed, it was turned off, and the button is pressed once more."""
    shop.agree()
    sent = form(shop)
    assert "Auto-recharge is on." in owner.post(PAGE + "choose/", sent, follow=True).content.decode()
    owner.post(PAGE + "off/", follow=True)
    said = owner.post(PAGE + "choose/", sent, follow=True).content.decode()

    assert shop.recharge.state == "off"
    assert "Auto-recharge is on." not in said
    assert "begun too long ago" in said


def test_it_is_not_said_to_be_on_where_it_stopped_since(shop, owner, settings):
    settings.RECHARGE_DECLINES = 1
    shop.agree(card=DECLINED)
    sent = form(shop)
    owner.post(PAGE + "choose/", sent, follow=True)
    shop.use(6)
    shop.look()

    assert shop.recharge.state == "stopped"
    assert "Auto-recharge is on." not in owner.post(PAGE + "choose/", sent, follow=True).content.decode()


def test_the_way_back_from_stripe_taken_again_does_not_say_that_it_is_on(shop, owner):
    shop.agree()
    owner.post(PAGE + "off/", follow=True)
    [session] = shop.stripe.objects("checkout.session")
    said = owner.get(PAGE, {"saved": session["id"]}, follow=True).content.decode()

    assert "Auto-recharge is on." not in said


def test_who_is_asked_to_reload_has_stripe_asked_again(shop, owner):
    """The event is lost, and Stripe is silent when somebody comes back: their reload is what is left."""
    url = saved_cards.open_page(shop.consent(), shop.owner)
    session = url.rsplit("/", 1)[1]
    shop.stripe.hold_webhooks()
    shop.stripe.pay_session(session)
    shop.stripe.order_fault("/v1/checkout/sessions/.*", method="GET", kind="drop")
    back = owner.get(PAGE, {"saved": session})

    assert "Reload this page in a minute." in back.content.decode()
    assert back.status_code == 200, "the address stays, so that a reload asks again"
    assert "Auto-recharge is on." in owner.get(PAGE, {"saved": session}, follow=True).content.decode()
    shop.hear()


@pytest.mark.parametrize("junk", ["", "x", "../customers/cus_1", "cs_", "cs_1/..", "cs_\x00", "cs_" + "1" * 300])
def test_stripe_is_not_asked_about_what_is_no_page_of_its(shop, owner, junk, caplog):
    assert owner.get(PAGE, {"saved": junk}).status_code == 302
    assert [record for record in caplog.records if record.name.startswith("billing")] == []


def test_another_card_is_saved_without_ending_what_is_on(shop, owner):
    shop.agree()
    answer = owner.post(PAGE + "choose/", form(shop, other_card="on"))

    assert answer.status_code == 303
    assert shop.recharge.state == "on"


@pytest.mark.parametrize(("address", "state"), [("off/", "off"), ("card/remove/", "off")])
def test_it_is_ended_by_its_owner(shop, owner, address, state):
    shop.agree()
    shop.stripe.hold_webhooks()
    answer = owner.post(PAGE + address, follow=True)
    shop.hear()

    assert answer.status_code == 200
    assert shop.recharge.state == state
    shop.account.refresh_from_db()
    assert shop.account.auto_recharge_threshold is None
    assert (SavedCard.objects.get().removed_at is None) == (address == "off/")


def test_an_admin_sees_it_and_changes_nothing(shop):
    shop.agree()
    admin = client_of(make_member(shop.organization, "admin@example.com", Role.ADMIN))
    said = admin.get(PAGE).content.decode()

    assert "•••• 4242" in said
    assert "Turn it off" not in said
    assert "I allow" not in said
    for address in ("choose/", "off/", "card/remove/", "confirm/"):
        assert admin.post(PAGE + address, form(shop)).status_code == 403
    assert shop.recharge.state == "on"


def test_when_stripe_is_silent_the_page_says_so_and_the_same_click_goes_on(shop, owner):
    shop.stripe.order_fault("/v1/customers", kind="drop")
    sent = form(shop)
    answer = owner.post(PAGE + "choose/", sent)

    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "does not answer" in answer.content.decode()
    assert owner.post(PAGE + "choose/", sent).status_code == 303
    assert RechargeConsent.objects.count() == 1


def test_without_keys_the_page_sells_nothing(shop, owner, settings):
    settings.STRIPE_SECRET_KEY = ""
    said = owner.get(PAGE).content.decode()

    assert "Credits are not sold here" in said
    assert "I allow" not in said
    assert owner.post(PAGE + "choose/", form(shop)).status_code == 302
    assert RechargeConsent.objects.count() == 0


def test_why_it_stopped_is_said_with_the_way_to_start_again(shop, owner, settings):
    settings.RECHARGE_DECLINES = 1
    shop.agree(card=DECLINED)
    shop.use(6)
    shop.look()
    said = owner.get(PAGE).content.decode()

    assert "The card was declined several times." in said
    assert "Start again" in said


def test_the_api_shows_the_threshold_while_it_is_on(shop, owner):
    key = make_key(shop.organization).secret

    def threshold():
        return Client().get("/v1/me", headers={"x-api-key": key}).json()["autoRechargeThreshold"]

    assert threshold() is None
    shop.agree(threshold=7)
    assert threshold() == 7
    owner.post(PAGE + "off/")
    assert threshold() is None


def test_what_was_bought_by_itself_is_told_from_what_somebody_bought(shop, owner):
    shop.agree()
    shop.use(6)
    shop.look()
    [order] = shop.orders

    for page in ("/billing/orders/", f"/billing/orders/{order.public_id}/"):
        assert "bought by itself" in owner.get(page).content.decode()


class TestWhereTheBankWantsThePerson:
    @pytest.fixture
    def waiting(self, shop):
        shop.agree(card=WANTS_PERSON)
        shop.use(6)
        shop.look()
        shop.stripe.hold_webhooks()
        return shop

    NOT_CONFIRMED = "The payment was not confirmed. Nothing was charged."

    def confirm(self, owner, token=None):
        return owner.post(PAGE + "confirm/", {"token": token or str(uuid.uuid4())})

    def test_the_same_payment_is_confirmed_on_the_banks_page(self, waiting, owner):
        assert "Confirm with the bank" in owner.get(PAGE).content.decode()
        answer = self.confirm(owner)
        assert answer.status_code == 303
        [order] = waiting.orders
        assert answer["Location"].endswith(f"/authenticate/{order.payment_intent_id}")
        assert self.confirm(owner)["Location"] == answer["Location"], "a second click is the same page"

        waiting.stripe.authenticate(order.payment_intent_id, agreed=True)
        said = owner.get(PAGE, {"back": str(order.public_id)}, follow=True).content.decode()
        assert "Confirm with the bank" not in said
        waiting.hear()
        assert waiting.has() == (104, ["paid"])
        assert waiting.charges() == ["succeeded"]
        assert self.confirm(owner).status_code == 302, "there is nothing to pay any more"

    def test_who_refuses_may_try_again(self, waiting, owner):
        [order] = waiting.orders
        self.confirm(owner)
        with pytest.raises(Exception, match="unable to authenticate"):
            waiting.stripe.authenticate(order.payment_intent_id, agreed=False)
        assert waiting.has() == (4, ["pending"])
        said = owner.get(PAGE, {"back": str(order.public_id)}, follow=True).content.decode()
        assert self.NOT_CONFIRMED in said
        assert "Confirm with the bank" in said
        assert self.NOT_CONFIRMED not in owner.get(PAGE).content.decode(), "it is said once"

        self.confirm(owner)
        waiting.stripe.authenticate(order.payment_intent_id, agreed=True)
        said = owner.get(PAGE, {"back": str(order.public_id)}, follow=True).content.decode()
        assert self.NOT_CONFIRMED not in said
        waiting.hear()
        assert waiting.has() == (104, ["paid"])
        assert waiting.recharge.declines == 0

    def test_it_rests_for_nobody_while_it_waits_for_its_person(self, waiting, owner):
        assert waiting.recharge.not_before > timezone.now()
        assert "It rests until" not in owner.get(PAGE).content.decode()

        [order] = waiting.orders
        self.confirm(owner)
        waiting.stripe.authenticate(order.payment_intent_id, agreed=True)
        waiting.hear()
        assert "It rests until" in owner.get(PAGE).content.decode()

    def test_another_card_pays_the_same_order(self, waiting, owner):
        waiting.hear()
        waiting.agree(card=GOOD)
        waiting.stripe.hold_webhooks()
        answer = self.confirm(owner)
        assert answer.status_code == 302
        waiting.hear()

        assert waiting.has() == (104, ["paid"])
        assert waiting.charges() == ["succeeded"]
        assert waiting.orders[0].saved_card.last4 == "4242"

    def test_a_card_that_was_removed_is_not_asked_for_more(self, waiting, owner):
        """Stripe does not answer when it is removed, so there the card is still good."""
        waiting.stripe.order_fault("/v1/payment_methods/.*", kind="drop", method="GET")
        owner.post(PAGE + "card/remove/")
        assert "Confirm with the bank" not in owner.get(PAGE).content.decode()
        answer = self.confirm(owner)
        assert (answer.status_code, answer["Location"]) == (302, PAGE)
        waiting.hear()
        assert waiting.reconcile() == 1
        assert waiting.has() == (4, ["expired"])

    def test_a_card_that_is_declined_then_is_told(self, waiting, owner):
        waiting.change_bank_mind(DECLINED)
        self.confirm(owner)
        said = owner.get(PAGE).content.decode()
        waiting.hear()

        assert "The card was declined." in said
        assert waiting.has() == (4, ["pending"])
        assert waiting.recharge.declines == 1, "the person was there"

    def test_it_is_paid_on_no_page_of_checkout(self, waiting, owner):
        """A second way to pay the same order would be a way to pay it twice."""
        [order] = waiting.orders
        assert checkout.has_open_page(order) is False
        same = {"currency": "eur", "actor": waiting.owner}
        assert checkout.find_unfinished(waiting.organization, waiting.pack, **same) is None
        with pytest.raises(PurchaseRefused):
            checkout.start_purchase(waiting.organization, waiting.pack, click_token=order.click_token, **same)
        said = owner.get(f"/billing/orders/{order.public_id}/").content.decode()
        assert "The bank wants you to confirm this payment." in said
        assert "Try again" not in said

    def test_it_is_given_up_after_a_time_and_can_be_paid_no_more(self, waiting, owner, settings):
        settings.RECHARGE_WAITS_HOURS = 72
        waiting.hear()
        assert waiting.reconcile(after=timedelta(hours=71)) == 0
        assert waiting.reconcile(after=timedelta(hours=80)) == 1
        assert waiting.has() == (4, ["expired"])
        assert [intent["status"] for intent in waiting.stripe.objects("payment_intent")] == ["canceled"]
        assert self.confirm(owner).status_code == 302

    def test_it_is_given_up_when_recharging_is_turned_off(self, waiting, owner):
        owner.post(PAGE + "off/")
        waiting.hear()
        assert waiting.reconcile() == 1
        assert waiting.has() == (4, ["expired"])

    def test_the_mail_leads_there(self, waiting, settings):
        assert recharge_mails.send_news(timezone.now()) == 1
        [message] = mail.outbox
        html = message.alternatives[0].content

        assert message.to == ["alice@example.com"]
        assert message.subject == "Alice's shop: the bank wants you to confirm a payment"
        for words in ("10.00 EUR", "Nothing was charged yet", "72 hours", PAGE):
            assert words in message.body
            assert words in html
        assert f'href="{settings.PUBLIC_URL}{PAGE}"' in html


def test_each_fact_is_told_once_to_those_who_see_money(shop):
    make_member(shop.organization, "admin@example.com", Role.ADMIN)
    make_member(shop.organization, "member@example.com", Role.MEMBER)
    shop.agree()
    shop.use(6)
    shop.look()

    assert [recharge_mails.send_news(timezone.now()) for _ in range(2)] == [1, 0]
    assert [message.to for message in mail.outbox] == [["alice@example.com"], ["admin@example.com"]]
    body = mail.outbox[0].body
    assert "the pack “100 credits” was bought for 10.00 EUR, as agreed." in body
    assert "The card ending in 4242 was charged." in body


@pytest.mark.parametrize("kind", ["recharged", "declined", "needs_person", "stopped", "cap_reached"])
def test_every_mail_has_all_its_words(shop, kind):
    shop.agree()
    shop.use(6)
    shop.look()
    owe_news(shop.organization.pk, kind, about="a test", order_id=shop.orders[0].pk)
    recharge_mails.send_news(timezone.now())
    message = mail.outbox[-1]

    assert not re.search(r"[{}]|None|  ", message.subject + message.body.replace("\n", " ").replace("  ", " "))
    assert f'{PAGE}"' in message.alternatives[0].content


def test_what_cannot_be_sent_is_sent_later(shop, settings):
    shop.agree()
    shop.use(6)
    shop.look()
    settings.EMAIL_BACKEND = "tests.billing.test_low_credits.NoServer"
    assert recharge_mails.send_news(timezone.now()) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert recharge_mails.send_news(timezone.now()) == 1
