"""What every call shares: form decoding, who may call, idempotency, pages, and bad days on order."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from stripe import StripeClient

from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.form_decoding import decode
from tests.stripe_stand_in.seller import client_for


def test_brackets_become_lists_and_objects() -> None:
    encoded = "a[0][b]=1&a[0][c]=x%20y&a[1][b]=2&metadata[order]=7&expand[]=p&expand[]=q&empty="

    assert decode(encoded) == {
        "a": [{"b": "1", "c": "x y"}, {"b": "2"}],
        "metadata": {"order": "7"},
        "expand": ["p", "q"],
        "empty": "",
    }


@pytest.mark.parametrize("key", ["sk_live_12345", "nonsense"])
def test_keys_of_another_mode_are_refused(stand_in: StripeStandIn, key: str) -> None:
    stranger = StripeClient(key, base_addresses={"api": stand_in.url}, max_network_retries=0)

    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.customers.list()


def test_a_live_stand_in_speaks_of_live_objects() -> None:
    with StripeStandIn(livemode=True) as live:
        client = StripeClient("sk_live_12345", base_addresses={"api": live.url}, max_network_retries=0)
        assert client.v1.customers.create().livemode is True


def test_what_is_not_there_is_missing(client: StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.customers.retrieve("cus_unknown")
    assert (raised.value.http_status, raised.value.code) == (404, "resource_missing")


def test_metadata_is_merged_as_stripe_does(client: StripeClient, customer: str) -> None:
    client.v1.customers.update(customer, {"metadata": {"plan": "pro", "organization": ""}})
    assert client.v1.customers.retrieve(customer).metadata.to_dict() == {"plan": "pro"}
    client.v1.customers.update(customer, {"metadata": ""})
    assert client.v1.customers.retrieve(customer).metadata.to_dict() == {}


def test_tax_ids_belong_to_a_customer(client: StripeClient, customer: str) -> None:
    tax_id = client.v1.customers.tax_ids.create(customer, {"type": "eu_vat", "value": "DE123456789"})

    assert [one.value for one in client.v1.customers.tax_ids.list(customer).data] == ["DE123456789"]
    client.v1.customers.tax_ids.delete(customer, tax_id.id)
    assert client.v1.customers.tax_ids.list(customer).data == []


class TestIdempotency:
    def test_the_same_request_gets_the_same_answer(self, client: StripeClient) -> None:
        first, again = (client.v1.customers.create({"name": "a"}, {"idempotency_key": "order-1"}) for _ in range(2))

        assert first.id == again.id
        assert again.last_response.headers["Idempotent-Replayed"] == "true"
        assert len(client.v1.customers.list().data) == 1

    def test_another_request_under_the_key_is_refused(self, client: StripeClient, customer: str) -> None:
        client.v1.customers.create({"name": "a"}, {"idempotency_key": "order-1"})

        with pytest.raises(stripe.IdempotencyError):
            client.v1.customers.create({"name": "b"}, {"idempotency_key": "order-1"})
        with pytest.raises(stripe.IdempotencyError):
            client.v1.customers.update(customer, {"name": "a"}, {"idempotency_key": "order-1"})

    def test_many_at_once_under_one_key_make_one(self, stand_in: StripeStandIn) -> None:
        def create(_: int) -> str:
            return client_for(stand_in.url).v1.customers.create({"name": "a"}, {"idempotency_key": "order-1"}).id

        with ThreadPoolExecutor(max_workers=10) as pool:
            made = set(pool.map(create, range(30)))

        assert len(made) == 1 == len(stand_in.control.objects("customer"))

    def test_after_a_day_the_key_is_free(self, stand_in: StripeStandIn, client: StripeClient) -> None:
        client.v1.customers.create({"name": "a"}, {"idempotency_key": "order-1"})
        stand_in.control.advance(hours=25)

        assert client.v1.customers.create({"name": "b"}, {"idempotency_key": "order-1"}).name == "b"

    def test_a_declined_card_stays_declined_under_its_key(
        self, stand_in: StripeStandIn, client: StripeClient, customer: str
    ) -> None:
        params = {
            "amount": 500,
            "currency": "usd",
            "customer": customer,
            "payment_method": "pm_card_chargeCustomerFail",
            "confirm": True,
        }
        intents = set()
        for _ in range(2):
            with pytest.raises(stripe.CardError) as raised:
                client.v1.payment_intents.create(params, {"idempotency_key": "topup-1"})  # type: ignore[arg-type]
            intents.add(raised.value.error.payment_intent.id)

        assert len(intents) == 1 == len(stand_in.control.objects("payment_intent"))


class TestPages:
    def test_all_are_found_page_by_page(self, client: StripeClient) -> None:
        made = [client.v1.customers.create({"name": str(number)}).id for number in range(7)]

        page = client.v1.customers.list({"limit": 3})

        assert (len(page.data), page.has_more) == (3, True)
        assert [customer.id for customer in page.auto_paging_iter()] == made[::-1]
        before = client.v1.customers.list({"limit": 2, "ending_before": made[0]})
        assert ([one.id for one in before.data], before.has_more) == (made[2:0:-1], True)

    def test_lists_are_bounded_in_time(self, stand_in: StripeStandIn, client: StripeClient) -> None:
        client.v1.customers.create({"name": "early"})
        noon = stand_in.control.advance(hours=1)
        client.v1.customers.create({"name": "late"})

        assert [one.name for one in client.v1.customers.list({"created": {"gte": noon}}).data] == ["late"]
        assert [one.name for one in client.v1.customers.list({"created": {"lt": noon}}).data] == ["early"]

    def test_a_page_too_long_is_refused(self, client: StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="limit"):
            client.v1.customers.list({"limit": 101})


class TestFaults:
    @pytest.mark.parametrize(
        ("status", "error"), [(429, stripe.RateLimitError), (500, stripe.APIError), (409, stripe.APIError)]
    )
    def test_the_next_calls_are_refused(
        self, stand_in: StripeStandIn, client: StripeClient, status: int, error: type[Exception]
    ) -> None:
        stand_in.control.order_fault("/v1/customers", status=status, times=2)

        for _ in range(2):
            with pytest.raises(error):
                client.v1.customers.create()
        client.v1.customers.create()
        assert len(stand_in.control.objects("customer")) == 1

    @pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
    def test_a_lost_connection_may_hide_a_success(
        self, stand_in: StripeStandIn, client: StripeClient, after: bool, made: int
    ) -> None:
        stand_in.control.order_fault("/v1/customers", kind="drop", after=after)

        with pytest.raises(stripe.APIConnectionError):
            client.v1.customers.create({}, {"idempotency_key": "a"})
        assert len(stand_in.control.objects("customer")) == made

        client.v1.customers.create({}, {"idempotency_key": "a"})
        assert len(stand_in.control.objects("customer")) == 1

    def test_the_sdk_retries_under_one_key(self, stand_in: StripeStandIn) -> None:
        patient = client_for(stand_in.url, retries=2)
        stand_in.control.order_fault("/v1/customers", kind="drop", after=True)

        patient.v1.customers.create()

        lost, answered = stand_in.api.calls
        assert lost.idempotency_key == answered.idempotency_key is not None
        assert len(stand_in.control.objects("customer")) == 1

    def test_a_500_may_stay_with_its_key(self, stand_in: StripeStandIn, client: StripeClient) -> None:
        stand_in.control.order_fault("/v1/customers", remembered=True)

        for _ in range(2):
            with pytest.raises(stripe.APIError):
                client.v1.customers.create({}, {"idempotency_key": "a"})

    def test_silence_lasts_until_the_client_gives_up(self, stand_in: StripeStandIn) -> None:
        hasty = StripeClient(
            "sk_test_12345",
            base_addresses={"api": stand_in.url},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=0.3),
        )
        stand_in.control.order_fault("/v1/customers", kind="hang", hang_s=5)
        began = time.monotonic()

        with pytest.raises(stripe.APIConnectionError):
            hasty.v1.customers.create()

        assert time.monotonic() - began < 3
