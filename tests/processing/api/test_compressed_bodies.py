"""A body that says it is compressed is refused by its header alone, in both dialects (RFC 9110, section 15.5.16)."""

import io
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from processing.models import RemovalRecord
from tests.factories import make_key

KINDS = ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json", "image/png")
PATHS = ("/v1/remove", "/v1.0/removebg", "/v1.0/improve")


class Unread(io.BytesIO):
    """A body that nobody may read."""

    def read(self, *args):
        raise AssertionError("the body was read")

    readline = read


def send(path, secret, coding, kind=KINDS[0]):
    body = {"wsgi.input": Unread(), "CONTENT_TYPE": kind, "CONTENT_LENGTH": "1000", "HTTP_CONTENT_ENCODING": coding}
    return Client(headers={"x-api-key": secret}).post(path, **body)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("coding", ["gzip", "GZIP", "identity, br", "zstd,identity", "no-such-coding"])
def test_it_is_415_unread_and_free(shop, alice_credits, path, kind, coding):
    answer = send(path, make_key(shop).secret, coding, kind)
    body = answer.json()

    assert (answer.status_code, answer["Accept-Encoding"]) == (415, "identity")
    assert (body["errors"][0] if "1.0" in path else body)["code"] == "unsupported_content_encoding"
    assert alice_credits() == 10
    assert [row.code for row in RemovalRecord.objects.all()] in ([], ["unsupported_content_encoding"])


def test_a_stranger_is_told_of_the_key_first(shop):
    assert send("/v1/remove", "rb_live_wrong", "gzip").status_code == 401
    assert send("/v1.0/removebg", "rb_live_wrong", "gzip").status_code == 403


def test_on_v1_0_it_counts_as_other_refusals_do(shop):
    secret = make_key(shop).secret
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False):
        left = [send(PATHS[1], secret, "gzip")["X-RateLimit-Remaining"] for _ in range(2)]

    assert left == ["499", "498"]


@pytest.mark.parametrize("coding", ["", "identity", "Identity", "identity, IDENTITY"])
@pytest.mark.parametrize("path", PATHS[:2])
def test_identity_is_no_coding(alice, disc, picture, path, coding):
    assert alice.post(path, {"image_file": picture()}, content_encoding=coding).status_code == 200
