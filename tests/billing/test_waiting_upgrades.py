"""Upgrades whose payment the bank wants confirmed, with Stripe's stand-in over HTTP: confirmed, dropped, run out."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.closing import close_organization
from accounts.models import Role
from billing import plan_changes, plan_mails, plan_reconciliation, stripe_gateway_plans, waiting_upgrades
from billing.errors import CardRefused, StripeUnreachable
from billing.models import CreditAccount
from billing.plan_errors import ChangeRefused
from billing.subscription_models import ChangeState, PlanChange, PlanInvoice
from tests.billing.plan_fakes import make_plan
from tests.billing.test_plans_with_stand_in import BAD_CARD, GOOD_CARD, alice, stand_in, stripe
from tests.factories import make_member

__all__ = ["alice", "stand_in", "stripe"]
pytestmark = pytest.mark.django_db(transaction=True)
ASKING_CARD = "4000002760003184"
PAGE, CHANGE, DROP = "/billing/plan/", "/billing/plan/change/", "/billing/plan/change/drop/"
CANCEL = "/billing/plan/cancel/"


def use_card(stripe, number):
    """Let the bank of Alice's card answer from now on as this test card's does."""
    [card] = stripe.objects("payment_method")
    stripe.change_bank_mind(card["id"], card=number)


@pytest.fixture
def asked(stripe, alice):
    """Alice on the small plan, whose bank wants to see her each time."""
    alice.subscribes()
    use_card(stripe, ASKING_CARD)
    return alice


@pytest.fixture
def waiting(asked) -> PlanChange:
    """Alice's upgrade to the big plan, which waits for her."""
    _quote, change = asked.changes_to(asked.big)
    return change


def upgrades(stripe):
    return [one["status"] for one in stripe.objects("invoice") if one["billing_reason"] == "subscription_update"]


def calls(stand_in):
    """Return the payment behaviour of each upgrade that was asked for."""
    return [one.params["payment_behavior"] for one in stand_in.api.calls if "payment_behavior" in one.params]


def test_nothing_is_given_before_the_bank_was_answered(stripe, asked, waiting, mailoutbox):
    assert (waiting.state, waiting.kind, waiting.to_terms.plan) == ("waiting", "upgrade", asked.big)
    assert waiting.invoice.page_url == stripe.objects("invoice")[0]["hosted_invoice_url"]
    assert waiting.waits_until - timezone.now() == pytest.approx(timedelta(hours=23), abs=timedelta(minutes=1))
    assert asked.has == (110, "active", "small")
    assert asked.plan.next_terms == asked.plan.paid_terms
    assert plan_mails.tell_of_plans(timezone.now()) == 0
    assert mailoutbox == []


def test_the_upgrade_is_made_when_its_person_confirms(stand_in, stripe, asked, waiting):
    stripe.confirm_invoice(waiting.invoice.invoice_id)
    stripe.wait_until_sent()

    waiting.refresh_from_db()
    assert waiting.state == ChangeState.DONE
    assert asked.has == (410, "active", "big")
    assert upgrades(stripe) == ["paid", "void"]
    assert calls(stand_in) == ["error_if_incomplete", "pending_if_incomplete"]
    keys = [one.idempotency_key for one in stand_in.api.calls if "payment_behavior" in one.params]
    assert keys == [f"change:{waiting.public_id}", f"change:{waiting.public_id}:person"]


def test_another_card_may_pay_on_stripes_page(stripe, asked, waiting):
    stripe.pay_invoice(waiting.invoice.invoice_id, card=GOOD_CARD)
    stripe.wait_until_sent()

    assert asked.has == (410, "active", "big")


def test_what_nobody_confirms_is_dropped_and_the_plan_stays(stripe, asked, waiting):
    asked.lets_pass(1)

    waiting.refresh_from_db()
    waiting.invoice.refresh_from_db()
    assert (waiting.state, waiting.invoice.state) == ("given_up", "void")
    assert waiting_upgrades.find_waiting(asked.plan) is None
    assert asked.has == (110, "active", "small")
    assert plan_mails.tell_of_plans(timezone.now()) == 0
    use_card(stripe, GOOD_CARD)
    asked.lets_pass(31)
    assert asked.has == (210, "active", "small")


