"""The public client poofbg 0.4.1, unmodified and in an environment of its own, against a live server."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.live.server import PROJECT, LiveServer
from tests.photos import photo_path

PYTHON = PROJECT / ".cache" / "clients" / "poofbg" / "bin" / "python"
SLOW_PLAN = """
from billing.models import Plan
Plan.objects.create(slug="slow", name="Slow", requests_per_minute=2, requests_per_second=2, max_concurrency=1)
"""


@pytest.fixture(scope="module")
def told(live: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """Everything the client said, call by call."""
    assert PYTHON.exists(), "run `python -m tests.clients.install` first: `make test` does"
    live.manage("shell", "-v", "0", "-c", SLOW_PLAN)
    keys = {
        "rich": live.create_organization("Rich", credits=5),
        "poor": live.create_organization("Poor", credits=0),
        "limited": live.create_organization("Limited", credits=5, plan="slow"),
        "wrong": "rb_live_wrong",
    }
    done = subprocess.run(
        [
            PYTHON,
            Path(__file__).parents[1] / "clients" / "poofbg" / "calls.py",
            live.url,
            photo_path("grace_hopper"),
            json.dumps(keys),
        ],
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def situation(told: list[dict[str, object]], name: str) -> dict[str, object]:
    return next(line for line in told if line["situation"] == name)


def test_success_carries_the_image_and_its_facts(told):
    result = situation(told, "success")["returned"]

    assert result["starts"].startswith("89504e47")
    assert (result["width"], result["height"]) == (512, 600)
    assert result["request_id"].startswith("req_")
    assert isinstance(result["processing_time_ms"], int)


def test_the_clients_options_are_understood(told):
    result = situation(told, "options")["returned"]

    assert result["starts"].startswith("ffd8ff")
    assert max(result["width"], result["height"]) == 256


def test_me_is_read(told):
    me = situation(told, "me")["returned"]

    assert (me["maxCredits"], me["usedCredits"], me["plan"]) == (5, 2, "Pro")


@pytest.mark.parametrize(
    ("name", "raised", "code"),
    [
        ("bad option", "ValidationError", "validation_error"),
        ("no image", "ValidationError", "validation_error"),
        ("wrong key", "AuthError", "authentication_error"),
        ("no credits", "PaymentRequiredError", "payment_required"),
    ],
)
def test_each_refusal_raises_the_clients_own_error(told, name, raised, code):
    line = situation(told, name)

    assert (line["raised"], line["code"]) == (raised, code)
    assert line["request_id"].startswith("req_")


def test_too_many_requests_raise_its_rate_limit_error(told):
    raised = [line["raised"] for line in told if line["situation"] == "too many"]

    assert raised == ["ValidationError", "ValidationError", "RateLimitError"]
