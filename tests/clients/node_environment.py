"""A folder with one npm client in it, installed from a lock that names each package by its digest."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from deploy.bootstrap import INSTALL_NPM, read, require_disk, stop

MANIFESTS = ("package.json", "package-lock.json")


def make_node_environment(folder: Path, lock_folder: Path, *, needed_gb: float) -> None:
    """Make `folder` hold what the lock in `lock_folder` names; do nothing when it does already."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        stop(f"npm is needed for the client {lock_folder.name}: {INSTALL_NPM}.")
    stamp = folder / "bootstrap-package-lock"
    wanted = fingerprint(folder, lock_folder, Path(node))
    if read(stamp) == wanted:
        return
    require_disk(folder, needed_gb)
    folder.mkdir(exist_ok=True)
    stamp.unlink(missing_ok=True)
    for name in MANIFESTS:
        shutil.copyfile(lock_folder / name, folder / name)
    install(npm, folder)
    stamp.write_text(wanted, encoding="ascii")


def fingerprint(folder: Path, lock_folder: Path, node: Path) -> str:
    """Return a digest of all that decides what the folder holds; the file of node stands for its version."""
    facts = node.resolve().stat()
    digest = hashlib.sha256(f"{folder}\n{node.resolve()} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    for name in MANIFESTS:
        digest.update((lock_folder / name).read_bytes())
    return digest.hexdigest()


def install(npm: str, folder: Path) -> None:
    """Install what the folder's lock names; no package may run a script of its own."""
    print(f"Installing {folder.name}/package-lock.json ...", flush=True)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        stop(f"Installing {folder.name} failed (see above). Is there a network? The same command again starts over.")
