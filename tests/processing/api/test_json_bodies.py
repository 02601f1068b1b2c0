"""JSON is refused by its structure before it is parsed, and large documents are parsed one at a time."""

import base64
import io
import json
import math
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.api import json_body, json_structure, large_bodies
from processing.api.json_body import JsonParser
from processing.api.json_structure import MOST_SEPARATORS, StructureCounter, TooCostly
from tests.processing.api.conftest import opened, picture_bytes

JSON = "application/json"
ENCODED = base64.b64encode(picture_bytes()).decode()


def separators_of(text, *, step=1 << 20):
    counter = StructureCounter()
    for start in range(0, len(text), step):
        counter.feed(text[start : start + step])
    return counter._separators


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text('a"\\{[,:/ü'),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text('k"\\{[,'), inner, max_size=5),
        max_leaves=30,
    ),
    st.integers(1, 9),
)
def test_the_count_is_of_what_is_outside_strings_in_whatever_pieces_it_comes(document, step):
    def count(value):
        match value:
            case list():
                return 1 + max(0, len(value) - 1) + sum(map(count, value))
            case dict():
                return 1 + max(0, len(value) - 1) + sum(map(count, value.values()))
        return 0

    text = json.dumps(document).encode()

    assert separators_of(text, step=step) == separators_of(text) == count(document)


def test_the_limit_is_exact():
    separators_of(b"[" + b"," * (MOST_SEPARATORS - 1))
    with pytest.raises(TooCostly):
        separators_of(b"[" + b"," * MOST_SEPARATORS)


def test_counting_takes_time_in_proportion_to_the_length():
    def seconds(characters: int) -> float:
        text = b'{"image_file_b64":"' + (b"QUJD" * 4 + b"\\/") * (characters // 18) + b'"}'
        best = math.inf
        for _ in range(3):
            started = time.thread_time()
            separators_of(text, step=256 * 1024)
            best = min(best, time.thread_time() - started)
        return best

    assert seconds(40_000_000) < 10 * seconds(10_000_000)


def test_a_refusal_reads_no_further():
    body = io.BytesIO(b'{"image_file_b64":"x","a":[' + b"[]," * 10_000_000)
    with pytest.raises(json_body.Refusal):
        JsonParser().parse(body, parser_context={"encoding": "utf-8"})

    assert body.tell() < 1_000_000


def test_the_attack_gets_remove_bgs_words_and_costs_nothing(alice, alice_credits):
    body = b'{"image_file_b64":"x","a":[' + b"[]," * 1000 + b"[]]}"
    answer = alice.send("/v1.0/removebg", body, JSON)

    assert answer.status_code == 400
    assert answer.json() == {
        "errors": [
            {
                "title": "Invalid request body",
                "code": "invalid_body",
                "detail": "The JSON document has more than 1,000 values.",
            }
        ]
    }
    assert alice_credits() == 10


def test_separators_inside_text_count_for_nothing(alice, disc):
    body = json.dumps({"image_file_b64": ENCODED, "note": '[{,"\\' * 5000})

    assert opened(alice.send("/v1.0/removebg", body, JSON)).size == (40, 30)


@pytest.mark.parametrize("escaped", [ENCODED.replace("/", "\\/"), ENCODED.replace("+", "\\u002B")])
def test_text_escaped_as_php_and_net_do_is_read(alice, disc, escaped):
    assert opened(alice.send("/v1.0/removebg", f'{{"image_file_b64":"{escaped}"}}', JSON)).size == (40, 30)


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize("wide", ["ü", "\\ud83d\\ude00", "\\u4e2d", "\\\\\\u4e2d"])
def test_a_long_text_beyond_ascii_is_refused_in_whatever_pieces_it_comes(monkeypatch, step, wide):
    monkeypatch.setattr(json_structure, "LONG_TEXT_BYTES", 100)
    counter = StructureCounter()
    text = f'{{"note":"{wide}{"A" * 100}"}}'.encode()

    with pytest.raises(TooCostly, match="long text"):
        for start in range(0, len(text), step):
            counter.feed(text[start : start + step])


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize("fine", ["\\u002B", "\\/", "\\n"])
def test_a_long_text_of_ascii_is_not(monkeypatch, step, fine):
    monkeypatch.setattr(json_structure, "LONG_TEXT_BYTES", 100)

    assert separators_of(f'{{"note":"{fine * 50}","short":"üü"}}'.encode(), step=step) == 2


@pytest.mark.parametrize("note", ["Größe", "中文 😀", '"\\ü', "\ud800"])
def test_short_text_beyond_ascii_is_read(note):
    body = json.dumps({"note": note, "b": "A"}, ensure_ascii=note == "\ud800").encode()
    for text in (body, b"\xef\xbb\xbf" + body):
        assert JsonParser().parse(io.BytesIO(text), parser_context={"encoding": "utf-8"}) == {"note": note, "b": "A"}


def test_latin_1_is_read_as_such():
    assert JsonParser().parse(io.BytesIO(b'"\xfc"'), parser_context={"encoding": "iso-8859-1"}) == "ü"


def test_much_text_beyond_ascii_is_refused(alice, monkeypatch):
    monkeypatch.setattr(json_body, "LARGE_BYTES", 500)
    refused = alice.send("/v1.0/removebg", json.dumps({"note": "ü" * 600}, ensure_ascii=False), JSON)

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "invalid_body")


def test_large_documents_wait_for_each_other_and_then_say_busy(alice, disc, monkeypatch):
    monkeypatch.setattr(large_bodies, "LARGE_BYTES", 500)
    monkeypatch.setattr(large_bodies, "LARGE_WAIT_S", 0.2)
    large = json.dumps({"image_file_b64": ENCODED, "note": "x" * 500})

    with large_bodies._large_body:
        busy = alice.send("/v1.0/removebg", large, JSON)
        small = alice.send("/v1.0/removebg", json.dumps({"image_file_b64": ENCODED}), JSON)

    assert (busy.status_code, busy.json()["errors"][0]["code"]) == (429, "server_busy")
    assert busy["Retry-After"] == "2"
    assert small.status_code == 200
    assert alice.send("/v1.0/removebg", large, JSON).status_code == 200


def test_no_two_large_documents_are_decoded_together(monkeypatch):
    monkeypatch.setattr(large_bodies, "LARGE_BYTES", 100)
    inside, most = [], []
    decoded = json_body._decoded

    def watched(body, encoding):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return decoded(body, encoding)

    monkeypatch.setattr(json_body, "_decoded", watched)
    body = json.dumps({"note": "x" * 200}).encode()
    readers = [
        threading.Thread(target=JsonParser().parse, args=(io.BytesIO(body),), kwargs={"parser_context": {}})
        for _ in range(8)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert most == [1] * 8