@pytest.mark.parametrize("lost", ["invoice.voided", "customer.subscription.pending_update_expired"])
def test_either_event_is_enough_to_wait_no_more(stripe, asked, waiting, lost):
    stripe.drop_next(lost)
    asked.lets_pass(1)

    waiting.refresh_from_db()
    assert waiting.state == ChangeState.GIVEN_UP


def test_what_was_paid_and_not_told_is_asked_for(stripe, asked, waiting):
    stripe.hold_webhooks()
    stripe.confirm_invoice(waiting.invoice.invoice_id)
    with time_machine.travel(timezone.now() + timedelta(minutes=15)):
        assert plan_reconciliation.see_to_plans(timezone.now()) == 1

    waiting.refresh_from_db()
    assert waiting.state == ChangeState.DONE
    assert asked.has == (410, "active", "big")


def test_what_was_dropped_and_not_told_is_asked_for(stripe, asked, waiting):
    stripe.hold_webhooks()
    stripe.advance(days=1)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert plan_reconciliation.see_to_plans(timezone.now()) == 1
        assert plan_reconciliation.see_to_plans(timezone.now()) == 0

    waiting.refresh_from_db()
    waiting.invoice.refresh_from_db()
    assert (waiting.state, waiting.invoice.state) == ("given_up", "void")


def test_the_same_click_leads_to_the_same_page(stripe, asked):
    token = uuid.uuid4()
    with asked.undisturbed():
        quote = plan_changes.quote(asked.plan, asked.big)
        first, again = asked.agrees_to(quote, token), asked.agrees_to(quote, token)

    assert first == again
    assert (again.state, again.invoice) == ("waiting", first.invoice)
    assert upgrades(stripe) == ["open", "void"]


def test_a_click_after_it_was_confirmed_is_no_second_upgrade(stripe, asked):
    token = uuid.uuid4()
    with asked.undisturbed():
        quote = plan_changes.quote(asked.plan, asked.big)
        waiting = asked.agrees_to(quote, token)
    stripe.confirm_invoice(waiting.invoice.invoice_id)
    stripe.wait_until_sent()

    assert asked.agrees_to(quote, token).state == ChangeState.DONE
    assert asked.has == (410, "active", "big")
    assert upgrades(stripe) == ["paid", "void"]


def test_a_click_after_it_was_dropped_is_refused(asked):
    token = uuid.uuid4()
    with asked.undisturbed():
        quote = plan_changes.quote(asked.plan, asked.big)
        asked.agrees_to(quote, token)
    asked.lets_pass(1)

    with pytest.raises(ChangeRefused, match="too old"):
        asked.agrees_to(quote, token)


@pytest.mark.parametrize("after", [False, True], ids=["before it is asked", "after it was made"])
def test_a_second_call_without_an_answer_is_asked_for_again(stand_in, stripe, asked, settings, after):
    settings.STRIPE_RETRIES = 0
    token = uuid.uuid4()
    with asked.undisturbed():
        quote = plan_changes.quote(asked.plan, asked.big)
        path = f"/v1/subscriptions/{asked.plan.subscription_id}"
        # The first call is carried out, and refused; its answer comes late, so that the second is spoilt alone.
        stripe.order_fault(path, kind="answer", status=500, times=1)
        with pytest.raises(StripeUnreachable):
            asked.agrees_to(quote, token)
        spoil_the_second_call(stand_in, stripe, path, after=after)
        with pytest.raises(StripeUnreachable):
            asked.agrees_to(quote, token)
        assert PlanChange.objects.get().state == ChangeState.BEGUN
        waiting = asked.agrees_to(quote, token)

    assert waiting.state == ChangeState.WAITING
    stripe.confirm_invoice(waiting.invoice.invoice_id)
    stripe.wait_until_sent()
    assert asked.has == (410, "active", "big")
    assert upgrades(stripe).count("paid") == 1


