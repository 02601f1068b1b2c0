"""Saving a card, told in any order and twice; removing it; consents that stay as they were said."""

import itertools
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.closing import close_organization
from billing import audit, free_credits, recharge_switch, saved_cards, webhooks
from billing.errors import ConsentsArePermanent
from billing.recharge_models import AutoRecharge, RechargeConsent, SavedCard
from billing.stripe_objects import read_event
from tests.billing.stripe_fakes import event_about
from tests.factories import make_organization, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def card_facts():
    """Return what is known of each card, whether it may be charged, and whether Stripe keeps it."""
    cards = SavedCard.objects.order_by("pk")
    return [(card.last4, card.removed_at is None, card.detached_at is None) for card in cards]


def test_a_card_is_saved_with_what_people_know_it_by(shop):
    shop.agree()

    [card] = SavedCard.objects.all()
    assert (card.brand, card.last4, card.livemode) == ("visa", "4242", False)
    assert card.exp_month and card.exp_year
    assert shop.stripe.objects("payment_intent") == [], "nothing is paid when a card is saved"


def test_coming_back_is_enough_where_events_are_lost(shop):
    consent = shop.consent()
    session = saved_cards.open_page(consent, shop.owner).rsplit("/", 1)[1]
    shop.stripe.hold_webhooks()
    assert saved_cards.note_page(session, shop.organization) is None, "not saved yet"
    shop.stripe.pay_session(session)

    card = saved_cards.note_page(session, shop.organization)
    assert card.last4 == "4242"
    shop.hear()
    saved_cards.note_page(session, shop.organization)
    assert card_facts() == [("4242", True, True)]
    assert shop.recharge.state == "on"


def test_somebody_else_s_page_saves_nothing_here(shop):
    consent = shop.consent()
    session = saved_cards.open_page(consent, shop.owner).rsplit("/", 1)[1]
    shop.stripe.hold_webhooks()
    shop.stripe.pay_session(session)

    assert saved_cards.note_page(session, make_organization("Bob's shop")) is None
    assert SavedCard.objects.count() == 0


def test_the_same_click_is_the_same_page(shop):
    consent = shop.consent()

    assert saved_cards.open_page(consent, shop.owner) == saved_cards.open_page(consent, shop.owner)
    assert len(shop.stripe.objects("checkout.session")) == 1


def told_of(consent):
    page = {
        "id": "cs_1",
        "object": "checkout.session",
        "livemode": False,
        "mode": "setup",
        "status": "complete",
        "payment_status": "no_payment_required",
        "client_reference_id": str(consent.public_id),
        "setup_intent": "seti_1",
        "created": 1,
    }
    setup = {
        "id": "seti_1",
        "object": "setup_intent",
        "livemode": False,
        "status": "succeeded",
        "payment_method": "pm_1",
        "metadata": {"consent": str(consent.public_id)},
    }
    detached = {"id": "pm_1", "object": "payment_method", "livemode": False}
    return [
        event_about("checkout.session.completed", page),
        event_about("setup_intent.succeeded", setup),
        event_about("payment_method.detached", detached),
    ]


def test_page_and_card_may_be_told_in_any_order_and_twice(shop):
    consent = shop.consent()
    ends = set()
    for ordered in itertools.permutations(told_of(consent)[:2]):
        with transaction.atomic():
            for event in (*ordered, *ordered, ordered[0]):
                webhooks.receive(read_event(event))
            ends.add(tuple(SavedCard.objects.values_list("payment_method_id", "removed_at")))
            assert shop.recharge.state == "on"
            transaction.set_rollback(True)

    assert ends == {(("pm_1", None),)}


def test_a_card_that_stripe_let_go_is_charged_no_more(shop):
    saved, named, detached = told_of(shop.consent())
    for event in (saved, named, detached, named, saved):
        webhooks.receive(read_event(event))

    assert (shop.recharge.state, shop.recharge.stop_reason) == ("stopped", "card_gone")
    assert recharge_switch.card_of(shop.organization) is None


