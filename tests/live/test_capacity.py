"""A customer beside callers who want all of the server: the customer is always served."""

import io
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import requests
from PIL import Image

from tests.live.server import LiveServer
from tests.live.slow_host import SlowHost
from tests.photos import photo_bytes

LASTS_S = 15
PAUSE_S = 1
CALLERS = 8
ALL_PLACES = 24
"""More callers than a process has places for pictures by default."""
PHOTO = photo_bytes("grace_hopper")

TEST_KEY = """
import json
from accounts import api_keys
from billing.models import Plan
from billing.opening import open_organization
opened = open_organization("Free of charge", credits=0, plan=Plan.objects.get(slug="pro"))
issued = api_keys.issue(opened.organization, name="Test", is_test=True)
print(json.dumps(issued.secret))
"""


@pytest.fixture(scope="module")
def slow_host():
    with SlowHost(answers_after_s=9) as host:
        yield host


@pytest.fixture(scope="module")
def server(tmp_path_factory, slow_host):
    environ = {
        "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
        "FETCH_PORTS": str(slow_host.port),
        # What is shown is that nobody is crowded out, on a machine that may be busy with other tests.
        "SLOT_WAIT_S": "60",
    }
    running = LiveServer(tmp_path_factory.mktemp("capacity"), environ=environ).start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def customer(server):
    return server.create_organization("Customer", credits=200)


def picture_of_50_megapixels():
    """Return a JPEG that is as large as pictures may be, with detail in it."""
    rng = np.random.default_rng(1)
    small = Image.fromarray(rng.integers(0, 255, (577, 866, 3), np.uint8))
    out = io.BytesIO()
    small.resize((8660, 5770)).save(out, "JPEG", quality=60)
    return out.getvalue()


def remove(server, key, files=None, **fields):
    return requests.post(
        f"{server.url}/v1/remove", headers={"x-api-key": key}, files=files, data=fields, timeout=120
    ).status_code


@contextmanager
def calls_without_end(call, *, callers=CALLERS):
    """Keep so many threads calling during the block; each pauses after a refusal. Give the statuses."""
    statuses, is_over = Counter(), threading.Event()

    def keep_calling(number):
        while not is_over.is_set():
            status = call(number)
            statuses[status] += 1
            if status != 200:
                is_over.wait(1)

    with ThreadPoolExecutor(callers) as crowd:
        running = [crowd.submit(keep_calling, number) for number in range(callers)]
        try:
            time.sleep(2)
            yield statuses
        finally:
            is_over.set()
            for one in running:
                one.result()


def call_for_a_while(server, key):
    """Return the statuses of a customer's calls, one after the other with pauses, for LASTS_S seconds."""
    statuses, ends = [], time.monotonic() + LASTS_S
    while time.monotonic() < ends:
        statuses.append(remove(server, key, {"image_file": ("photo.jpg", PHOTO)}))
        time.sleep(PAUSE_S)
    return statuses


def test_a_customer_is_served_beside_free_work_of_the_largest_size(server, customer):
    free = json.loads(server.manage("shell", "-v", "0", "-c", TEST_KEY))
    large = picture_of_50_megapixels()

    with calls_without_end(lambda _: remove(server, free, {"image_file": ("a.jpg", large)}, quality="best")) as attack:
        statuses = call_for_a_while(server, customer)

    assert set(statuses) == {200}
    assert attack[200] + attack[503], "free work was asked for all the while"
    assert set(attack) <= {200, 503, 429}


def test_a_customer_is_served_beside_two_organizations_that_fetch_slowly(server, customer, slow_host):
    attackers = [server.create_organization(name, credits=50) for name in ("One", "Two")]
    address = f"http://127.0.0.1:{slow_host.port}/photo.jpg"

    def call(number):
        return remove(server, attackers[number % 2], image_url=address)

    with calls_without_end(call, callers=ALL_PLACES) as attack:
        statuses = call_for_a_while(server, customer)

    assert set(statuses) == {200}
    assert attack[503], "more fetches were asked for than one organization may have at once"


def test_a_customer_is_served_beside_two_organizations_that_fill_the_queue(server, customer):
    attackers = [server.create_organization(name, credits=500) for name in ("Three", "Four")]

    def call(number):
        return remove(server, attackers[number % 2], {"image_file": ("a.jpg", PHOTO)})

    with calls_without_end(call) as attack:
        statuses = call_for_a_while(server, customer)

    assert set(statuses) == {200}
    assert attack[200]
