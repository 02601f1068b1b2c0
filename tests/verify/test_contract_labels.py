"""The label check itself, on the product's own description."""

import pytest
import requests
from drf_spectacular.generators import SchemaGenerator

from tests.verify.contract_labels import fields_as_sent, is_as_described

FORM, PARTS, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"
REMOVEBG, REMOVE = "/v1.0/removebg", "/v1/remove"


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.mark.parametrize(
    ("path", "media_type", "body", "expected"),
    [
        (REMOVEBG, JSON, {"image_url": "http://a.test/"}, True),
        (REMOVEBG, JSON, {"image_url": "http://a.test/", "crop": True, "roi": None, "size": ""}, True),
        (REMOVEBG, JSON, {}, False),
        (REMOVEBG, JSON, {"image_url": 3}, False),
        (REMOVEBG, JSON, {"image_url": "", "image_file_b64": ""}, False),
        (REMOVEBG, JSON, {"image_url": "a", "bg_color": "fff", "bg_image_url": "b"}, False),
        (REMOVEBG, JSON, {"image_url": "a", "bg_color": "fff", "bg_image_url": ""}, True),
        (REMOVEBG, JSON, {"image_url": "a", "add_shadow": True, "shadow_type": "car"}, False),
        (REMOVEBG, JSON, {"image_url": "a", "add_shadow": False, "shadow_type": "car"}, True),
        (REMOVEBG, PARTS, {"image_file": b"x", "crop": True}, True),
        (REMOVEBG, PARTS, {"image_file": b"x", "image_url": "a"}, False),
        (REMOVEBG, PARTS, {"image_file": b"x", "size": "huge"}, False),
        (REMOVE, PARTS, {"image_file": b"x", "image_url": "a"}, True),
        (REMOVE, PARTS, {"image_file": b"x", "width": 100}, True),
        (REMOVE, PARTS, {"image_file": b"x", "width": 0}, False),
        (REMOVE, PARTS, {"image_file": b"x", "width": 100, "image_file_b64": 0}, True),
        (REMOVE, FORM, {"image_url": "a", "padding": "10%,7.5%"}, True),
        (REMOVE, FORM, {"image_url": "a", "padding": "10%,7.5%,1%"}, False),
        (REMOVE, FORM, {"image_url": "a", "padding": ""}, True),
        (REMOVE, FORM, {"image_url": "a", "channels": "RGBA", "model": " "}, True),
        (REMOVE, FORM, {"image_url": "a", "width": " 10 "}, True),
        (REMOVE, FORM, {"image_url": "a", "width": "ten"}, False),
        (REMOVEBG, JSON, {"image_url": "a", "add_shadow": "\u2003", "crop": "TRUE"}, True),
        (REMOVEBG, JSON, {"image_url": "a", "add_shadow": "maybe"}, False),
        (REMOVE, FORM, {"crop": "true"}, False),
        (REMOVE, FORM, {"image_url": "a", "quality": {}}, True),
        (REMOVE, FORM, {"image_url": "a", "quality": {"fast": 1}}, True),
        (REMOVE, FORM, {"image_url": "a", "quality": {"slow": 1}}, False),
        (REMOVE, FORM, {"image_url": "a", "quality": ["slow", "fast"]}, True),
        (REMOVE, FORM, {"image_url": "a", "quality": ["fast", "slow"]}, False),
        (REMOVE, FORM, {"image_url": "a", "quality": [["slow", ""], []]}, True),
        (REMOVE, FORM, {"image_url": "a", "quality": None}, True),
    ],
)
def test_a_body_is_told_to_fit_or_not(document, path, media_type, body, expected):
    sent = body if media_type == JSON else fields_as_sent(prepare(media_type, body))
    assert is_as_described(document, path, media_type, sent) == expected


def prepare(media_type, body):
    if media_type == FORM:
        return requests.Request("POST", "http://a.test/", data=body).prepare()
    parts = [(name, value if name == "image_file" else (None, str(value).lower())) for name, value in body.items()]
    return requests.Request("POST", "http://a.test/", files=parts).prepare()


def test_a_part_without_a_name_is_no_field():
    nobody = b"--x\r\nContent-Disposition: form-data\r\n\r\nnobody\r\n"
    size = b'--x\r\nContent-Disposition: form-data; name="size"\r\n\r\nhd\r\n'
    headers = {"Content-Type": f"{PARTS}; boundary=x"}
    request = requests.Request("POST", "http://a.test/", data=nobody + size + b"--x--\r\n", headers=headers).prepare()
    assert fields_as_sent(request) == {"size": "hd"}


@pytest.mark.parametrize("sent", [{"data": {}}, {"data": b"\x00\xff"}, {"data": "no form", "headers": {"a": "b"}}])
def test_what_is_no_form_has_no_fields(sent):
    assert fields_as_sent(requests.Request("POST", "http://a.test/", **sent).prepare()) == {}
