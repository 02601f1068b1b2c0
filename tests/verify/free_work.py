"""What one account can consume for free in a day: measured for a few calls on a live server, times the daily budget."""

import io
from dataclasses import dataclass

import requests
from PIL import Image

from tests.live.processes import cpu_seconds
from tests.live.server import LiveServer
from tests.photos import photo_bytes
from tests.verify.check import Check, Finding, scaled
from tests.verify.live_server import audit_faults, live_server

DAILY_CALLS = 200
"""The default of FREE_CALLS_PER_PERSON_PER_DAY."""

MAX_REPLAYS = 10
"""Of one idempotency key, as in billing.models."""

MEASURED_CALLS = 10
TOO_MANY = 3
LARGEST_SIDE_PX = 7000
MAX_ROWS_PER_CALL = 3
ALLOWED_REFUSALS = {422, 429}

MAKE_KEYS = """
from accounts import api_keys
from accounts.models import Organization, User
person = User.objects.create_user("free@example.com", "unused")
for is_test in (True, False):
    organization = Organization.objects.get(name="Test" if is_test else "Paid")
    print(api_keys.issue(organization, name="k", is_test=is_test, created_by=person).secret)
"""
MINUTES_A_DAY = 24 * 60
FREE_RATE = """
from billing.models import Plan
print(Plan.objects.get(slug="free").requests_per_minute)
"""
COUNT_ROWS = """
from django.apps import apps
print(sum(model._default_manager.count() for model in apps.get_models()))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What some calls took of the server."""

    calls: int
    cpu_s: float
    bytes_out: int
    rows: int
    refused: int

    def words(self, kind: str, *, a_day: int = DAILY_CALLS) -> str:
        """Return the cost of one call, and of so many a day."""
        cpu, size, rows = self.cpu_s / self.calls, self.bytes_out / self.calls / 1e6, self.rows / self.calls
        return (
            f"{kind}: {cpu:.1f} CPU s, {size:.1f} MB out, {rows:.1f} rows a call; a day at most {a_day:,} calls, "
            f"{cpu * a_day:,.0f} CPU s, {size * a_day:,.0f} MB, {rows * a_day:,.0f} rows"
        )


def measure(scale: float) -> Finding:
    """Use up a small budget with the dearest free calls there are; everything beyond it must be refused."""
    budget = scaled(MEASURED_CALLS, scale, at_least=2)
    limits = {"FREE_CALLS_PER_DAY": str(budget), "FREE_CALLS_PER_PERSON_PER_DAY": str(2 * budget)}
    faults: list[str] = []
    with live_server(limits) as server:
        for name, credits in (("Test", 0), ("Paid", 2)):
            server.create_organization(name, credits=credits, plan="verify")
        test_key, paid_key = server.manage("shell", "-v", "0", "-c", MAKE_KEYS).split()
        tests = _cost_of(server, test_key, budget + TOO_MANY, {})
        paid = _send(server, paid_key, {"Idempotency-Key": "k"})
        replays = _cost_of(server, paid_key, budget + TOO_MANY, {"Idempotency-Key": "k"})
        damaged = _cost_of(server, paid_key, budget, {}, photo=_damaged_photo(), expected=400)
        a_minute = int(server.manage("shell", "-v", "0", "-c", FREE_RATE))
        faults += audit_faults(server)
    if paid.status_code != 200:
        faults.append(f"the paid call was {paid.status_code}")
    faults += [
        *_faults_of("tests", tests, budget),
        *_faults_of("replays", replays, min(budget, MAX_REPLAYS)),
    ]
    if damaged.calls != budget:
        faults.append(f"damaged files: {damaged.calls} of {budget} calls were 400")
    return Finding(
        how_many=f"{budget} calls of each kind with 49 megapixels and quality best, then {TOO_MANY} tests and replays "
        "beyond the budget",
        figures=f"{tests.words('tests')}; {replays.words('replays')}; "
        f"{damaged.words('damaged files, which cost nothing', a_day=a_minute * MINUTES_A_DAY)} "
        "by the rate of the plan Free alone, if the server had the time; no mail; all beyond the budget refused",
        faults=faults,
    )


def _cost_of(
    server: LiveServer,
    key: str,
    calls: int,
    headers: dict[str, str],
    *,
    photo: bytes | None = None,
    expected: int = 200,
) -> Cost:
    rows, cpu_s = _count_rows(server), _cpu_seconds(server)
    answers = [_send(server, key, headers, photo) for _ in range(calls)]
    done = [answer for answer in answers if answer.status_code == expected]
    refused = [answer for answer in answers if answer.status_code in ALLOWED_REFUSALS]
    return Cost(
        calls=max(1, len(done)),
        cpu_s=_cpu_seconds(server) - cpu_s,
        bytes_out=sum(len(answer.content) for answer in done),
        rows=_count_rows(server) - rows,
        refused=len(refused),
    )


def _faults_of(kind: str, cost: Cost, budget: int) -> list[str]:
    faults = []
    if cost.calls != budget:
        faults.append(f"{kind}: {cost.calls} calls were free, not {budget}")
    if cost.refused < TOO_MANY:
        faults.append(f"{kind}: only {cost.refused} calls were refused")
    if cost.rows > MAX_ROWS_PER_CALL * (cost.calls + cost.refused):
        faults.append(f"{kind}: {cost.rows} rows were written for {cost.calls} calls")
    return faults


def _send(server: LiveServer, key: str, headers: dict[str, str], photo: bytes | None = None) -> requests.Response:
    return requests.post(
        f"{server.url}/v1/remove",
        headers={"x-api-key": key, **headers},
        data={"quality": "best"},
        files={"image_file": ("large.jpg", photo or _large_photo(), "image/jpeg")},
        timeout=600,
    )


def _large_photo() -> bytes:
    """Return a photo of about as many pixels as a photo may have."""
    photo = Image.open(io.BytesIO(photo_bytes("coffee"))).convert("RGB")
    file = io.BytesIO()
    photo.resize((LARGEST_SIDE_PX, LARGEST_SIDE_PX)).save(file, "JPEG", quality=70)
    return file.getvalue()


def _damaged_photo() -> bytes:
    """Return the same with the second half of its data missing, which is seen once it is decoded."""
    photo = _large_photo()
    return photo[: len(photo) // 2] + photo[-2:]


def _count_rows(server: LiveServer) -> int:
    return int(server.manage("shell", "-v", "0", "-c", COUNT_ROWS))


def _cpu_seconds(server: LiveServer) -> float:
    """Return the CPU seconds that the server's processes have used so far."""
    assert server.process is not None
    return cpu_seconds(server.process.pid)


CHECK = Check("free-work", "what one account can consume for free in a day", measure)
