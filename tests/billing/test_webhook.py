"""POST /webhooks/stripe/: what Stripe signed is acted on once; everything else is refused and leaves no row."""

import json
import time

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import audit, ledger, webhooks
from billing.event_facts import facts_of
from billing.fulfilment import fulfil
from billing.models import LedgerEntry
from billing.order_models import EventState, Order, StripeEvent
from billing.stripe_objects import read_session
from tests.billing.stripe_fakes import (
    OLD_SIGNING_SECRET,
    charge_of,
    event_about,
    session_of,
    sign,
)
from tests.factories import make_member, make_order, make_pack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling", "sound_books")]
PATH = "/webhooks/stripe/"


def post(client, body, signature=None, **headers):
    data = body.encode() if isinstance(body, str) else body
    if signature is not None:
        headers["Stripe-Signature"] = signature
    return client.post(PATH, data=data, content_type="application/json", headers=headers)


def send(client, event):
    body = json.dumps(event)
    return post(client, body, sign(body))


@pytest.fixture
def paid(order):
    """The event that Alice's order was paid."""
    return event_about("checkout.session.completed", session_of(order))


def test_a_paid_session_brings_its_credits(client, alice, available, order, paid):
    response = send(client, paid)

    order.refresh_from_db()
    assert (response.status_code, response.json()) == (200, {"received": True, "state": "processed"})
    assert available(alice) == 110
    assert (order.state, order.payment_intent_id) == ("paid", f"pi_{order.pk}")
    assert StripeEvent.objects.get().payload == facts_of(paid)


def test_the_url_works_without_its_last_slash(client, alice, available, paid):
    body = json.dumps(paid)
    response = client.post(
        PATH.rstrip("/"), data=body, content_type="application/json", headers={"Stripe-Signature": sign(body)}
    )

    assert (response.status_code, response.json()["state"]) == (200, "processed")
    assert available(alice) == 110


def test_ten_times_the_same_event_is_one_purchase(client, alice, available, paid):
    assert {send(client, paid).status_code for _ in range(10)} == {200}
    assert available(alice) == 110
    assert StripeEvent.objects.count() == 1


def test_two_events_about_one_session_are_one_purchase(client, alice, available, order, paid):
    send(client, paid)
    again = event_about("checkout.session.async_payment_succeeded", session_of(order))

    assert send(client, again).json()["state"] == "processed"
    assert available(alice) == 110


def test_a_delayed_payment_waits_for_its_money(client, alice, available, order):
    waiting = session_of(order, payment_status="unpaid")
    send(client, event_about("checkout.session.completed", waiting))
    order.refresh_from_db()
    assert (order.state, available(alice)) == ("awaiting", 10)

    send(client, event_about("checkout.session.async_payment_succeeded", session_of(order)))
    order.refresh_from_db()
    assert (order.state, available(alice)) == ("paid", 110)


def test_a_delayed_payment_may_fail(client, alice, available, order):
    waiting = session_of(order, payment_status="unpaid")
    for what in ("checkout.session.async_payment_failed", "checkout.session.completed"):
        send(client, event_about(what, waiting))

    order.refresh_from_db()
    assert (order.state, available(alice)) == ("failed", 10)


def test_a_page_that_expired_stays_so_when_it_is_told_again_without_money(client, alice, available, order):
    send(client, event_about("checkout.session.expired", session_of(order, status="expired", payment_status="unpaid")))
    again = send(client, event_about("checkout.session.completed", session_of(order, payment_status="unpaid")))

    order.refresh_from_db()
    assert (again.status_code, order.state, available(alice)) == (200, "expired", 10)


def test_what_needs_no_payment_brings_its_credits(client, alice, available, order):
    free = session_of(order, payment_status="no_payment_required", payment_intent=None)
    send(client, event_about("checkout.session.completed", free))

    order.refresh_from_db()
    assert (order.state, available(alice)) == ("paid", 110)


def test_a_session_that_nobody_told_of_is_asked_for(monkeypatch, alice, available, order):
    known = {order.checkout_session_id: read_session(session_of(order))}
    monkeypatch.setattr("billing.stripe_gateway.get_session", known.__getitem__)

    assert fulfil(order.checkout_session_id).state == "paid"
    assert available(alice) == 110


def test_a_page_that_was_left_expires(client, alice, available, order):
    left = session_of(order, status="expired", payment_status="unpaid", payment_intent=None)
    send(client, event_about("checkout.session.expired", left))

    order.refresh_from_db()
    assert (order.state, available(alice)) == ("expired", 10)


