"""The packs on the shelf, and where people who run out are led to."""

import json
import re

import pytest
from django.utils.html import strip_tags

from accounts.models import Role
from billing.errors import InsufficientCredits
from billing.shelf import shelf_for
from tests.factories import make_member, make_order, make_organization, make_pack

pytestmark = pytest.mark.django_db


@pytest.fixture
def packs(selling):
    return [make_pack("A hundred", 100), make_pack("A thousand", 1000)]


@pytest.fixture
def broke(db):
    return make_organization("Alice's shop", credits=0)


def page_for(client, organization, role, path):
    client.force_login(make_member(organization, f"{role}@example.com", role))
    return re.sub(r"\s+", " ", client.get(path).content.decode())


def test_the_smallest_pack_that_is_enough(packs):
    shelf = shelf_for(None)

    assert [shelf.smallest_with(credits).pack for credits in (1, 100, 101)] == [packs[0], packs[0], packs[1]]
    assert shelf.smallest_with(1001) is None
    assert shelf.suggested.pack == packs[1]


def test_the_currency_asked_for_else_that_of_before_else_the_house_s(packs, broke, settings):
    packs[1].prices.create(currency="usd", amount=900)
    assert shelf_for(broke).currency == "eur"  # most packs, then the alphabet
    settings.CURRENCY = "usd"
    assert shelf_for(broke).currency == "usd"
    make_order(broke, packs[0], "jpy")
    assert shelf_for(broke).currency == "jpy"
    assert shelf_for(broke, asked="eur").currency == "eur"
    assert shelf_for(broke, asked="<b>").currency == "jpy"
    assert [offer.pack for offer in shelf_for(broke, asked="usd").offers] == [packs[1]]


@pytest.mark.parametrize(
    ("credits", "currency", "words"),
    [
        (100, "eur", "0.10 EUR"),
        (3000, "eur", "0.0033 EUR"),
        (80, "eur", "0.125 EUR"),
        (100, "jpy", "15 JPY"),
        (400, "jpy", "3.75 JPY"),
    ],
)
def test_the_price_of_an_image_has_the_digits_that_it_takes(selling, credits, currency, words):
    make_pack("Pack", credits)

    assert shelf_for(None, asked=currency).offers[0].price_per_image == words


def test_nothing_is_on_the_shelf_where_nothing_is_sold(db):
    make_pack()

    assert shelf_for(None).smallest_with(1) is None


def test_an_owner_without_credits_is_led_to_the_packs(client, broke, packs):
    page = page_for(client, broke, Role.OWNER, "/dashboard/")

    assert 'The smallest pack that is enough: <a href="/billing/#buy">' in page
    assert "The smallest pack that is enough: A hundred for 10.00 EUR." in strip_tags(page)


def test_others_are_told_who_can_buy(client, broke, packs):
    for role in (Role.ADMIN, Role.MEMBER):
        client.force_login(make_member(broke, f"{role}@example.com", role))
        for path in ("/dashboard/", "/try/"):
            assert "An owner of the organization can buy more." in client.get(path).content.decode()


def test_the_playground_knows_the_packs_of_who_may_buy(client, broke, packs):
    page = page_for(client, broke, Role.OWNER, "/try/")
    facts = json.loads(re.search(r'id="facts" type="application/json">(.*?)</script>', page)[1])

    assert facts["packs"] == [
        {"credits": 100, "words": "Buy A hundred for 10.00 EUR"},
        {"credits": 1000, "words": "Buy A thousand for 10.00 EUR"},
    ]
    assert 'id="broke-pack" href="/billing/#buy"' in page


def test_without_stripe_all_of_this_says_whom_to_ask(client, broke):
    make_pack()
    client.force_login(make_member(broke))

    for path in ("/dashboard/", "/try/"):
        assert "/billing/#buy" not in client.get(path).content.decode()


def test_programs_are_told_where_owners_buy(selling, settings):
    assert f"{settings.PUBLIC_URL}/billing/" in InsufficientCredits().public_text


def test_the_pricing_page_shows_the_packs_and_leads_to_them(client, broke, packs):
    page = client.get("/pricing/").content.decode()
    assert "A thousand" in page
    assert "0.10 EUR an image" in strip_tags(page)
    assert 'href="/account/signup/"' in page
    assert "15 JPY an image" in strip_tags(client.get("/pricing/?currency=jpy").content.decode())

    assert 'href="/billing/?currency=eur#buy"' in page_for(client, broke, Role.OWNER, "/pricing/")
