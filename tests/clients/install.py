"""Make one environment for each foreign client under .cache/clients: `python -m tests.clients.install`.

They stay out of our own environment and out of the source tree: some of them install a package of our name.
"""

from pathlib import Path

from deploy.bootstrap import ROOT, make_environment


def install_clients(locks_folder: Path, environments_folder: Path) -> list[Path]:
    """Make or keep an environment for each NAME/requirements.txt; return their folders."""
    environments = []
    for lock in sorted(locks_folder.glob("*/requirements.txt")):
        folder = environments_folder / lock.parent.name
        folder.parent.mkdir(parents=True, exist_ok=True)
        make_environment(folder, [lock], needed_gb=0.2)
        environments.append(folder)
    return environments


if __name__ == "__main__":
    install_clients(ROOT / "tests" / "clients", ROOT / ".cache" / "clients")
