"""The webhook's door on a real server: what Stripe did not sign just now is refused and leaves no row."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests

from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET, event_about, sign
from tests.billing.test_webhook import REFUSED
from tests.live.server import LiveServer
from tests.live.test_live_server import read_answer

PATH = "/webhooks/stripe/"
ROWS = """
from billing.models import LedgerEntry
from billing.order_models import Payment, StripeEvent
print(StripeEvent.objects.count(), Payment.objects.count(), LedgerEntry.objects.count())
"""
EVENT = json.dumps(event_about("customer.created", {"id": "cus_1", "object": "customer"}))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that sells; nobody needs its model here."""
    stripe = {"STRIPE_SECRET_KEY": SECRET_KEY, "STRIPE_WEBHOOK_SECRETS": SIGNING_SECRET}
    server = LiveServer(tmp_path_factory.mktemp("shop"), environ={"MODEL_NAME": "u2netp", **stripe})
    server.start(wait_until_ready=False)
    yield server
    server.stop()


def rows(shop: LiveServer) -> str:
    return shop.manage("shell", "-v", "0", "-c", ROWS).strip()


def send(shop: LiveServer, body: str | bytes, signature: str | None) -> requests.Response:
    headers = {"Content-Type": "application/json"}
    if signature is not None:
        headers["Stripe-Signature"] = signature.encode("latin-1")  # type: ignore[assignment]
    return requests.post(
        shop.url + PATH, data=body.encode() if isinstance(body, str) else body, headers=headers, timeout=20
    )


def test_what_stripe_did_not_sign_just_now_leaves_no_row_and_the_real_event_one(shop):
    before = rows(shop)
    answers = {how: send(shop, *make(EVENT)) for how, make in REFUSED.items()}

    refused = {
        **dict.fromkeys(REFUSED, 400),
        "a thousand wrong ones": 431,
    }  # a head of that length is the server's to refuse
    assert {how: answer.status_code for how, answer in answers.items()} == refused
    assert (before, rows(shop)) == ("0 0 0", "0 0 0")

    first, again = send(shop, EVENT, sign(EVENT)), send(shop, EVENT, sign(EVENT))
    assert [answer.status_code for answer in (first, again)] == [200, 200]
    assert rows(shop) == "1 0 0"


@pytest.mark.parametrize("size", [600_000, 5_000_000])
def test_what_is_larger_than_any_event_is_refused_however_it_comes(shop, size):
    before = rows(shop)
    big = json.dumps({"id": "evt_big", "filling": "x" * size})
    halves = iter([big[: size // 2].encode(), big[size // 2 :].encode()])

    assert send(shop, big, sign(big)).status_code == 413
    # Who goes on sending in chunks is not listened to for long, and may find the line closed before the answer.
    with suppress(requests.ConnectionError):
        chunked = requests.post(shop.url + PATH, data=halves, headers={"Stripe-Signature": sign(big)}, timeout=20)
        assert chunked.status_code == 413
    assert rows(shop) == before


def test_an_event_in_pieces_is_one_event(shop):
    """Stripe does not chunk; a proxy may."""
    event = json.dumps(event_about("customer.created", {"id": "cus_2", "object": "customer"}))
    halves = [event[:50].encode(), event[50:].encode()]
    answer = requests.post(shop.url + PATH, data=iter(halves), headers={"Stripe-Signature": sign(event)}, timeout=20)

    assert (answer.status_code, answer.json()["state"]) == (200, "ignored")


def test_an_event_that_is_cut_off_on_its_way_leaves_no_row(shop):
    before = rows(shop)
    with socket.create_connection(("127.0.0.1", shop.port), timeout=20) as client:
        client.sendall(head(len(EVENT) + 10, sign(EVENT)) + EVENT.encode())
        client.shutdown(socket.SHUT_WR)
        status, _ = read_answer(client)

    assert status == 400
    assert rows(shop) == before


@pytest.mark.parametrize("path", [PATH, "/account/login/"])
def test_bodies_that_never_end_keep_nobody_out(shop, path):
    """More of them than there are threads: pages answer meanwhile, and events do when the first have been cut off."""
    silent = []
    try:
        for _ in range(60):
            client = socket.create_connection(("127.0.0.1", shop.port), timeout=30)
            client.sendall(head(1000, sign(EVENT), path) + b"{")
            silent.append(client)
        time.sleep(1)
        for page in ("/livez", "/account/login/"):
            assert requests.get(shop.url + page, timeout=5).status_code == 200
        event = json.dumps(event_about("customer.created", {"id": f"cus_{path}", "object": "customer"}))
        while (answer := send(shop, event, sign(event))).status_code == 503:
            assert "Retry-After" in answer.headers
            time.sleep(1)
        assert answer.status_code == 200
        statuses = [read_status(client) for client in silent]
        assert statuses.count(503) >= 40, "the others were told at once"
    finally:
        for client in silent:
            client.close()


def read_status(client: socket.socket) -> int:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return answer.status


def head(length: int, signature: str, path: str = PATH) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\nStripe-Signature: {signature}\r\n\r\n"
    ).encode()
