"""Admission: so many at once, so many in line, the rest refused at once."""

import threading
import time

import pytest

from processing.slots import InFlight, ServerBusy, Slots, TooManyAtOnce


def occupy(slots, release):
    """Take a slot in a thread of its own until `release` is set; return the thread once it has asked."""
    asked = threading.Event()

    def work():
        asked.set()
        with slots.acquire():
            release.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    asked.wait(10)
    return thread


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_one_more_than_slots_and_places_is_refused_at_once():
    slots, release = Slots(places=2, waiting_places=3, wait_s=60), threading.Event()
    threads = [occupy(slots, release) for _ in range(5)]
    wait_for(lambda: slots._line._value == 0)

    began = time.monotonic()
    with pytest.raises(ServerBusy) as refused, slots.acquire():
        pass

    assert time.monotonic() - began < 1
    assert refused.value.retry_after_s == 20
    release.set()
    for thread in threads:
        thread.join()
    with slots.acquire():
        assert slots._free._value == 1, "the two slots are free again, and one of them is taken here"


def test_waiting_ends_at_its_deadline():
    slots, release = Slots(places=1, waiting_places=1, wait_s=0.05), threading.Event()
    thread = occupy(slots, release)
    wait_for(lambda: slots._free._value == 0)

    with pytest.raises(ServerBusy), slots.acquire():
        pass

    release.set()
    thread.join()
    assert slots._line._value == 2


def test_work_that_raises_gives_its_slot_back():
    slots = Slots(places=1, waiting_places=0, wait_s=0)
    with pytest.raises(RuntimeError), slots.acquire():
        raise RuntimeError

    with slots.acquire():
        pass


def test_an_organization_has_as_many_in_flight_as_its_plan_allows():
    crowd = InFlight()
    with crowd.enter(1, limit=2), crowd.enter(1, limit=2):
        with pytest.raises(TooManyAtOnce), crowd.enter(1, limit=2):
            pass
        with crowd.enter(2, limit=2):
            pass

    assert not crowd._counts, "nothing is kept about organizations with nothing in flight"


def test_one_organization_has_its_share_of_the_places_whatever_its_plan(settings):
    settings.PLACES_PER_ORGANIZATION = 2
    in_flight = InFlight()

    with in_flight.enter(1, limit=64), in_flight.enter(1, limit=64):
        with pytest.raises(TooManyAtOnce, match="This server takes 2 images of yours"), in_flight.enter(1, limit=64):
            pass
        with in_flight.enter(2, limit=64):
            pass
