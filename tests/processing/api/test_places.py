"""Places are counted in all and for each owner, and none is lost between threads."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from processing.api.places import Places
from processing.api.upload_gate import PLACE_KEY, UploadGate, UploadNotAdmitted, UploadPlace, UploadStream, take_place


def test_places_are_limited_in_all_and_for_one_owner():
    places = Places("test", 4, per_owner=2)

    assert [places.take(owner) for owner in "aaabcd"] == [True, True, False, True, True, False]
    places.give_back("a")
    assert not places.take("a"), "one place is free: it is another's"
    assert places.take("e")


@pytest.mark.parametrize(("size", "per_owner"), [(22, 11), (12, 3), (8, 2), (8, 4), (1000, 200), (4, 9), (1, 1)])
def test_greedy_owners_leave_places_for_the_next(size, per_owner):
    places = Places("test", size, per_owner=per_owner)
    shares = []
    for owner in range(4):
        shares.append(0)
        while places.take(str(owner)):
            shares[-1] += 1

    assert shares[0] == min(per_owner, size)
    assert shares == sorted(shares, reverse=True)
    assert per_owner * 2 > size or all(shares[:3])


def test_two_greedy_organizations_leave_a_third_its_places():
    places = Places("test", 22, per_owner=11)
    for _ in range(22):
        places.take("a")
        places.take("b")

    assert [places.take("c") for _ in range(4)] == [True] * 4


def test_without_a_limit_for_one_owner_all_places_are_theirs():
    places = Places("test", 3)

    assert [places.take() for _ in range(4)] == [True, True, True, False]


def test_no_place_is_lost_between_threads():
    places = Places("test", 4)

    def come_and_go(number: int) -> None:
        for _ in range(2000):
            if places.take(str(number)):
                places.give_back(str(number))

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(come_and_go, range(8)))

    assert [places.take(owner) for owner in "abcde"] == [True, True, True, True, False]


def test_a_request_takes_one_place_for_its_first_owner():
    places = Places("test", 2, per_owner=1)
    place = UploadPlace(places, address="192.0.2.1")

    assert place.take("person 1")
    assert place.take(None)
    assert not places.take("person 1")
    assert places.take("192.0.2.1")
    place.give_back()
    place.give_back()
    assert places.take("person 1")


def test_no_body_is_read_without_a_place():
    place = UploadPlace(Places("test", 1), address="")
    body = UploadStream(io.BytesIO(b"abc"), length=3, max_chunked_bytes=3, place=place)

    for read in (body.read, body.readline, lambda: next(iter(body))):
        with pytest.raises(UploadNotAdmitted):
            read()
    assert place.take(None)
    assert body.read() == b"abc"


def test_the_place_is_free_again_after_the_answer_and_after_a_crash():
    places = Places("test", 1)
    seen = []

    def application(environ, start_response):
        seen.append(take_place(environ))
        if environ["PATH_INFO"] == "/crash":
            raise RuntimeError
        return [environ["wsgi.input"].read()]

    gate = UploadGate(
        application,
        places_of=lambda path: places if path != "/elsewhere" else None,
        address_of=lambda environ: "",
        drains=Places("drains", 1),
        deadline_s=9,
        max_chunked_bytes=9,
        max_drain_bytes=9,
        drain_deadline_s=9,
    )

    def send(path):
        environ = {"PATH_INFO": path, "CONTENT_LENGTH": "3", "wsgi.input": io.BytesIO(b"abc")}
        return b"".join(gate(environ, lambda *_: None))

    assert send("/") == b"abc"
    with pytest.raises(RuntimeError):
        send("/crash")
    assert send("/") == b"abc"
    with pytest.raises(UploadNotAdmitted):
        send("/elsewhere")
    assert seen == [True, True, True, False]


def test_where_no_gate_stands_in_front_there_is_a_place():
    assert take_place({})
    assert not take_place({PLACE_KEY: UploadPlace(None, address="")})
