"""The demo's server: gunicorn as a child that never outlives the demo by accident."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from deploy.bootstrap import ROOT

READY_WITHIN_S = 120.0
STOPPED_WITHIN_S = 40.0
POLL_S = 0.1
TAIL_LINES = 20
COMMAND = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "removebg.wsgi:application")


class ServerFailed(Exception):
    """The server ended or never got ready; the message holds the end of its log."""


@contextmanager
def running(
    environment: Mapping[str, str],
    log: Path,
    command: Sequence[str] = COMMAND,
    *,
    listener: socket.socket | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server for the block and end it, by its own id, whatever happens in the block.

    gunicorn serves on this socket, which stays open here too: no other program can answer on its port, not even when
    the server ends.
    """
    inherited = [] if listener is None else [listener.fileno()]
    bind = {} if listener is None else {"BIND": f"fd://{listener.fileno()}"}
    with log.open("ab") as file:
        # Of a session of its own, so that Ctrl-C reaches us alone and the server ends after its last answer.
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment, **bind},
            pass_fds=inherited,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def wait_until_ready(process: subprocess.Popen[bytes], base_url: str, log: Path, *, path: str = "/readyz") -> None:
    """Return when /readyz, or another path, says yes; raise ServerFailed when it ends or takes too long."""
    deadline = time.monotonic() + READY_WITHIN_S
    problem = "it did not answer"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerFailed(f"The server ended with status {process.returncode}.\n{tail(log)}")
        try:
            answer = requests.get(base_url + path, timeout=5)
            if answer.ok:
                return
            problem = answer.text.strip()[:300]
        except requests.RequestException:
            pass
        time.sleep(POLL_S)
    raise ServerFailed(f"The server was not ready within {READY_WITHIN_S:g} s: {problem}\n{tail(log)}")


def tail(log: Path) -> str:
    """Return the end of the log, and where all of it is."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
    return os.linesep.join([*lines, f"(all of it: {log})"])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
