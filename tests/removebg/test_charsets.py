"""No request chooses a codec of Python's but UTF-8, ASCII and Latin-1, wherever it names one."""

import encodings
import io
import json
import pkgutil
import time
from encodings.aliases import aliases

import pytest
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from processing.api.charsets import ACCEPTED_CODECS, is_accepted
from processing.api.json_body import JsonParser
from processing.api.multipart_body import read_multipart
from processing.api.urlencoded_body import UrlencodedParser
from removebg.content_type import charsets_checked

CODECS = sorted({*aliases, *aliases.values(), *(module.name for module in pkgutil.iter_modules(encodings.__path__))})
OTHERS = [name for name in CODECS if aliases.get(name, name) not in ACCEPTED_CODECS]
PLAIN = [name for name in CODECS if name not in OTHERS]
BOUNDARY = "x"
PART = '--x\r\nContent-Disposition: form-data; name="note"\r\n{headers}\r\nhello\r\n--x--\r\n'


@pytest.fixture(autouse=True)
def fresh_counters():
    """Strangers' calls of other files must not refuse these."""
    cache.clear()


@pytest.fixture
def client(db):
    return Client(raise_request_exception=False)


def post(client, path, content_type, body=b"x", **headers):
    return client.generic("POST", path, body, content_type=content_type, headers=headers)


def test_the_list_of_codecs_is_a_real_one():
    assert {"punycode", "idna", "unicode_escape", "zlib_codec", "utf_7", "cp1252"} <= set(OTHERS)
    assert {"utf8", "latin1", "us_ascii"} <= set(PLAIN)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "multipart/form-data"])
def test_every_other_codec_is_refused_before_the_key_is_looked_at(client, kind):
    for name in OTHERS:
        content_type = f"{kind}; boundary={BOUNDARY}; charset={name}"
        refused = post(client, "/v1/remove", content_type)
        assert (refused.status_code, refused.json()["code"]) == (400, "validation_error"), name
        refused = post(client, "/v1.0/removebg", content_type)
        assert refused.status_code == 400, name
        assert "charset" in refused.json()["errors"][0]["title"], name


def test_the_plain_codecs_under_all_their_names_come_as_far_as_the_key(client):
    for name in [*PLAIN, "UTF-8", '"utf-8"', "'utf-8'", "ISO-8859-1", "US-ASCII", '""']:
        assert post(client, "/v1/remove", f"application/json; charset={name}").status_code == 401, name


def test_a_page_says_so_to_people_without_reading_the_form(client):
    """The attack of before: a cookie of one's own is enough for Django's CSRF check to read the form."""

    class Unread(io.BytesIO):
        def read(self, *args):
            raise AssertionError("the body was read")

    client.cookies["csrftoken"] = "a" * 32
    for path in ("/language/", "/trial/remove", "/account/login/"):
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            answer = client.post(
                path,
                **{"wsgi.input": Unread(), "CONTENT_TYPE": f"{kind}; charset=punycode", "CONTENT_LENGTH": "1000"},
            )
            assert answer.status_code == 400
            assert "charset" in answer.content.decode()


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; CHARSET=punycode",
        'application/json; charset="punycode"',
        "application/json; charset=utf-8; charset=punycode",
        "application/json; charset=punycode; charset=utf-8",
        "application/json; charset*=utf-8''punycode",
        "application/json; charset*0=puny; charset*1=code",
        "application/json; note*=punycode''text",
        "application/json; charset=no-such-codec",
        "application/json; charset=ütf",
    ],
)
def test_however_the_charset_is_written(client, content_type):
    assert post(client, "/v1/remove", content_type).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Type: text/plain; charset=punycode\r\n",
        "Content-Type: text/plain; note*=idna''text\r\n",
        "Content-Disposition: form-data; name=\"note\"; name*=punycode''text\r\n",
        'Content-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: image/png; charset=punycode\r\n',
    ],
)
@pytest.mark.parametrize(("path", "status"), [("/v1/remove", 400), ("/v1.0/removebg", 400), ("/language/", 400)])
def test_a_part_does_not_choose_one_either(client, shop_key, headers, path, status):
    client.cookies["csrftoken"] = "a" * 32
    body = PART.format(headers=headers).encode()
    answer = post(client, path, "multipart/form-data; boundary=x", body, **{"x-api-key": shop_key})

    assert answer.status_code == status
    assert "charset" in answer.content.decode()


@pytest.fixture
def shop_key(db):
    from tests.factories import make_key, make_organization

    return make_key(make_organization("Alice's shop", credits=10)).secret


def test_a_part_in_latin_1_is_read_as_such():
    body = PART.replace("hello", "h\xe9llo").format(headers="Content-Type: text/plain; charset=iso-8859-1\r\n")

    fields, _files = read_multipart(io.BytesIO(body.encode("latin-1")), b"x", "utf-8")

    assert fields["note"] == "h\xe9llo"


def status_of(**environ):
    """Return the status of a GET through everything that gunicorn serves beside the gates."""
    statuses = []
    request = Client()._base_environ(PATH_INFO="/v1/nothing", REQUEST_METHOD="GET") | environ
    list(charsets_checked(WSGIHandler())(request, lambda status, headers: statuses.append(status)))
    return statuses[0]


def test_unknown_names_leave_nothing_behind_and_crash_nothing(db):
    """Python keeps the name of every unknown codec that was ever looked up."""
    assert status_of(CONTENT_TYPE="text/plain") == "404 Not Found"
    known = len(encodings._cache)
    for number in range(20):
        for environ in (
            {"CONTENT_TYPE": f"text/plain; charset=no-such-{number}"},
            {"CONTENT_TYPE": f"text/plain; note*=no-such-{number}''x"},
            {"HTTP_ACCEPT": f"text/plain; note*=no-such-{number}''x"},
        ):
            assert status_of(**environ) == "400 Bad Request"

    assert len(encodings._cache) == known


def test_a_query_string_is_not_decoded_with_another_codec(db):
    assert status_of(QUERY_STRING="note=x", CONTENT_TYPE="text/plain; charset=punycode") == "400 Bad Request"


def seconds(work):
    """Return the least CPU time of three runs."""
    runs = []
    for _ in range(3):
        started = time.thread_time()
        work()
        runs.append(time.thread_time() - started)
    return min(runs)


@pytest.mark.parametrize("codec", sorted(ACCEPTED_CODECS))
@pytest.mark.parametrize("parser", ["json", "urlencoded", "multipart"])
def test_what_is_accepted_costs_time_in_proportion_to_its_length(codec, parser):
    def parse(n):
        text = b"A-" * (n // 2)
        context = {"encoding": codec}
        if parser == "json":
            JsonParser().parse(io.BytesIO(json.dumps({"note": text.decode()}).encode()), parser_context=context)
        elif parser == "urlencoded":
            UrlencodedParser().parse(io.BytesIO(b"note=" + text), parser_context=context)
        else:
            read_multipart(io.BytesIO(PART.format(headers="").encode().replace(b"hello", text)), b"x", codec)

    assert is_accepted(codec)
    assert seconds(lambda: parse(4_000_000)) < 12 * seconds(lambda: parse(1_000_000)) + 0.05
