"""Admission: so many images at once, so many calls waiting, each organization in its turn, paid calls first."""

import random
import threading
import time
from contextlib import ExitStack

import pytest

from processing import fair_queue
from processing.fetch_limit import FetchLimit
from processing.slots import InFlight, ServerBusy, Slots, TooManyAtOnce

ALICE, BOB, CAROL = 1, 2, 3


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Crowd:
    """Calls in threads of their own; each holds its slot until `finish_one`, and all are over at the end."""

    def __init__(self, slots):
        self.slots = slots
        self.started, self.refused = [], []
        self._steps = threading.Semaphore(0)
        self._threads = []

    def call(self, organization_id, name="", **how):
        """Begin a call, and return once it works, waits or was refused."""
        before = self._count
        thread = threading.Thread(target=self._work, args=[organization_id, name or organization_id, how])
        self._threads.append(thread)
        thread.start()
        wait_for(lambda: self._count != before or not thread.is_alive())

    def finish_one(self):
        """Let one call that works end, and wait until whatever follows has started."""
        working = self.slots.working
        waiting = self.slots.waiting
        started = len(self.started)
        self._steps.release()
        wait_for(lambda: self.slots.working < working or len(self.started) > started or self.slots.waiting < waiting)

    @property
    def _count(self):
        return self.slots.working + self.slots.waiting, len(self.refused)

    def _work(self, organization_id, name, how):
        try:
            with self.slots.acquire(organization_id, **how):
                self.started.append(name)
                self._steps.acquire(timeout=20)
        except ServerBusy:
            self.refused.append(name)

    def end(self):
        self._steps.release(len(self._threads))
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def crowd_of():
    with ExitStack() as crowds:

        def begin(**numbers):
            crowd = Crowd(Slots(**{"wait_s": 60, **numbers}))
            crowds.callback(crowd.end)
            return crowd

        yield begin


def assert_unused(slots):
    assert (slots.working, slots.waiting) == (0, 0)


def test_one_more_than_slots_and_places_is_refused_at_once(crowd_of):
    crowd = crowd_of(places=2, waiting_places=3)
    for organization in range(5):
        crowd.call(organization)

    began = time.monotonic()
    with pytest.raises(ServerBusy) as refused, crowd.slots.acquire(9):
        pass

    assert time.monotonic() - began < 1
    assert refused.value.retry_after_s == 20
    crowd.end()
    assert_unused(crowd.slots)


def test_waiting_ends_at_its_deadline(crowd_of):
    crowd = crowd_of(places=1, waiting_places=1, wait_s=0.05)
    crowd.call(ALICE)

    for at_most_s in (60, 0.01):
        with pytest.raises(ServerBusy), crowd.slots.acquire(BOB, at_most_s=at_most_s):
            pass
        assert crowd.slots.waiting == 0, "it left the queue"
    crowd.end()
    assert_unused(crowd.slots)


def test_work_that_raises_gives_its_slot_back():
    slots = Slots(places=1, waiting_places=0, wait_s=0)
    for hold in (slots.acquire, slots.take_idle):
        with pytest.raises(RuntimeError), hold():
            raise RuntimeError

    with slots.acquire():
        pass
    assert_unused(slots)


def test_another_organization_is_served_after_at_most_one_call_of_the_first(crowd_of):
    crowd = crowd_of(places=1, waiting_places=12)
    for number in range(7):
        crowd.call(ALICE, f"a{number}")
    crowd.call(BOB, "b0")
    for _ in range(3):
        crowd.finish_one()

    assert crowd.started[:4] in (["a0", "a1", "b0", "a2"], ["a0", "b0", "a1", "a2"])


