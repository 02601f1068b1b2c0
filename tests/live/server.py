"""A real gunicorn with the real model, on a free port and a database of its own."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests

PROJECT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 60.0


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LiveServer:
    """One server process group; `environ` goes on top of this process' own."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def full_environ(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        own = {"DATA_DIR": str(self.folder / "data"), "PORT": str(self.port), "PUBLIC_URL": self.url}
        return {**inherited, **own, **self.environ}

    def manage(self, *arguments: str) -> str:
        """Run a management command on the server's database and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT,
            env=self.full_environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def create_organization(self, name: str, *, credits: int, plan: str = "pro") -> str:
        """Return a new organization's key."""
        return str(
            json.loads(self.manage("create_organization", name, "--credits", str(credits), "--plan", plan))["api_key"]
        )

    def start(self, *, wait_until_ready: bool = True) -> "LiveServer":
        self.folder.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "--verbosity", "0")
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "removebg.wsgi:application"],
                cwd=PROJECT,
                env=self.full_environ(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_for("/readyz" if wait_until_ready else "/livez")
        return self

    def _wait_for(self, path: str) -> None:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            assert self.process is not None and self.process.poll() is None, self.log
            try:
                if requests.get(self.url + path, timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{path} was not 200 within {STARTS_WITHIN_S} s:\n{self.log}")

    def stop(self) -> None:
        """End the server and its workers in good order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=40)

    def kill(self) -> None:
        """kill -9 the server and its workers."""
        assert self.process is not None
        os.killpg(self.process.pid, 9)
        self.process.wait(timeout=10)
