"""`make billing-demo`, without making its environment: buys once by itself, or serves until Ctrl-C."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import requests

from deploy.bootstrap import ROOT
from tests.live.server import free_port

STARTS_WITHIN_S = 90


@pytest.fixture
def port():
    port = free_port()
    yield port
    shutil.rmtree(ROOT / ".demo" / f"billing-{port}", ignore_errors=True)


def start(port, **environ):
    command = [sys.executable, "-u", "-m", "deploy.billing_demo"]
    # What a shell that is set up for a real shop has must not be used.
    real = {"STRIPE_SECRET_KEY": "sk_live_" + "a" * 24, "STRIPE_WEBHOOK_SECRETS": "whsec_" + "b" * 32, "ONCE": ""}
    own = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    given = own | real | {"PORT": str(port)} | environ
    return subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def is_answered(url):
    try:
        return requests.get(url, timeout=5).status_code < 500
    except requests.ConnectionError:
        return False


def test_it_buys_once_by_itself(port):
    said, _ = start(port, ONCE="1").communicate(timeout=STARTS_WITHIN_S)

    assert f"Bought 100 credits for 10.00 EUR: http://localhost:{port}/billing/orders/" in said
    assert not is_answered(f"http://127.0.0.1:{port}/livez")


def test_ctrl_c_ends_both(port):
    demo = start(port)
    said, began = "", time.monotonic()
    while "Serving until Ctrl-C" not in said and time.monotonic() < began + STARTS_WITHIN_S:
        line = demo.stdout.readline()
        assert line, said
        said += line
    stripe_url = re.search(r"Stripe +(http://127\.0\.0\.1:\d+)", said)[1]
    assert re.search(r"log in as \S+@\S+ with the password \S+", said)
    assert is_answered(f"http://127.0.0.1:{port}/livez")
    assert is_answered(f"{stripe_url}/pay/x")

    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=STARTS_WITHIN_S)
    assert demo.returncode == 0
    assert not is_answered(f"http://127.0.0.1:{port}/livez")
    assert not is_answered(f"{stripe_url}/pay/x")