@pytest.fixture
def unanswered(stand_in, stripe, asked, settings):
    """An upgrade that waits at Stripe, which we do not know: its quote, its click."""
    settings.STRIPE_RETRIES = 0
    token = uuid.uuid4()
    with asked.undisturbed():
        quote = plan_changes.quote(asked.plan, asked.big)
        spoil_the_second_call(stand_in, stripe, f"/v1/subscriptions/{asked.plan.subscription_id}", after=True)
        with pytest.raises(StripeUnreachable):
            asked.agrees_to(quote, token)
    return quote, token


def test_who_confirmed_by_stripes_mail_and_clicks_again_has_it(stripe, asked, unanswered):
    stripe.confirm_invoice(stripe.objects("invoice")[0]["id"])
    stripe.wait_until_sent()

    with asked.undisturbed():
        assert asked.agrees_to(*unanswered).state == ChangeState.DONE
    assert asked.has == (410, "active", "big")
    assert asked.plan.next_terms == asked.plan.paid_terms  # and not what Stripe answered before it was paid
    assert upgrades(stripe) == ["paid", "void"]


def test_who_clicks_again_after_stripe_dropped_it_is_told_to_look_again(stripe, asked, unanswered):
    stripe.advance(hours=23.5)
    stripe.wait_until_sent()

    with asked.undisturbed(), pytest.raises(ChangeRefused, match="too old"):
        asked.agrees_to(*unanswered)
    assert PlanChange.objects.get().state == ChangeState.GIVEN_UP
    assert asked.has == (110, "active", "small")


def test_an_answer_that_is_slower_than_its_events_waits_for_nothing(stripe, asked, monkeypatch):
    ask = stripe_gateway_plans.ask_for_person

    def ask_slowly(change):
        answer = ask(change)
        stripe.confirm_invoice(answer[1].id)
        stripe.release_webhooks()
        stripe.wait_until_sent()
        stripe.hold_webhooks()
        return answer

    monkeypatch.setattr(stripe_gateway_plans, "ask_for_person", ask_slowly)
    _quote, change = asked.changes_to(asked.big)

    assert change.state == ChangeState.DONE
    assert asked.has == (410, "active", "big")


def spoil_the_second_call(stand_in, stripe, path, *, after):
    """Lose the answer of the next call that lets an upgrade wait, and of no other."""
    take = stand_in.api.faults.take

    def take_second(method, called):
        fault = take(method, called) if spoilt else None
        spoilt.append(called) if (method, called) == ("POST", path) else None
        return fault

    spoilt = []
    stand_in.api.faults.take = take_second
    stripe.order_fault(path, kind="drop", after=after)


def test_a_process_that_died_after_the_second_call_leaves_one_upgrade_to_pay(stand_in, stripe, asked):
    """It died before it knew: minutes later somebody agrees anew, and the first invoice cannot be paid any more."""
    with asked.undisturbed():
        first = asked.agrees_to(plan_changes.quote(asked.plan, asked.big))
        PlanChange.objects.update(state="begun", invoice=None, waits_until=None)
    assert asked.has == (110, "active", "small")

    with time_machine.travel(timezone.now() + timedelta(minutes=6)), asked.undisturbed():
        second = asked.agrees_to(plan_changes.quote(asked.plan, asked.big))
    stripe.wait_until_sent()
    first.refresh_from_db()
    assert (first.state, second.state) == ("given_up", "waiting")
    assert upgrades(stripe).count("open") == 1

    stripe.confirm_invoice(second.invoice.invoice_id)
    stripe.wait_until_sent()
    assert asked.has == (410, "active", "big")
    assert upgrades(stripe).count("paid") == 1


def test_what_a_dead_process_left_is_void_once_another_upgrade_was_paid(stripe, asked):
    with asked.undisturbed():
        left = asked.agrees_to(plan_changes.quote(asked.plan, asked.big)).invoice
        PlanChange.objects.update(state="given_up", invoice=None, waits_until=None)
        use_card(stripe, GOOD_CARD)
        assert asked.agrees_to(plan_changes.quote(asked.plan, asked.big)).state == ChangeState.DONE

    left.refresh_from_db()
    assert left.state == "void"
    assert asked.has == (410, "active", "big")
    assert upgrades(stripe).count("paid") == 1
    assert upgrades(stripe).count("open") == 0


