"""Amounts and names in text that runs from right to left: on pages they are kept apart, and mails stay plain."""

import re

import pytest
from django.template import Context, Template

from accounts.models import Role
from tests.factories import make_member, make_order, make_organization, make_pack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]
AMOUNT = re.compile(r"(?<!<bdi class=\"amount\">)(?<![\d.,])\d[\d.,]*\s(?:EUR|JPY)")


def written(source, **context):
    return Template("{% load i18n selling %}" + source).render(Context(context))


def test_mails_get_an_amount_as_plain_text():
    assert written("{{ 123450|in_currency:'eur' }}") == "1,234.50 EUR"


def test_pages_get_an_amount_and_a_name_in_elements_of_their_own():
    assert written("{{ 500|in_currency:'jpy'|isolated_amount }}") == '<bdi class="amount">500 JPY</bdi>'
    assert written("{{ name|isolated }}", name="100 <credits>") == "<bdi>100 &lt;credits&gt;</bdi>"


def test_both_survive_a_sentence_that_is_translated():
    sentence = "{% blocktranslate with pack=name|isolated price='5 EUR'|isolated_amount %}{{ pack }} for {{ price }}"

    said = written(sentence + "{% endblocktranslate %}", name="1 <b>")
    assert said == '<bdi>1 &lt;b&gt;</bdi> for <bdi class="amount">5 EUR</bdi>'


@pytest.fixture
def arabic(client, settings):
    """The pages of a shop in Arabic, to one of its owners."""
    shop = make_organization("Alice's shop", credits=0)
    pack = make_pack()
    make_order(shop, pack)
    client.force_login(make_member(shop, "alice@example.com", Role.OWNER))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ar"
    return client


@pytest.mark.parametrize("path", ["/billing/", "/billing/orders/", "/dashboard/", "/pricing/"])
def test_on_pages_in_arabic_no_amount_and_no_pack_stands_in_the_open(arabic, path):
    page = arabic.get(path).content.decode()
    shown = re.sub(r'aria-label="[^"]*"|title="[^"]*"', "", page)

    assert 'dir="rtl"' in page
    assert '<bdi class="amount">' in page
    assert AMOUNT.findall(shown) == []
    assert re.findall(r"(?<!<bdi>)100 credits", shown) == []
