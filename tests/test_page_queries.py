"""Every page of the site asks the database as often for thirty of everything as for one.

The table is the URLconf: a page that is added is counted, too. Who comes is an owner, for whom pages show most.
"""

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import invitations
from accounts.models import Membership, Role
from billing import ledger
from billing.models import EntryKind
from billing.order_models import Pack
from billing.selectors import account_of
from processing.history.choosing import turn_on
from tests.crowd import fill, join_many
from tests.factories import keep_result, make_key, make_member, make_order, make_organization, make_pack
from tests.test_page_permissions import ROUTES, World

pytestmark = pytest.mark.django_db
MOST = 17
"""Of any page: the overview's, while it shows the first steps; most ask less than half."""
TABLES_OF_PEOPLE = 15
"""What a person takes along is asked of each table that knows people, once."""


def buy(shop):
    """Let the shop buy a pack, so that there is an order and a movement."""
    ids = {"payment_intent_id": f"pi_{uuid.uuid4()}", "state": "paid", "paid_at": timezone.now()}
    order = make_order(shop, Pack.objects.first() or make_pack(), **ids)
    account = account_of(shop)
    reason, kind = "Bought.", EntryKind.PURCHASE
    ledger.grant(account, amount=100, reference=order.checkout_session_id, reason=reason, kind=kind)


@pytest.fixture
def world(settings, tmp_path):
    """Alice's shop with one of everything."""
    place = {**settings.STORAGES["history"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "history": place}
    shop = make_organization("Alice's shop")
    owner = make_member(shop, "alice@example.com", Role.OWNER)
    make_member(shop, "target@example.com", Role.MEMBER)
    invitations.invite(Membership.objects.get(user=owner), email="nina@example.com", role=Role.MEMBER)
    make_key(shop, created_by=owner)
    turn_on(shop.pk, hours=1)
    keep_result(shop, owner)
    buy(shop)
    return World(shop, {"owner": owner})


def queries_of(client, address):
    """Return the answer's status and what it asked, at the second visit: the first fills what is kept in memory."""
    client.get(address).getvalue()
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
        answer.getvalue()
    return answer.status_code, [query["sql"] for query in asked]


def test_no_page_asks_more_for_more(world):
    owner = Client()
    owner.force_login(world.people["owner"])
    addresses = {name: world.address_of(route) for name, route in sorted(ROUTES.items())}
    few = {name: queries_of(owner, address) for name, address in addresses.items()}
    fill(world.shop, 30)
    join_many(world.people["owner"], 30)
    for _ in range(30):
        buy(world.shop)
    for _ in range(20):
        keep_result(world.shop, world.people["owner"])
    many = {name: queries_of(owner, address) for name, address in addresses.items()}

    shown = {name for name, (status, _) in many.items() if status == 200}
    assert shown >= {"dashboard", "keys", "usage", "usage-export", "people", "try", "front", "pricing", "status"}
    assert shown >= {"billing", "billing-orders", "billing-order", "billing-statement", "billing-statement-export"}
    assert [name for name in addresses if few[name][0] != many[name][0]] == []
    counts = {name: (len(few[name][1]), len(many[name][1])) for name in addresses}
    assert {name: count for name, count in counts.items() if count[1] > count[0]} == {}
    most = {name: MOST + TABLES_OF_PEOPLE if name == "data-export" else MOST for name in counts}
    assert {name: count for name, count in counts.items() if max(count) > most[name]} == {}
