"""The comparing itself: each kind of wrong answer is found."""

import base64
import json
import time

import pytest
from django.http import HttpResponse

from tests.conformance.answers import disagreements
from tests.conformance.rows import ABSENT, Containing, Expected, Facts, Kind, Near, Row
from tests.conformance.test_facts import cutout, encoded

PNG = encoded(cutout(), "PNG")
RATE = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "499", "X-RateLimit-Reset": str(int(time.time()) + 60)}
UNSTORED = {"Cache-Control": "no-store"}
REMOVEBG = {
    **UNSTORED,
    "X-Credits-Charged": "1",
    "X-Type": "other",
    "X-Width": "300",
    "X-Height": "200",
    **{f"X-Foreground-{name}": "1" for name in ("Top", "Left", "Width", "Height")},
}
DELIVERED = Expected(200, picture=Facts("PNG", size=(300, 200)))
ENVELOPED = Expected(200, picture=Facts("PNG"), envelope=(75, 50, 150, 100))
ERROR = {"title": "File too large", "code": "file_too_large"}


def row(expected, endpoint="POST /v1.0/removebg", **fields):
    return Row(endpoint, "parameter", "value", expected, "source", fields)


def delivered(data=PNG, content_type="image/png", **changes):
    headers = REMOVEBG | RATE | {name.replace("_", "-"): value for name, value in changes.items()}
    return HttpResponse(
        data, content_type, headers={name: value for name, value in headers.items() if value is not None}
    )


def said(body, status=400, content_type="application/json; charset=utf-8", **headers):
    return HttpResponse(json.dumps(body), content_type, status, headers=UNSTORED | headers)


def enveloped(**changes):
    places = {"foreground_left": 75, "foreground_top": 50, "foreground_width": 150, "foreground_height": 100}
    body = {"data": {"result_b64": base64.b64encode(PNG).decode(), **places} | changes}
    return delivered(json.dumps(body), "application/json; charset=utf-8")


@pytest.mark.parametrize(
    ("expected", "response"),
    [
        (DELIVERED, delivered()),
        (ENVELOPED, enveloped()),
        (Expected(400, code="file_too_large", title="File too large"), said({"errors": [ERROR]})),
        (Expected((200, 204)), HttpResponse(status=204, headers=UNSTORED)),
        (Expected(200, headers={"A": Near(5), "B": ABSENT}), HttpResponse(headers=UNSTORED | {"A": "7"})),
        (Expected(200, json={"a.b": 10}), said({"a": {"b": 10}}, 200)),
    ],
)
def test_a_right_answer_passes(expected, response):
    assert disagreements(row(expected), response) == []


@pytest.mark.parametrize(
    ("expected", "response", "words"),
    [
        (DELIVERED, delivered(X_Credits_Charged="0.25"), "X-Credits-Charged"),
        (DELIVERED, delivered(X_Credits_Charged=None), "X-Credits-Charged"),
        (DELIVERED, delivered(X_Type=None), "X-Type"),
        (DELIVERED, delivered(X_Width="301"), "headers say"),
        (DELIVERED, delivered(X_Foreground_Top="1.5"), "X-Foreground-Top"),
        (DELIVERED, delivered(X_RateLimit_Reset="60"), "X-RateLimit-Reset"),
        (DELIVERED, delivered(Content_Encoding="gzip"), "Content-Encoding"),
        (DELIVERED, delivered(content_type="image/webp"), "Content-Type"),
        (DELIVERED, delivered(data=b"nothing"), "no picture came"),
        (ENVELOPED, enveloped(foreground_top=60), "foreground_top"),
        (ENVELOPED, enveloped(foreground_top="50px"), "foreground_top"),
        (ENVELOPED, enveloped(more=1), "the envelope holds"),
        (Expected(400), said({"errors": [ERROR]}, 200), "status is 200"),
        (Expected(400), HttpResponse("<html>", status=400), "came as text/html"),
        (Expected(400), said({"errors": [ERROR]}, content_type="application/json"), "Content-Type"),
        (Expected(400), said({"errors": []}), "no errors array"),
        (Expected(400), said([]), "no errors array"),
        (Expected(400), said({"errors": [{"code": "a"}]}), "with a title"),
        (Expected(400), said({"errors": [ERROR | {"detail": None}]}), "flat text"),
        (Expected(400), said({"errors": [ERROR | {"more": "x"}]}), "more than"),
        (Expected(400, code="invalid_size"), said({"errors": [ERROR]}), "code is"),
        (Expected(400, detail="22"), said({"errors": [ERROR]}), "detail is"),
        (Expected(200, headers={"A": Near(5)}), HttpResponse(headers={"A": "9"}), "A is"),
        (Expected(200, headers={"A": ABSENT}), HttpResponse(headers={"A": "9"}), "A is"),
        (Expected(200, headers={"A": Containing(("x-type",))}), HttpResponse(headers={"A": "X-Width"}), "A is"),
        (Expected(200, json={"id": Kind("uuid")}), said({"id": "7"}, 200), "id is"),
        (Expected(200, json={"a.b": 10}), said({"a": 3}, 200), "a.b is"),
    ],
)
def test_a_wrong_answer_of_remove_bgs_dialect_is_found(expected, response, words):
    assert any(words in found for found in disagreements(row(expected), response))


FLAT = {"code": "validation_error", "message": "size: no.", "details": {"size": ["no."]}, "request_id": "req_1"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"code": "missing_image"}, "code is"),
        ({"message": ""}, "no message"),
        ({"request_id": None}, "no message and request_id"),
        ({"request_id": "req_2"}, "X-Request-ID"),
        ({"details": "size"}, "details are"),
        ({"details": {"crop": ["no."]}}, "details are"),
    ],
)
def test_a_wrong_answer_of_poofs_dialect_is_found(change, words):
    expected = Expected(400, code="validation_error", names="size")
    response = said(FLAT | change, **{"X-Request-ID": "req_1"})

    found = disagreements(row(expected, "POST /v1/remove"), response)

    assert any(words in one for one in found) if words else found == []
