"""Where the demo keeps its things, and which settings it runs under: nothing of a real install is touched."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# A shell that is set up for a real install must not lead the demo to that install's database.
NOT_TAKEN_OVER = (
    "DATABASE_URL",
    "REDIS_URL",
    "DEPLOYMENT",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "TRUSTED_PROXIES",
    "BIND",
    "GUNICORN_CMD_ARGS",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRETS",
    "STRIPE_API_BASE",
    "STRIPE_PAGES",
    "PYTHONPATH",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The demo's folder and its address."""

    folder: Path
    port: int

    @property
    def base_url(self) -> str:
        """Where the demo is served: not at an IP address, where passkeys cannot work."""
        return f"http://localhost:{self.port}"

    @property
    def dashboard_url(self) -> str:
        """Where a person starts."""
        return f"{self.base_url}/dashboard/"

    @property
    def admin_url(self) -> str:
        """Where the operator starts."""
        return f"{self.base_url}/admin/"

    @property
    def facts(self) -> Path:
        """What scripts read."""
        return self.folder / "demo.json"

    @property
    def cutout(self) -> Path:
        """The picture that shows it works."""
        return self.folder / "cutout.png"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    def make(self) -> None:
        """Make the folder, readable for its owner only: it holds a key and a password."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the demo's server and of its management commands."""
        kept = {name: value for name, value in given.items() if name not in NOT_TAKEN_OVER}
        return {
            **kept,
            "DJANGO_SETTINGS_MODULE": "removebg.settings",
            "DATA_DIR": str(self.folder / "data"),
            "PUBLIC_URL": self.base_url,
            "no_proxy": ",".join(filter(None, [given.get("no_proxy") or given.get("NO_PROXY"), "localhost,127.0.0.1"])),
        }


def write_private(path: Path, text: str) -> None:
    """Write a file in one step that only its owner may read."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    part.write_text(text, encoding="utf-8")
    part.replace(path)