def test_organizations_take_turns_and_each_is_served_in_its_own_order(crowd_of):
    crowd = crowd_of(places=1, waiting_places=20)
    crowd.call(CAROL, "held")
    for organization, letter in ((ALICE, "a"), (BOB, "b"), (CAROL, "c")):
        for number in range(3):
            crowd.call(organization, f"{letter}{number}")
    for _ in range(9):
        crowd.finish_one()

    assert crowd.started[1:] == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_who_was_not_served_lately_is_next(crowd_of):
    """Two organizations with calls waiting all the time do not let a third one wait for both of them."""
    crowd = crowd_of(places=1, waiting_places=20)
    for number in range(4):
        crowd.call(ALICE, f"a{number}")
        crowd.call(BOB, f"b{number}")
    crowd.finish_one()
    crowd.call(CAROL, "c0")
    for _ in range(3):
        crowd.finish_one()

    assert crowd.started == ["a0", "b0", "c0", "a1", "b1"]


def test_the_turns_of_many_organizations_are_forgotten(monkeypatch):
    monkeypatch.setattr(fair_queue, "REMEMBERED_TURNS", 3)
    slots = Slots(places=1, waiting_places=1, wait_s=0)
    for organization in range(50):
        with slots.acquire(organization):
            pass

    assert len(slots._paid._last_turns) == 3


@pytest.mark.parametrize(("waiting_places", "of_one"), [(0, 0), (1, 1), (2, 1), (3, 1), (4, 2), (8, 4)])
def test_one_organization_has_at_most_half_of_the_queue(crowd_of, waiting_places, of_one):
    crowd = crowd_of(places=1, waiting_places=waiting_places)
    for _ in range(1 + waiting_places + 2):
        crowd.call(ALICE)

    assert crowd.slots.waiting == of_one
    assert len(crowd.refused) == waiting_places + 2 - of_one


def test_a_full_queue_gives_a_place_to_whoever_has_fewer_calls_waiting(crowd_of):
    """Two organizations fill the queue together: the newest call of one of them makes room for a third one."""
    crowd = crowd_of(places=1, waiting_places=4)
    crowd.call(CAROL, "held")
    for number in range(2):
        crowd.call(ALICE, f"a{number}")
        crowd.call(BOB, f"b{number}")

    crowd.call(CAROL, "c0")
    wait_for(lambda: crowd.refused)

    assert crowd.refused == ["a1"]
    assert crowd.slots.waiting == 4
    crowd.call(CAROL, "c1")
    assert crowd.refused == ["a1", "c1"], "nobody is refused for a call of who has as many"


def test_free_work_waits_until_no_paid_call_does_and_leaves_one_slot(crowd_of):
    crowd = crowd_of(places=2, waiting_places=8)
    crowd.call(ALICE, "free0", is_free=True)
    crowd.call(ALICE, "free1", is_free=True)
    assert (crowd.started, crowd.slots.waiting) == (["free0"], 1), "the last free slot stays free"

    for number in range(3):
        crowd.call(BOB, f"paid{number}")
    assert crowd.started == ["free0", "paid0"]
    for _ in range(5):
        crowd.finish_one()

    assert crowd.started == ["free0", "paid0", "paid1", "paid2", "free1"]


def test_free_work_takes_the_only_slot_when_nobody_else_wants_it(crowd_of):
    crowd = crowd_of(places=1, waiting_places=4)
    crowd.call(ALICE, "free0", is_free=True)
    crowd.call(ALICE, "free1", is_free=True)
    crowd.call(BOB, "paid0")
    for _ in range(2):
        crowd.finish_one()

    assert crowd.started == ["free0", "paid0", "free1"]


def test_free_calls_that_wait_take_no_place_of_paid_ones(crowd_of):
    crowd = crowd_of(places=2, waiting_places=4)
    for organization in range(20):
        crowd.call(organization, is_free=True)
    assert crowd.slots.waiting == 2, "half as many places"
    assert len(crowd.refused) == 17

    for number in range(5):
        crowd.call(100 + number, f"paid{number}")

    assert crowd.started[-1] == "paid0"
    assert crowd.slots.waiting == 2 + 4


def test_a_preview_takes_a_slot_that_nobody_waits_for(crowd_of):
    crowd = crowd_of(places=2, waiting_places=4)
    with crowd.slots.take_idle():
        with pytest.raises(ServerBusy) as refused, crowd.slots.take_idle():
            pass
        assert refused.value.retry_after_s == 2
        crowd.call(ALICE)
        assert crowd.started == [ALICE]
        crowd.call(BOB, is_free=True)
        assert crowd.slots.waiting == 1
    wait_for(lambda: crowd.slots.working == 1)

    with pytest.raises(ServerBusy), crowd.slots.take_idle():
        pass