def test_a_newer_card_takes_the_place_of_the_old_one_which_stripe_forgets(shop):
    shop.agree()
    [first] = SavedCard.objects.all()
    shop.agree(threshold=7)
    shop.finish_cards()

    assert card_facts() == [("4242", False, False), ("4242", True, True)]
    assert shop.recharge.state == "on"
    assert shop.recharge.consent.threshold == 7
    [at_stripe] = [m for m in shop.stripe.objects("payment_method") if m["id"] == first.payment_method_id]
    assert at_stripe["customer"] is None


def test_an_old_page_that_is_finished_late_does_not_take_the_place_of_a_newer_card(shop):
    old = shop.consent(threshold=3)
    page = saved_cards.open_page(old, shop.owner).rsplit("/", 1)[1]
    shop.agree(threshold=7)
    shop.stripe.pay_session(page)
    shop.stripe.wait_until_sent()
    shop.finish_cards()

    assert shop.recharge.consent.threshold == 7
    assert [card for card in card_facts() if card[1]] == [("4242", True, True)]


def test_removing_the_card_ends_it_and_lets_stripe_forget(shop):
    shop.agree()
    shop.use(6)
    shop.stripe.hold_webhooks()
    saved_cards.remove(shop.organization)
    shop.hear()

    assert card_facts() == [("4242", False, False)]
    assert shop.recharge.state == "off"
    assert shop.look() == 0
    assert [method["customer"] for method in shop.stripe.objects("payment_method")] == [None]


def test_a_card_is_removed_where_stripe_does_not_answer_and_forgotten_there_later(shop):
    shop.agree()
    shop.stripe.order_fault("/v1/payment_methods/.*", method="GET", kind="drop")
    shop.stripe.hold_webhooks()
    saved_cards.remove(shop.organization)
    assert card_facts() == [("4242", False, True)]

    assert shop.finish_cards() == 1
    assert card_facts() == [("4242", False, False)]


def test_a_closed_organization_s_card_is_forgotten(shop):
    shop.agree()
    close_organization(shop.organization)
    assert shop.finish_cards() == 1

    assert card_facts() == [("4242", False, False)]
    assert shop.recharge.state == "off"


def test_what_was_agreed_before_it_was_turned_off_takes_no_effect(shop):
    consent = shop.consent()
    recharge_switch.turn_on(shop.consent())
    recharge_switch.turn_off(shop.organization)
    shop.save_card(consent)

    assert shop.recharge.state == "off"


def test_a_consent_keeps_the_words_and_who_said_them_when(shop):
    consent = shop.consent(threshold=5, most=3)
    consent.refresh_from_db()

    assert "charge the saved card" in consent.text
    assert (consent.actor, consent.version, consent.language) == (shop.owner, "2026-11", "en")
    assert (consent.threshold, consent.credits, consent.amount, consent.currency) == (5, 100, 1000, "eur")
    assert timezone.now() - consent.created < timedelta(minutes=1)


def test_a_consent_cannot_be_changed_or_deleted_in_code_or_in_the_database(shop):
    consent = shop.consent()
    for change in (
        consent.save,
        consent.delete,
        RechargeConsent.objects.all().delete,
        lambda: RechargeConsent.objects.update(text="other"),
        lambda: RechargeConsent.objects.bulk_update([consent], ["text"]),
    ):
        with pytest.raises(ConsentsArePermanent):
            change()
    for statement in ("UPDATE billing_rechargeconsent SET text = 'other'", "DELETE FROM billing_rechargeconsent"):
        with pytest.raises(DatabaseError, match="consents are permanent"), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_audit_sees_a_threshold_that_nobody_agreed_to(shop):
    shop.agree()
    AutoRecharge.objects.update(state="off")

    assert [found.rule for found in audit.find_disagreements()] == ["threshold_is_the_agreed_one"]


def test_a_saved_card_brings_the_free_credits_that_wait_for_it(shop, settings):
    settings.FREE_CREDITS_REQUIRE = "card"
    nina = make_user("nina@example.com")
    asked = free_credits.give_free_credits(shop.organization, nina)
    shop.account.refresh_from_db()
    before = shop.account.balance

    shop.save_card(shop.consent())
    shop.account.refresh_from_db()

    assert asked == free_credits.Outcome.NEEDS_CARD
    assert shop.account.balance == before + settings.FREE_CREDITS