REFUSED = {
    "no signature": lambda body: (body, None),
    "an empty signature": lambda body: (body, ""),
    "a forged signature": lambda body: (body, f"t={int(time.time())},v1={'0' * 64}"),
    "another secret": lambda body: (body, sign(body, secret="whsec_" + "x" * 32)),
    "an empty secret": lambda body: (body, sign(body, secret="")),
    "half a signature": lambda body: (body, sign(body)[:-32]),
    "no time": lambda body: (body, sign(body).partition(",")[2]),
    "a time in words": lambda body: (body, "t=now,v1=" + sign(body).partition("v1=")[2]),
    "another scheme": lambda body: (body, sign(body).replace("v1=", "v0=")),
    "a signature that is no ASCII": lambda body: (body, f"t={int(time.time())},v1=\xe9"),
    "a time without an end": lambda body: (body, f"t={'9' * 5000},v1=" + sign(body).partition("v1=")[2]),
    "a time in other digits": lambda body: (body, "t=\xb2,v1=" + sign(body).partition("v1=")[2]),
    "a thousand wrong ones": lambda body: (body, f"t={int(time.time())}" + f",v1={'0' * 64}" * 1000),
    "two wrong ones": lambda body: (body, f"t={int(time.time())},v1={'0' * 64},v1={'1' * 64}"),
    "too old": lambda body: (body, sign(body, at=int(time.time()) - 302)),
    "a day ahead": lambda body: (body, sign(body, at=int(time.time()) + 86_400)),
    "a bit ahead": lambda body: (body, sign(body, at=int(time.time()) + 303)),
    "the time of another": lambda body: (body, sign(body, at=1).replace("t=1,", f"t={int(time.time())},")),
    "two times": lambda body: (body, f"t={int(time.time())}," + sign(body, at=1)),
    "two times, the other way": lambda body: (body, sign(body, at=1) + f",t={int(time.time())}"),
    "written anew": lambda body: (json.dumps(json.loads(body), indent=1), sign(body)),
    "cut off": lambda body: (body[:-1], sign(body)),
    "longer": lambda body: (body + " ", sign(body)),
    "bad UTF-8": lambda body: (body.encode() + b"\xff", sign(body)),
    "nothing": lambda body: ("", sign(body)),
    "signed nothing": lambda body: ("", sign("")),
    "a signed list": lambda body: ("[]", sign("[]")),
    "signed words": lambda body: ("hello", sign("hello")),
    "signed brackets": lambda body: ("[" * 100_000, sign("[" * 100_000)),
    "a signed event of nothing": lambda body: ("{}", sign("{}")),
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_stripe_did_not_sign_just_now_is_refused_without_a_query(client, alice, available, paid, how):
    body, signature = REFUSED[how](json.dumps(paid))
    with CaptureQueriesContext(connection) as queries:
        response = post(client, body, signature)

    assert response.status_code == 400
    assert len(queries) == 0
    assert StripeEvent.objects.count() == 0
    assert available(alice) == 10


def test_without_a_secret_nothing_is_believed(client, settings, paid):
    settings.STRIPE_WEBHOOK_SECRETS = []
    body = json.dumps(paid)

    assert post(client, body, sign(body, secret="")).status_code == 400


def test_both_secrets_are_good_while_one_is_replaced(client, settings, alice, available, paid):
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_" + "n" * 32, OLD_SIGNING_SECRET]
    body = json.dumps(paid)
    signature = sign(body, secret=OLD_SIGNING_SECRET)

    assert post(client, body, f"{signature},v1={'0' * 64}").status_code == 200
    assert available(alice) == 110


@pytest.mark.parametrize("drift", [-295, 295])
def test_clocks_may_differ_a_little(client, paid, drift):
    body = json.dumps(paid)

    assert post(client, body, sign(body, at=int(time.time()) + drift)).status_code == 200


def test_a_body_at_the_limit_is_read_and_one_above_it_is_not(client, settings, paid):
    body = json.dumps(paid)
    settings.STRIPE_WEBHOOK_MAX_BYTES = len(body)
    assert post(client, body, sign(body)).status_code == 200

    body += " "
    assert post(client, body, sign(body)).status_code == 413


@pytest.mark.parametrize("told", ["3000000", "", "7"])
def test_a_body_of_megabytes_is_refused_without_a_query_whatever_length_it_claims(client, told):
    with CaptureQueriesContext(connection) as queries:
        body = b"x" * 3_000_000
        response = client.post(PATH, body, content_type="application/json", CONTENT_LENGTH=told)

    # What claims to be short, or nothing, is read as far as it claims.
    assert response.status_code == (413 if told == "3000000" else 400)
    assert len(queries) == 0
    assert StripeEvent.objects.count() == 0


def test_only_post_is_answered(client):
    assert client.get(PATH).status_code == 405


def test_no_session_is_begun_and_no_csrf_token_is_asked_for(paid):
    from django.test import Client

    response = send(Client(enforce_csrf_checks=True), paid)

    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (event_about("customer.created", {"id": "cus_1"}), "type"),
        (event_about("charge.refunded", {"id": "ch_1"}, livemode=True), "mode"),
    ],
)
def test_what_is_not_for_us_is_taken_and_ignored(client, event, why):
    response = send(client, event)

    assert (response.status_code, response.json()["state"]) == (200, "ignored")
    assert why in StripeEvent.objects.get().error


@pytest.mark.parametrize("changes", [{"client_reference_id": "their order 7"}, {"client_reference_id": None}])
def test_a_session_of_another_product_is_ignored(client, order, alice, available, changes):
    thing = session_of(order, id="cs_other", **changes)

    assert send(client, event_about("checkout.session.completed", thing)).json()["state"] == "ignored"
    assert available(alice) == 10


