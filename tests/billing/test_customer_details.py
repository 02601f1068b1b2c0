"""The page of cards and invoices asks Stripe once in a while, however often it is loaded."""

import pytest
from django.core.cache import cache

from billing import customer_details, stripe_gateway
from billing.order_models import StripeCustomer
from tests.billing.stripe_fakes import FakeHttp
from tests.factories import make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("selling")]
CALLS_A_LOOK = 3


@pytest.fixture
def owner(client, alice):
    cache.clear()
    StripeCustomer.objects.create(
        organization=alice.organization, livemode=False, customer_id="cus_1", email="a@example.com", name="Alice"
    )
    client.force_login(make_member(alice.organization))
    return client


@pytest.fixture
def stripe(monkeypatch):
    """Stripe, which knows the customer; `status` is what it answers with."""
    kinds = {
        "portal": {"url": "https://portal.example.com"},
        "customers/cus_1": {"id": "cus_1", "email": "a@example.com"},
    }

    def answer(method, path, sent):
        body = next((known for part, known in kinds.items() if path.endswith(part)), {"data": [], "object": "list"})
        return http.status, {"url": "https://portal.example.com", **body}

    http = FakeHttp(answer)
    http.status = 200
    monkeypatch.setattr(stripe_gateway, "make_http_client", lambda: http)
    stripe_gateway._client_with.cache_clear()
    return http


def test_many_views_are_one_look(owner, stripe):
    pages = [owner.get("/billing/details/").content.decode() for _ in range(5)]

    assert len(stripe.calls) == CALLS_A_LOOK
    assert all("a@example.com" in page for page in pages)


def test_while_stripe_is_asked_others_do_not_ask(owner, stripe):
    cache.set(customer_details._asking_key(StripeCustomer.objects.get()), 1)
    page = owner.get("/billing/details/").content.decode()

    assert stripe.calls == []
    assert "are being loaded from Stripe" in page


def test_stripe_that_does_not_answer_is_not_asked_at_each_view(owner, stripe):
    stripe.status = 500
    first = owner.get("/billing/details/").content.decode()
    asked = len(stripe.calls)
    owner.get("/billing/details/")

    assert "Stripe does not answer at the moment" in first
    assert len(stripe.calls) == asked > 0


def test_who_comes_back_from_the_portal_sees_what_is_new(owner, stripe):
    owner.get("/billing/details/")
    owner.post("/billing/details/portal/")
    before = len(stripe.calls)
    owner.get("/billing/details/")

    assert len(stripe.calls) == before + CALLS_A_LOOK