def test_while_one_waits_there_is_no_other_change(asked, waiting):
    huge = make_plan("huge", credits=1000, amount=9000)
    for plan in (huge, asked.big, asked.small):
        with pytest.raises(ChangeRefused, match="waits for the bank"):
            plan_changes.quote(asked.plan, plan)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanChange.objects.create(subscription=asked.plan, kind="downgrade", click_token=uuid.uuid4())


def test_what_waits_can_be_dropped_for_another_choice(stripe, asked, waiting):
    with asked.undisturbed():
        assert waiting_upgrades.drop(waiting).state == ChangeState.GIVEN_UP
        use_card(stripe, GOOD_CARD)
        _quote, change = asked.changes_to(asked.big)

    assert change.state == ChangeState.DONE
    assert asked.has == (410, "active", "big")
    assert upgrades(stripe).count("paid") == 1


def test_what_was_paid_before_it_could_be_dropped_stays(stripe, asked, waiting):
    with asked.undisturbed():
        stripe.confirm_invoice(waiting.invoice.invoice_id)
        assert waiting_upgrades.drop(waiting).state == ChangeState.DONE

    assert asked.has == (410, "active", "big")


def test_who_cancels_the_plan_is_not_asked_to_pay_for_a_larger_one(stripe, asked, waiting):
    asked.cancels()

    waiting.refresh_from_db()
    assert waiting.state == ChangeState.GIVEN_UP
    assert upgrades(stripe) == ["void", "void"]
    assert asked.has == (110, "canceling", "small")


def test_who_cancels_the_plan_is_told_that_what_waits_is_dropped(client, asked, waiting):
    words = "The change to Big that waits for your bank is dropped with it, and is not charged."
    client.force_login(make_member(asked.account.organization, "olga@example.com"))
    assert words in strip_tags(client.get(CANCEL).content.decode())

    waiting_upgrades.drop(waiting)
    assert "waits for your bank" not in client.get(CANCEL).content.decode()


def test_a_closed_organization_is_not_asked_to_confirm(stripe, asked, waiting):
    close_organization(asked.account.organization)
    with asked.undisturbed():
        plan_reconciliation.see_to_plans(timezone.now())

    assert upgrades(stripe) == ["void", "void"]
    assert asked.has == (110, "ended", "free")


def test_a_plain_decline_stays_one(stand_in, stripe, asked):
    use_card(stripe, BAD_CARD)
    with pytest.raises(CardRefused):
        asked.changes_to(asked.big)
    stripe.wait_until_sent()

    assert calls(stand_in) == ["error_if_incomplete"]
    assert PlanChange.objects.get().state == ChangeState.REFUSED
    assert PlanInvoice.objects.get(reason="subscription_update").state == "void"
    assert waiting_upgrades.find_waiting(asked.plan) is None


def test_an_upgrade_that_the_bank_lets_through_the_second_time_is_made(stand_in, stripe, asked):
    """The bank asks once and then no more, as some do."""
    with asked.undisturbed():
        quote = plan_changes.quote(asked.plan, asked.big)
        served = stand_in.api.answer

        def answer(call):
            answered = served(call)
            if "error_if_incomplete" in call.encoded:
                use_card(stripe, GOOD_CARD)
            return answered

        stand_in.api.answer = answer
        assert asked.agrees_to(quote).state == ChangeState.DONE

    assert asked.has == (410, "active", "big")
    assert upgrades(stripe) == ["paid", "void"]


def agree(client, plan):
    """Click on the button of the page that shows what a plan costs."""
    sealed = client.get(CHANGE, {"plan": plan.slug}).context["sealed"]
    return client.post(CHANGE, {"agreed": sealed})


