"""Make one environment for each foreign client under .cache/clients: `python -m tests.clients.install`.

They stay out of our own environment and out of the source tree: some of them install a package of our name.
"""

import shutil
from pathlib import Path

from deploy.bootstrap import ROOT, make_environment, stop
from tests.clients.node_environment import make_node_environment


def install_clients(locks_folder: Path, environments_folder: Path) -> list[Path]:
    """Make or keep an environment for each NAME/requirements.txt and NAME/package-lock.json; return their folders."""
    environments = []
    for lock in sorted([*locks_folder.glob("*/requirements.txt"), *locks_folder.glob("*/package-lock.json")]):
        folder = environments_folder / lock.parent.name
        folder.parent.mkdir(parents=True, exist_ok=True)
        if lock.name == "requirements.txt":
            make_environment(folder, [lock], needed_gb=0.2)
        else:
            make_node_environment(folder, lock.parent, needed_gb=0.2)
        environments.append(folder)
    return environments


def require_curl(path: str | None = None) -> None:
    """Stop where curl is missing, the client that needs no environment."""
    if shutil.which("curl", path=path) is None:
        stop("curl is needed, one of the clients to be tested: `sudo apt install curl` on Debian and Ubuntu.")


if __name__ == "__main__":
    require_curl()
    install_clients(ROOT / "tests" / "clients", ROOT / ".cache" / "clients")
