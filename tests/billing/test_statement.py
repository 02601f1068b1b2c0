"""Movements in words, of one kind or all, page by page, and as CSV that no spreadsheet runs."""

import codecs
import csv
import io
import re

import pytest

from accounts.models import Role
from billing import ledger
from billing.models import CreditAccount, EntryKind
from billing.statement import KINDS, latest
from tests.factories import make_debt, make_member, make_order, make_organization, make_pack

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db):
    return make_organization("Alice's shop", credits=100)


@pytest.fixture
def account(shop):
    return CreditAccount.objects.get(organization=shop)


@pytest.fixture
def owner(client, shop):
    client.force_login(make_member(shop, "alice@example.com", Role.OWNER))
    return client


def grant(account, amount, reference, **facts):
    return ledger.grant(account, amount=amount, reference=reference, **{"reason": "Because.", **facts})


def use(account, count=1):
    for _ in range(count):
        ledger.capture(ledger.hold(account, amount=1))


def test_each_movement_says_what_it_was(shop, account):
    order = make_order(shop, make_pack(), checkout_session_id="cs_1")
    bought = grant(account, 100, "cs_1", kind=EntryKind.PURCHASE)
    use(account)
    ledger.take_back(bought, amount=30, kind=EntryKind.REFUND, reference="pi_1:1", reason="x")
    grant(account, 10, "cs_1:won", kind=EntryKind.DISPUTE_WON, origin=bought)
    grant(account, 5, "sub", kind=EntryKind.PLAN, reason="November.")

    rows = latest(account.pk, count=10)
    assert [(row.words, row.note, row.entry.amount) for row in rows] == [
        ("From your plan", "November.", 5),
        ("Credits back: dispute about 100 credits is over", "", 10),
        ("Refund of 100 credits", "", -30),
        ("Image delivered", "", -1),
        ("Bought 100 credits", "", 100),
        ("Given", "For a test.", 100),
    ]
    assert [row.order for row in rows] == [None, order, order, None, order, None]


def test_the_first_page_leaves_images_out(owner, account):
    use(account, 7)
    page = owner.get("/billing/").content.decode()

    assert "Image delivered" not in page
    assert "Images stand in the statement." in page


def test_debts_are_told(account):
    make_debt(account, 20)
    grant(account, 50, "cs_2", kind=EntryKind.PURCHASE)

    rows = latest(account.pk, count=4)
    assert (rows[0].words, rows[0].entry.amount) == ("Debt paid", -20)
    assert "20 more are owed" in rows[2].note


def test_every_kind_of_entry_can_be_looked_for():
    assert {kind for _title, kinds in KINDS.values() for kind in kinds} == set(EntryKind)


def test_one_kind_at_a_time_and_page_by_page(owner, account):
    use(account, 30)
    first = owner.get("/billing/statement/?kind=used").content.decode()
    assert first.count("Image delivered") == 25
    assert "Given" not in first.split("<tbody>")[1]

    older = re.search(r'href="(\?kind=used&amp;before=\d+)"', first)[1].replace("&amp;", "&")
    assert owner.get("/billing/statement/" + older).content.decode().count("Image delivered") == 5
    for nonsense in ({"before": "x"}, {"before": "9" * 40}, {"kind": "x"}, {"kind": "\0"}):
        assert owner.get("/billing/statement/", nonsense).status_code == 200


def test_all_of_it_to_take_along(owner, account, shop):
    grant(account, 7, "g", reason='=HYPERLINK("http://evil.example","Click")')
    use(account, 2)
    other = CreditAccount.objects.get(organization=make_organization("Bob's", credits=3))
    grant(other, 1, "other")

    answer = owner.get("/billing/statement.csv")
    content = answer.getvalue()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(row["kind"], row["credits"], row["balance_after"]) for row in rows] == [
        ("use", "-1", "105"),
        ("use", "-1", "106"),
        ("grant", "7", "107"),
        ("grant", "100", "100"),
    ]
    assert rows[2]["reason"].startswith("'=HYPERLINK")
    assert 'attachment; filename="credits-' in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    assert content.startswith(codecs.BOM_UTF8)
    used = owner.get("/billing/statement.csv?kind=used").getvalue().decode().splitlines()
    assert len(used) == 3