@pytest.fixture
def page(client, asked):
    """The owner's browser."""
    client.force_login(asked.owner)
    return client


def test_who_agrees_is_led_to_stripes_page_and_back_finds_it_on_ours(stripe, asked, page):
    with asked.undisturbed():
        led = agree(page, asked.big)
        [invoice] = [one for one in stripe.objects("invoice") if one["status"] == "open"]
        assert (led.status_code, led["Location"]) == (303, invoice["hosted_invoice_url"])

        text = page.get(PAGE).content.decode()
        assert "The bank wants you to confirm a payment." in text
        assert f'href="{invoice["hosted_invoice_url"]}"' in text
        assert "Cancel the plan" in text
        assert "Change to Big" not in text
        assert "payment for Small failed" not in text

    with asked.undisturbed():
        stripe.confirm_invoice(invoice["id"])
        cache.clear()  # as after the seconds in which Stripe is not asked again
        look = page.get(f"{PAGE}?looks=3", headers={"HX-Request": "true"})
        assert look.headers["HX-Refresh"] == "true"  # Stripe was asked, although no event came yet
        assert "The bank wants you" not in page.get(PAGE).content.decode()
    assert asked.has == (410, "active", "big")


def test_the_page_says_no_more_that_it_waits_once_stripe_dropped_it(stripe, asked, page):
    with asked.undisturbed():
        agree(page, asked.big)
    asked.lets_pass(1)

    text = page.get(PAGE).content.decode()
    assert "The bank wants you" not in text
    assert "Change to Big" in text


def test_another_choice_meanwhile_is_refused_with_words(asked, page):
    with asked.undisturbed():
        agree(page, asked.big)
        refused = page.get(CHANGE, {"plan": "big"}, follow=True).content.decode()

    assert "A change of the plan waits for the bank." in refused
    assert "Confirm with the bank" in refused


def test_the_button_drops_it(stripe, asked, page):
    with asked.undisturbed():
        agree(page, asked.big)
        text = page.post(DROP, follow=True).content.decode()

    assert "The plan goes on as it is. Nothing is charged now." in text
    assert "The bank wants you" not in text
    assert upgrades(stripe) == ["void", "void"]
    assert page.post(DROP).status_code == 302


def test_the_plan_page_shows_it_where_stripe_is_silent(stripe, asked, page, settings):
    settings.STRIPE_RETRIES = 0
    with asked.undisturbed():
        agree(page, asked.big)
        stripe.order_fault(f"/v1/subscriptions/{asked.plan.subscription_id}", method="GET", status=500)
        text = page.get(PAGE).content.decode()

    assert "Stripe does not answer at the moment." in text
    assert "The bank wants you to confirm a payment." in text


def test_an_admin_sees_that_it_waits_and_no_button(client, asked, waiting):
    client.force_login(make_member(asked.account.organization, "adam@example.com", Role.ADMIN))
    with asked.undisturbed():
        text = client.get(PAGE).content.decode()

    assert "The bank wants you to confirm a payment." in text
    assert "Confirm with the bank" not in text
    assert client.post(DROP).status_code == 403


def test_an_unpaid_month_that_is_voided_is_not_called_failed(stripe, asked):
    use_card(stripe, BAD_CARD)
    asked.lets_pass(31.5)
    failed = PlanInvoice.objects.get(state="failed")
    assert asked.plan.state == "past_due"

    stripe.void_invoice(failed.invoice_id)
    stripe.wait_until_sent()
    failed.refresh_from_db()
    assert failed.state == "void"
    assert CreditAccount.objects.get(pk=asked.account.pk).balance == 110


def test_an_invoice_that_was_voided_and_not_told_is_asked_for(stripe, asked):
    use_card(stripe, BAD_CARD)
    asked.lets_pass(31.5)
    stripe.hold_webhooks()
    stripe.void_invoice(PlanInvoice.objects.get(state="failed").invoice_id)
    plan_reconciliation.catch_up(asked.plan)

    assert not PlanInvoice.objects.filter(state="failed").exists()
    assert PlanInvoice.objects.filter(state="void").count() == 1