DIFFERENT = {
    "amount_total": 999,
    "currency": "usd",
    "client_reference_id": "11111111-1111-4111-8111-111111111111",
    "livemode": True,
}


@pytest.mark.parametrize("field", DIFFERENT)
def test_what_was_not_agreed_brings_nothing_and_alarms(client, caplog, alice, available, order, field):
    thing = session_of(order, **{field: DIFFERENT[field]})
    response = send(client, event_about("checkout.session.completed", thing))

    order.refresh_from_db()
    event = StripeEvent.objects.get()
    assert response.status_code == 500
    assert available(alice) == 10
    assert (event.state, order.state) == ("failed", "pending")
    assert str(DIFFERENT[field]) in order.problem
    assert order.problem in event.error
    [alarm] = [line for line in caplog.records if line.message == "order_disagrees"]
    assert (alarm.order_id, alarm.facts) == (order.pk, order.problem)
    assert [found.rule for found in audit.find_disagreements()] == ["order_has_no_problem"]

    send(client, event_about("checkout.session.completed", session_of(order), event_id="evt_right"))
    order.refresh_from_db()
    assert (order.state, order.problem, available(alice)) == ("paid", "", 110)


def test_everything_that_was_not_agreed_is_named(client, order):
    send(client, event_about("checkout.session.completed", session_of(order, amount_total=1, currency="usd")))

    order.refresh_from_db()
    said = f"Session {order.checkout_session_id} has amount 1, not 1000; currency usd, not eur."
    assert order.problem == said
    Order.objects.update(problem="")


@pytest.mark.parametrize(("field", "name"), [("id", "session"), ("payment_intent", "payment")])
def test_an_order_has_one_session_and_one_payment(client, alice, available, order, paid, field, name):
    send(client, paid)
    thing = session_of(order, **{field: "another"})
    response = send(client, event_about("checkout.session.completed", thing, event_id="evt_other"))

    order.refresh_from_db()
    assert (response.status_code, available(alice)) == (500, 110)
    assert f"{name} another, not " in order.problem
    Order.objects.update(problem="")


def test_an_order_whose_session_we_did_not_write_down_is_found_by_its_name(client, alice, available, order, paid):
    """We died after Stripe had opened the page."""
    session = order.checkout_session_id
    Order.objects.update(checkout_session_id=None)

    assert send(client, paid).json()["state"] == "processed"
    order.refresh_from_db()
    assert (order.checkout_session_id, available(alice)) == (session, 110)


def test_a_page_that_is_open_still_changes_nothing(client, alice, available, order):
    still_open = session_of(order, status="open", payment_status="unpaid", payment_intent=None)

    assert send(client, event_about("checkout.session.completed", still_open)).json()["state"] == "processed"
    order.refresh_from_db()
    assert (order.state, available(alice)) == ("pending", 10)


def test_a_purchase_says_what_was_bought_by_whom_and_how_long_it_lasts(client, alice):
    owner = make_member(alice.organization)
    order = make_order(alice.organization, make_pack("Short", expires_after_days=30), actor=owner)
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        send(client, event_about("checkout.session.completed", session_of(order)))

    entry = LedgerEntry.objects.get(kind="purchase")
    assert (entry.reason, entry.actor, entry.reference) == ("Bought Short.", owner, order.checkout_session_id)
    assert entry.expires_at.isoformat() == "2026-01-31T00:00:00+00:00"


def test_a_purchase_in_yen_is_counted_in_yen(client, alice, available, pack):
    order = make_order(alice.organization, pack, "jpy")
    thing = session_of(order)

    assert thing["amount_total"] == 1500
    assert send(client, event_about("checkout.session.completed", thing)).status_code == 200
    assert available(alice) == 110


def test_a_failure_is_undone_kept_and_acted_on_when_it_comes_again(client, monkeypatch, alice, available, order, paid):
    def break_down(*args, **kwargs):
        LedgerEntry.objects.filter(kind="purchase").get()
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(webhooks.payments, "settle", break_down)
        assert send(client, paid).status_code == 500
    order.refresh_from_db()
    event = StripeEvent.objects.get()
    assert (available(alice), order.state, event.state) == (10, "pending", "failed")
    assert event.error == "RuntimeError: the disk is full"

    assert send(client, paid).status_code == 200
    event.refresh_from_db()
    assert (available(alice), event.state, event.error) == (110, "processed", "")


def test_a_failed_event_is_replayed_in_the_same_way(client, monkeypatch, alice, available, paid):
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "grant", None)
        send(client, paid)

    assert webhooks.replay(StripeEvent.objects.get()) == EventState.PROCESSED
    assert webhooks.replay(StripeEvent.objects.get()) == EventState.PROCESSED
    assert available(alice) == 110


def test_news_of_before_the_purchase_counts_when_the_purchase_comes(client, alice, available, order, paid):
    early = send(client, event_about("charge.refunded", charge_of(order, refunded=1000)))
    assert early.json()["state"] == "ignored"

    send(client, paid)
    order.refresh_from_db()
    assert (available(alice), order.state) == (10, "refunded")
