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

DAILY_INVITATIONS = 200
"""MAILS_PER_ORGANIZATION in accounts.mail_budget; people mail nobody else, and themselves at most 20 times a day."""

MAKE_KEYS = """
from accounts import api_keys
from accounts.models import Organization, User
person = User.objects.create_user("free@example.com", "unused")
for is_test in (True, False):
    organization = Organization.objects.get(name="Test" if is_test else "Paid")
    print(api_keys.issue(organization, name="k", is_test=is_test, created_by=person).secret)
"""
LOG_IN = """
from accounts.models import Organization, User
from django.test import Client
from tests.factories import make_member
client = Client()
client.force_login(make_member(Organization.objects.get(name="Paid"), "owner@example.com", "owner"))
print(client.cookies["sessionid"].value)
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
    """Use up a small budget with the dearest free calls there are, and the invitations; the rest must be refused."""
    budget = scaled(MEASURED_CALLS, scale, at_least=2)
    limits = {
        "FREE_CALLS_PER_DAY": str(budget),
        "FREE_CALLS_PER_PERSON_PER_DAY": str(2 * budget),
        "INVITATION_RATE": "10000/h",
    }
    faults: list[str] = []
    with live_server(limits) as server:
        for name, credits in (("Test", 0), ("Paid", 2)):
            server.create_organization(name, credits=credits, plan="verify")
        test_key, paid_key = server.manage("shell", "-v", "0", "-c", MAKE_KEYS).split()
        tests = _cost_of(server, test_key, budget + TOO_MANY, {})
        paid = _send(server, paid_key, {"Idempotency-Key": "k"})
        replays = _cost_of(server, paid_key, budget + TOO_MANY, {"Idempotency-Key": "k"})
        damaged = _cost_of(server, paid_key, budget + 1 + TOO_MANY, {}, photo=_damaged_photo(), expected=400)
        mails, mail_rows = _invite(server, DAILY_INVITATIONS + TOO_MANY)
        faults += audit_faults(server)
    if paid.status_code != 200:
        faults.append(f"the paid call was {paid.status_code}")
    faults += [
        *_faults_of("tests", tests, budget),
        *_faults_of("replays", replays, min(budget, MAX_REPLAYS)),
        *_faults_of("damaged files", damaged, budget + 1),
    ]
    if mails != DAILY_INVITATIONS:
        faults.append(f"{mails} of {DAILY_INVITATIONS + TOO_MANY} invitations were mailed, not {DAILY_INVITATIONS}")
    return Finding(
        how_many=f"{budget} calls of each kind with 49 megapixels and quality best, {DAILY_INVITATIONS} invitations, "
        f"and {TOO_MANY} of each beyond the budget",
        figures=f"{tests.words('tests')}; {replays.words('replays')}; "
        f"{damaged.words('damaged files')}, and one more for each image that was delivered; "
        f"invitations: {mails} mails a day and organization, {mail_rows} rows; all beyond the budgets refused",
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


def _invite(server: LiveServer, invitations: int) -> tuple[int, int]:
    """Send so many invitations from one organization; return how many were mailed, and the rows written."""
    browser = requests.Session()
    browser.cookies.set("sessionid", server.manage("shell", "-v", "0", "-c", LOG_IN).strip())
    browser.get(f"{server.url}/people/", timeout=60)
    rows, mailed = _count_rows(server), _count_mails(server)
    for number in range(invitations):
        fields = {"email": f"person{number}@example.com", "role": "member"}
        headers = {"Origin": server.url, "X-CSRFToken": browser.cookies["csrftoken"]}
        answer = browser.post(
            f"{server.url}/people/invite/", fields, headers=headers, timeout=60, allow_redirects=False
        )
        assert answer.status_code in (200, 302), answer.status_code
    return _count_mails(server) - mailed, _count_rows(server) - rows


def _count_mails(server: LiveServer) -> int:
    """Return how many invitations the server's log holds: it prints mails where no mail server is set."""
    return server.log.count("To: person")


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
