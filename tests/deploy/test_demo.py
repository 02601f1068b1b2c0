"""The demo's parts. The whole of it is `make demo ONCE=1` in a fresh clone."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from accounts import api_keys
from accounts.models import Organization, User
from billing import ledger
from billing.selectors import account_of, credits_of
from deploy.bootstrap import ROOT, open_port
from deploy.demo.account import DemoAccount, prepare_account
from deploy.demo.photo import Cutout, credits_left, find_photo, send
from deploy.demo.places import Places, write_private
from deploy.demo.server import ServerFailed, running, wait_until_ready
from deploy.demo.telling import facts_of, summary_of
from tests.live.server import free_port
from tests.processing.weight_sources.fakes import serving, status, whole_file

ACCOUNT = DemoAccount(email="demo@example.com", password="secret word", api_key="rb_live_x")


@pytest.fixture
def places(tmp_path) -> Places:
    places = Places(folder=tmp_path / ".demo", port=8123)
    places.make()
    return places


# --- Places ----------------------------------------------------------------------------------------------------


def test_nobody_else_may_look_into_the_demos_folder(places):
    write_private(places.facts, "{}")

    assert places.folder.stat().st_mode & 0o777 == 0o700
    assert places.facts.stat().st_mode & 0o777 == 0o600


def test_a_private_file_is_replaced_whole_and_never_readable_by_others(places):
    places.facts.write_text("older and readable")
    places.facts.chmod(0o644)

    write_private(places.facts, "new")

    assert places.facts.read_text() == "new"
    assert places.facts.stat().st_mode & 0o777 == 0o600
    assert list(places.folder.iterdir()) == [places.facts]


def test_a_real_installs_settings_are_not_taken_over(places):
    environment = places.environment(
        {
            "PATH": "/bin",
            "DATABASE_URL": "postgres://real",
            "REDIS_URL": "redis://real",
            "DEPLOYMENT": "production",
            "BIND": "0.0.0.0:80",
        }
    )

    assert environment["PATH"] == "/bin"
    assert environment["DATA_DIR"] == str(places.folder / "data")
    assert environment["PUBLIC_URL"] == "http://localhost:8123"
    assert not {"DATABASE_URL", "REDIS_URL", "DEPLOYMENT", "BIND"} & set(environment)


def test_a_real_installs_data_folder_is_not_touched(places):
    assert places.environment({"DATA_DIR": "/elsewhere"})["DATA_DIR"] == str(places.folder / "data")


def test_the_demo_never_asks_itself_through_a_proxy(places):
    assert places.environment({})["no_proxy"] == "localhost,127.0.0.1"
    assert places.environment({"NO_PROXY": "intranet"})["no_proxy"] == "intranet,localhost,127.0.0.1"


# --- The account -----------------------------------------------------------------------------------------------


def remember(places: Places, account: DemoAccount) -> None:
    write_private(places.facts, facts_of(places, account))


@pytest.mark.django_db
def test_a_first_demo_makes_a_person_who_can_log_in_a_key_that_works_and_100_credits(places):
    account = prepare_account(places.facts)

    user = User.objects.get(email=account.email)
    organization = Organization.objects.get()
    assert user.check_password(account.password)
    assert user.is_staff
    assert user.is_superuser
    assert api_keys.find_active(account.api_key).organization == organization
    assert user.memberships.get().organization == organization
    assert credits_of(account_of(organization).pk).available == 100


@pytest.mark.django_db
def test_a_second_demo_keeps_the_key_and_the_password_and_tops_up(places):
    first = prepare_account(places.facts)
    remember(places, first)
    credit_account = account_of(Organization.objects.get())
    ledger.capture(ledger.hold(credit_account, amount=30))

    second = prepare_account(places.facts)

    assert second == first
    assert credits_of(credit_account.pk).available == 100
    assert Organization.objects.count() == 1


@pytest.mark.django_db
def test_a_revoked_key_is_replaced(places):
    first = prepare_account(places.facts)
    remember(places, first)
    api_keys.revoke(api_keys.find_active(first.api_key))

    second = prepare_account(places.facts)

    assert second.api_key != first.api_key
    assert second.password == first.password
    api_keys.find_active(second.api_key)


@pytest.mark.django_db
def test_a_password_that_was_changed_is_replaced(places):
    first = prepare_account(places.facts)
    remember(places, first)
    user = User.objects.get()
    user.set_password("another one")
    user.save()

    second = prepare_account(places.facts)

    assert User.objects.get().check_password(second.password)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "[]", "half a {", '"text"', '{"api_key": 7, "password": null}', "\x00\xff"])
def test_a_broken_demo_json_is_as_good_as_none(places, text):
    places.facts.write_text(text, encoding="latin-1")

    account = prepare_account(places.facts)

    api_keys.find_active(account.api_key)


# --- What it says ----------------------------------------------------------------------------------------------


def test_scripts_find_their_facts_under_fixed_names(places):
    facts = json.loads(facts_of(places, ACCOUNT))

    assert facts["base_url"] == "http://localhost:8123"
    assert facts["api_key"] == "rb_live_x"
    assert facts["email"] == "demo@example.com"
    assert facts["password"] == "secret word"
    assert facts["cutout"] == str(places.cutout)


def test_the_curl_line_can_be_copied(places):
    cutout = Cutout(png=b"", took_s=2.345, credits_charged=1, width=512, height=600)

    told = summary_of(places, ACCOUNT, cutout, photo=Path("/with blanks/a.jpg"), credits_left=99)

    curl = next(line for line in told.splitlines() if line.lstrip().startswith("curl"))
    assert shlex.split(curl) == [
        *("curl", "-H", "x-api-key: rb_live_x", "-F", "image_file=@/with blanks/a.jpg"),
        *("-o", "my-cutout.png", "http://localhost:8123/v1/remove"),
    ]
    assert "2.3 s" in told
    assert "http://localhost:8123/dashboard/" in told


@pytest.mark.parametrize("left", [99, 249])
def test_the_credits_are_what_is_left_and_what_the_photo_took(places, left):
    cutout = Cutout(png=b"", took_s=2.345, credits_charged=1, width=512, height=600)

    told = summary_of(places, ACCOUNT, cutout, photo=Path("a.jpg"), credits_left=left)

    [line] = [line for line in told.splitlines() if "Credits" in line]
    assert re.findall(r"\d+", line) == [str(left), "1", "100"]
    assert "left of" not in line


# --- The photo -------------------------------------------------------------------------------------------------


def test_the_photo_is_a_real_one():
    assert find_photo().read_bytes()[:3] == b"\xff\xd8\xff"


def test_a_refused_photo_is_told_in_the_servers_words():
    knows_no_post = status(404)
    with serving(knows_no_post) as server, pytest.raises(ServerFailed, match=r"(?s)answered 501: .*Unsupported method"):
        send(find_photo(), server.url, ACCOUNT)


def test_what_is_left_is_what_me_says():
    with serving(whole_file(b'{"maxCredits": 200, "usedCredits": 101}')) as server:
        assert credits_left(server.url, ACCOUNT) == 99

    assert server.paths == ["/v1/me"]


# --- The server ------------------------------------------------------------------------------------------------


def test_a_server_that_ends_at_once_is_told_with_the_end_of_its_log(places):
    command = [sys.executable, "-c", "print('the port is taken'); raise SystemExit(3)"]

    with (
        pytest.raises(ServerFailed, match=r"status 3\.\s+the port is taken\s+\(all of it: .*server\.log\)"),
        running(os.environ, places.log, command) as process,
    ):
        wait_until_ready(process, "http://127.0.0.1:1", places.log)


def test_the_server_is_waited_for_until_it_is_ready(places):
    answers = iter([503, 503])

    def soon(handler):
        code = next(answers, 200)
        (whole_file(b"{}") if code == 200 else status(code))(handler)

    with serving(soon) as server, running(os.environ, places.log, ["sleep", "60"]) as process:
        wait_until_ready(process, server.url, places.log)

    assert server.paths == ["/readyz"] * 3


def test_the_server_never_outlives_the_block(places):
    with pytest.raises(KeyError), running(os.environ, places.log, ["sleep", "60"]) as process:
        raise KeyError

    assert process.returncode == -signal.SIGTERM


@pytest.fixture
def listener():
    with open_port(str(free_port())) as listener:
        yield listener


def is_port_taken(listener: socket.socket) -> bool:
    try:
        socket.create_server(listener.getsockname()).close()
    except OSError:
        return True
    return False


def test_no_other_server_can_take_the_port_before_ours_listens(places, listener):
    with running(os.environ, places.log, ["sleep", "60"], listener=listener):
        assert is_port_taken(listener)


def test_no_other_server_can_take_the_port_when_ours_has_ended(places, listener):
    with running(os.environ, places.log, ["false"], listener=listener) as process:
        process.wait()

        assert is_port_taken(listener)
        with pytest.raises(ServerFailed, match="ended with status 1"):
            wait_until_ready(process, places.base_url, places.log)


def test_the_server_answers_on_the_socket_that_the_demo_opened(places, listener):
    code = r"""
