"""`localstripe` from PyPI, which nobody here wrote, as a process: a second opinion on what Stripe does.

Run as a module it is that process. It leaves out two habits of the package's own command: to listen on every address,
and to write all it knows to one file that every such process shares.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.live.server import free_port

STARTS_WITHIN_S = 20.0


@contextmanager
def running_localstripe() -> Iterator[str]:
    """Yield the address of a fresh one."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.stripe_stand_in.peer", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(process, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "localstripe ended"
        try:
            requests.get(url, timeout=2)
            return
        except requests.RequestException:
            time.sleep(0.05)
    raise AssertionError(f"localstripe did not answer within {STARTS_WITHIN_S} s")


def main() -> None:
    from aiohttp import web
    from localstripe.server import app, save_store_middleware

    app.middlewares.remove(save_store_middleware)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
