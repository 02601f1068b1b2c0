"""A live server to attack: a customer, and what attackers of each kind have."""

import dataclasses
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.attack.attackers import Target
from tests.attack.customer import Customer, Report
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.live.server import PROJECT, LiveServer
from tests.live.slow_host import SlowHost

FETCH_ANSWERS_AFTER_S = 9
BEGINS_AFTER_S = 2.0
ENDS_WITHIN_S = 60
"""After the time of an attack: the slowest call that was under way."""

# The budgets that would end an attack are raised: what is tried is the rest. The attackers have the rates of the plan
# that anybody gets.
ENVIRON = {
    "FREE_CALLS_PER_DAY": "1000000",
    "FREE_CALLS_PER_PERSON_PER_DAY": "1000000",
    "STRANGER_RATE": "100000/m",
    "STRIPE_SECRET_KEY": SECRET_KEY,
    "STRIPE_WEBHOOK_SECRETS": SIGNING_SECRET,
    "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
}
PREPARE = """
import json
from accounts import api_keys
from billing.models import Plan
from billing.opening import open_organization
from django.test import Client
from tests.factories import make_member, make_organization

plan, _ = Plan.objects.get_or_create(slug="attack", defaults={
    "name": "Attack", "requests_per_minute": 1_000_000, "requests_per_second": 100_000,
    "megapixels_per_minute": 1_000_000, "max_concurrency": 100,
})
plans = {"Customer": plan, **{name: Plan.objects.get(slug="free") for name in ("One", "Two", "Test")}}
opened = [open_organization(name, credits=1000, plan=plan) for name, plan in plans.items()]
test = api_keys.issue(opened[3].organization, name="Test", is_test=True)
client = Client()
client.force_login(make_member(make_organization("Attacker", credits=5), "attacker@example.com"))
print(json.dumps({
    "keys": [one.issued.secret for one in opened[:3]],
    "test": test.secret,
    "session": client.cookies["sessionid"].value,
}))
"""


@dataclass
class Site:
    """A running server, its customer, and the targets of attacks on it."""

    server: LiveServer
    customer: Customer
    target: Target

    @contextmanager
    def attacked(self, kind: str, seconds: float) -> Iterator[Counter[str]]:
        """Attack for so many seconds during the block; how the attackers' calls ended is there afterwards."""
        target = dataclasses.replace(self.target, kind=kind, seconds=seconds)
        attackers = subprocess.Popen(
            [sys.executable, "-m", "tests.attack.attackers"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert attackers.stdin is not None and attackers.stdout is not None
        endings: Counter[str] = Counter()
        try:
            attackers.stdin.write(json.dumps(dataclasses.asdict(target)) + "\n")
            attackers.stdin.flush()
            assert attackers.stdout.readline() == "ready\n"
            yield endings
            told, _ = attackers.communicate(timeout=seconds + ENDS_WITHIN_S)
            endings.update(json.loads(told))
        finally:
            attackers.kill()
            attackers.wait()

    def watch(self, kind: str, seconds: float) -> tuple[Report, Counter[str]]:
        """Let the customer work beside the attackers; return what was seen, and how the attackers' calls ended."""
        with self.attacked(kind, BEGINS_AFTER_S + seconds) as endings:
            time.sleep(BEGINS_AFTER_S)
            with self.customer.at_work() as report:
                time.sleep(seconds)
        return report, endings


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Run the product with its model and its own limits of places."""
    with SlowHost(answers_after_s=FETCH_ANSWERS_AFTER_S) as slow_host:
        server = LiveServer(folder, environ={**ENVIRON, "FETCH_PORTS": str(slow_host.port)})
        try:
            server.start()
            yield _site_of(server, f"http://127.0.0.1:{slow_host.port}/photo.jpg")
        finally:
            server.stop()


def _site_of(server: LiveServer, image_url: str) -> Site:
    made = json.loads(server.manage("shell", "-v", "0", "-c", PREPARE))
    customer_key, *organization_keys = made["keys"]
    target = Target(
        kind="",
        port=server.port,
        seconds=0,
        anonymous=_page_headers(server, "/", {}),
        session=_page_headers(server, "/try/", {"sessionid": made["session"]}),
        test_key=made["test"],
        organization_keys=organization_keys,
        image_url=image_url,
    )
    return Site(server, Customer(server, customer_key), target)


def _page_headers(server: LiveServer, path: str, cookies: Mapping[str, str]) -> dict[str, str]:
    """Return what a page's script sends with an upload: its cookies, and its token in X-CSRFToken."""
    page = requests.get(server.url + path, cookies=dict(cookies), timeout=60)
    assert page.status_code == 200
    token = page.cookies["csrftoken"]
    cookie = "; ".join(f"{name}={value}" for name, value in {**cookies, "csrftoken": token}.items())
    return {"Cookie": cookie, "X-CSRFToken": token}