import os, socket
with socket.socket(fileno=int(os.environ["BIND"].removeprefix("fd://"))) as listener:
    while True:
        connection = listener.accept()[0]
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        connection.close()
"""
    port = listener.getsockname()[1]
    with running(os.environ, places.log, [sys.executable, "-c", code], listener=listener) as process:
        wait_until_ready(process, f"http://127.0.0.1:{port}", places.log)


@pytest.mark.parametrize("program", ["deploy.demo", "deploy.billing_demo"])
def test_a_port_of_another_server_is_named_and_nothing_is_sent_to_it(program):
    with serving(whole_file(b"{}")) as other:
        port = other.url.rpartition(":")[2]
        environment = {**os.environ, "PORT": port, "ONCE": "1"}
        demo = subprocess.run(
            [sys.executable, "-m", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    assert demo.returncode == 1
    assert f"Port {port} cannot be used" in demo.stderr
    assert other.paths == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_ends_the_server_too_and_is_a_success(places, number):
    code = f"""
import os, pathlib
from deploy.demo.__main__ import serve, stop_on_signals
from deploy.demo.server import running
stop_on_signals()
log = pathlib.Path({str(places.log)!r})
with running(os.environ, log, ["sleep", "60"]) as process:
    print(process.pid, flush=True)
    serve(process, log)
"""
    demo = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert demo.stdout is not None
    server = int(demo.stdout.readline())
    assert demo.stdout.readline().startswith("Serving")

    demo.send_signal(number)
    out, err = demo.communicate(timeout=20)

    assert (demo.returncode, err) == (0, "")
    assert out.strip() == "Stopped."
    assert not Path(f"/proc/{server}").exists()