def steps_aside(slots):
    """Begin to step aside in a thread; return the thread."""
    thread = threading.Thread(target=slots.step_aside)
    thread.start()
    return thread


def test_free_work_steps_aside_while_paid_work_goes_on(crowd_of):
    crowd = crowd_of(places=2, waiting_places=4)
    slots = crowd.slots
    crowd.call(ALICE, "free", is_free=True)
    steps_aside(slots).join(0.5)
    crowd.call(BOB, "paid")
    aside = steps_aside(slots)
    aside.join(0.2)
    assert aside.is_alive()

    crowd.finish_one()
    crowd.finish_one()
    aside.join(2)

    assert not aside.is_alive()


def test_free_work_does_not_keep_its_slot_from_a_paid_call_that_waits(crowd_of):
    crowd = crowd_of(places=2, waiting_places=4)
    slots = crowd.slots
    crowd.call(ALICE, "free", is_free=True)
    crowd.call(BOB, "paid")
    aside = steps_aside(slots)
    crowd.call(CAROL, "waits")

    aside.join(2)

    assert not aside.is_alive()


def test_free_work_steps_aside_for_so_long(crowd_of, monkeypatch):
    monkeypatch.setattr("processing.slots.STEPS_ASIDE_S", 0.1)
    crowd = crowd_of(places=2, waiting_places=4)
    slots = crowd.slots
    crowd.call(BOB, "paid")

    aside = steps_aside(slots)
    aside.join(2)

    assert not aside.is_alive()


def test_no_wake_up_is_lost_and_no_slot_is_counted_wrong():
    """Eight organizations, paid and free, some impatient: everybody is answered, never more than three work."""
    slots = Slots(places=3, waiting_places=10, wait_s=2)
    at_work, most, answers, lock = [0], [0], [], threading.Lock()

    def caller(seed):
        chance = random.Random(seed)
        for _ in range(60):
            patience = chance.choice([0.0, 0.002, 0.02, 5.0])
            try:
                with slots.acquire(seed % 8, is_free=chance.random() < 0.3, at_most_s=patience):
                    with lock:
                        at_work[0] += 1
                        most[0] = max(most[0], at_work[0])
                    time.sleep(chance.random() / 500)
                    with lock:
                        at_work[0] -= 1
                answers.append("served")
            except ServerBusy:
                answers.append("busy")

    callers = [threading.Thread(target=caller, args=[seed]) for seed in range(24)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join(60)
        assert not thread.is_alive()

    assert len(answers) == 24 * 60
    assert answers.count("served") > 100
    assert most[0] == 3
    assert_unused(slots)


def test_whoever_waits_is_started_as_soon_as_a_slot_is_free():
    """A lost wake-up would show as a wait of two seconds."""
    slots = Slots(places=1, waiting_places=20, wait_s=2)
    waits = []

    def caller(organization):
        for _ in range(40):
            began = time.monotonic()
            with slots.acquire(organization):
                waits.append(time.monotonic() - began)

    callers = [threading.Thread(target=caller, args=[organization]) for organization in range(10)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join(30)

    assert len(waits) == 400
    assert max(waits) < 1.5


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


def test_one_organization_has_a_quarter_of_the_fetches():
    limit = FetchLimit(at_once=8)
    with ExitStack() as fetches:
        for organization in (ALICE, ALICE, BOB, BOB):
            fetches.enter_context(limit.enter(organization))
        with pytest.raises(ServerBusy), limit.enter(ALICE):
            pass
        for organization in (CAROL, CAROL, 4, 4):
            fetches.enter_context(limit.enter(organization))
        with pytest.raises(ServerBusy), limit.enter(5):
            pass

    assert not limit._counts, "nothing is kept about organizations that fetch nothing"
    with FetchLimit(at_once=1).enter(ALICE):
        pass
