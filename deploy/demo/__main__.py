"""`make demo`, in order: settings, model, database, account, server, one photo, and then it serves."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

import django
import requests
from django.core.management import CommandError, call_command
from django.db import connections

from deploy.bootstrap import ROOT, open_port
from deploy.demo.places import Places, write_private
from deploy.demo.server import ServerFailed, running, tail, wait_until_ready

INTERRUPTED = 130


class Stopped(KeyboardInterrupt):
    """Somebody pressed Ctrl-C, closed the terminal or asked this process to end."""


def main() -> None:
    """Do all of it; with ONCE=1 end after the photo. Raise ServerFailed, or Stopped before there is a server."""
    with open_port(os.environ.get("PORT")) as listener:
        _demonstrate(listener)


def _demonstrate(listener: socket.socket) -> None:
    places = Places(folder=ROOT / ".demo", port=listener.getsockname()[1])
    places.make()
    run_under(places.environment(os.environ))
    django.setup()
    call_command("fetch_model", "--default-suffices")
    call_command("migrate", verbosity=0)

    # Only now: they import models.
    from deploy.demo.account import prepare_account
    from deploy.demo.photo import credits_left, find_photo, send
    from deploy.demo.telling import facts_of, summary_of

    account = prepare_account(places.facts)
    connections.close_all()  # from here on the database is the server's
    print("Starting the server ...", flush=True)
    with running(os.environ, places.log, listener=listener) as process:
        wait_until_ready(process, places.base_url, places.log)
        photo = find_photo()
        print(f"Sending {photo.name} through POST /v1/remove ...", flush=True)
        cutout = send(photo, places.base_url, account)
        places.cutout.write_bytes(cutout.png)
        write_private(places.facts, facts_of(places, account))
        left = credits_left(places.base_url, account)
        print(summary_of(places, account, cutout, photo=photo, credits_left=left), flush=True)
        if os.environ.get("ONCE", "0") in ("", "0"):
            serve(process, places.log)


def run_under(environment: dict[str, str]) -> None:
    """Make these the environment of this process and of its children."""
    os.environ.clear()
    os.environ.update(environment)


def serve(process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when somebody stops us; raise ServerFailed when the server ends by itself."""
    try:
        print(f"Serving until Ctrl-C (mails, such as sign-up codes, go to {log}) ...", flush=True)
        status = process.wait()
    except Stopped:
        print("\nStopped.", flush=True)
        return
    raise ServerFailed(f"The server ended with status {status}.\n{tail(log)}")


def stop_on_signals() -> None:
    """Turn the first Ctrl-C or request to end into Stopped; later ones must not disturb the tidying up."""

    def on_signal(number: int, frame: FrameType | None) -> NoReturn:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, on_signal)


if __name__ == "__main__":
    stop_on_signals()
    try:
        main()
    except Stopped:
        sys.exit(INTERRUPTED)
    except (ServerFailed, CommandError, requests.RequestException) as error:
        sys.exit(str(error))
