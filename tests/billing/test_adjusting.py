"""Corrections of a balance by hand: through the ledger, with a reason, never more than is available."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from billing import ledger
from billing.errors import InsufficientCredits, LedgerBroken
from billing.models import LedgerEntry
from tests.factories import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


@pytest.fixture
def sam(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


def adjust(account, amount, sam, reference="admin:1"):
    return ledger.adjust(account, amount=amount, reference=reference, reason="A correction.", actor=sam)


@pytest.mark.parametrize(("amount", "left"), [(5, 15), (-4, 6), (-10, 0)])
def test_up_and_down(alice, available, sam, amount, left):
    entry = adjust(alice, amount, sam)

    assert (entry.kind, entry.amount, entry.reason, entry.actor) == ("adjust", amount, "A correction.", sam)
    assert available(alice) == left


def test_never_more_than_is_available(alice, available, sam):
    held = ledger.hold(alice, amount=4)
    with pytest.raises(InsufficientCredits):
        adjust(alice, -7, sam)
    adjust(alice, -6, sam)
    ledger.capture(held)

    assert available(alice) == 0


@pytest.mark.parametrize("amount", [0, True, 1.5, -1.5, "5", 10**9 + 1, -(10**9) - 1])
def test_what_is_no_sensible_whole_number(alice, sam, amount):
    with pytest.raises(ValueError, match="whole numbers"):
        adjust(alice, amount, sam)


@pytest.mark.parametrize("amount", [5, -6])
def test_the_same_reference_again_changes_nothing(alice, available, sam, amount):
    first = adjust(alice, amount, sam)

    assert adjust(alice, amount, sam) == first
    assert available(alice) == 10 + amount


def test_a_reference_of_another_movement(alice, sam):
    adjust(alice, -6, sam)

    with pytest.raises(LedgerBroken, match="admin:1"):
        adjust(alice, -5, sam)


def page_of(account):
    return reverse("admin:billing_creditaccount_adjust", args=[account.pk])


def form_of(client, account, **fields):
    token = re.search(r'name="token" value="([^"]+)"', client.get(page_of(account)).content.decode())
    return {"amount": -3, "reason": "Counted twice.", "token": token[1], **fields}


def test_an_operator_corrects_a_balance(client, alice, available, sam):
    fields = form_of(client, alice)
    told = client.post(page_of(alice), fields, follow=True).content.decode()
    client.post(page_of(alice), fields)  # a double click

    assert "The balance was adjusted by -3." in told
    assert available(alice) == 7
    entry = LedgerEntry.objects.get(kind="adjust")
    assert (entry.reason, entry.actor) == ("Counted twice.", sam)
    assert "Adjusted by -3 credits: Counted twice." in [log.get_change_message() for log in LogEntry.objects.all()]


@pytest.mark.parametrize("amount", [-10, -4])
def test_the_form_that_back_shows_corrects_nothing_and_says_so(client, alice, available, sam, amount):
    fields = form_of(client, alice, amount=-10)
    client.post(page_of(alice), fields)
    told = client.post(page_of(alice), {**fields, "amount": amount}, follow=True).content.decode()

    assert "This form was sent before, and moved -10 credits then. Nothing was done now." in told
    assert available(alice) == 0


@pytest.mark.parametrize("fields", [{"amount": 0}, {"amount": -11}, {"amount": ""}, {"reason": ""}, {"token": ""}])
def test_what_cannot_be_done_is_shown_again(client, alice, available, sam, fields):
    answer = client.post(page_of(alice), form_of(client, alice, **fields))

    assert (answer.status_code, available(alice)) == (200, 10)


def test_credits_used_while_the_form_lay_open(client, alice, available, sam, monkeypatch):
    def used_in_between(*args, **kwargs):
        raise InsufficientCredits

    fields = form_of(client, alice)
    monkeypatch.setattr(ledger, "adjust", used_in_between)

    assert "not available any more" in client.post(page_of(alice), fields).content.decode()


@pytest.mark.parametrize("what", ["grant", "adjust"])
def test_an_operator_is_told_who_reads_the_reason(client, alice, sam, what):
    page = reverse(f"admin:billing_creditaccount_{what}", args=[alice.pk])

    assert "reads it, word for word, in their statement." in client.get(page).content.decode()
