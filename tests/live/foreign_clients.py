"""A published client, run in its own environment and an empty directory, and what came of its calls."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.live.callers import open_callers
from tests.live.picture_host import PictureHost
from tests.live.server import PROJECT, LiveServer
from tests.photos import photo_path

ENVIRONMENTS = PROJECT / ".cache" / "clients"
CALLS = PROJECT / "tests" / "clients"
PHOTO_SIZE = (512, 600)


@dataclass(frozen=True)
class Told:
    """What a client said, call by call, and the directory it worked in."""

    folder: Path
    lines: list[dict[str, Any]]

    def situation(self, name: str) -> dict[str, Any]:
        """Return what came of this the last time: the minute of a rate may end between two calls, but not three."""
        return next(line for line in reversed(self.lines) if line["situation"] == name)

    def returned(self, name: str) -> Any:
        line = self.situation(name)
        assert "returned" in line, line
        return line["returned"]

    def picture(self, name: str) -> Image.Image:
        """Return the picture that the client saved under this name."""
        picture = Image.open(self.folder / name)
        picture.load()
        return picture


def run_client(name: str, live: LiveServer, pictures: PictureHost, blank: bytes, folder: Path, *, credits: int) -> Told:
    """Make the calls in tests/clients/NAME; its first caller has that many credits."""
    assert (ENVIRONMENTS / name).exists(), "run `python -m tests.clients.install` first: `make test` does"
    # Some clients write beside the photo.
    shutil.copyfile(photo_path("grace_hopper"), folder / "photo.jpg")
    (folder / "blank.png").write_bytes(blank)
    facts = {
        "server": live.url,
        "keys": open_callers(live, credits=credits),
        "photo_url": pictures.url("photo.jpg"),
        "missing_url": pictures.url("missing.jpg"),
        "once_url": pictures.url("once/photo.jpg"),
        "private_url": f"http://10.1.2.3:{pictures.port}/photo.jpg",
    }
    done = subprocess.run(
        [*_command(name), json.dumps(facts)],
        cwd=folder,
        env=_environ(name, live),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Told(folder, [json.loads(line) for line in done.stdout.splitlines()])


def _command(name: str) -> list[str | Path]:
    if (CALLS / name / "calls.js").exists():
        return ["node", "--require", CALLS / "redirect.js", CALLS / name / "calls.js"]
    return [ENVIRONMENTS / name / "bin" / "python", CALLS / name / "calls.py"]


def _environ(name: str, live: LiveServer) -> dict[str, str]:
    """Return this process' environment without what would let our own packages stand in for the client's."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "NODE_OPTIONS")}
    return {**inherited, "NODE_PATH": str(ENVIRONMENTS / name / "node_modules"), "REMOVE_BG_SERVER": live.url}


def is_cutout(picture: Image.Image) -> bool:
    """Whether the admiral is kept and the flag behind her is gone."""
    if picture.mode not in ("RGBA", "LA"):
        return False
    alpha = np.asarray(picture.getchannel("A"))
    height, width = alpha.shape
    return bool(alpha[: height // 10, : width // 10].max() < 50 and alpha[height * 2 // 5, width // 2] > 200)


def is_preview(picture: Image.Image) -> bool:
    """Whether the picture has the photo's shape and as much of a quarter megapixel as fits."""
    width, height = picture.size
    return 245_000 < width * height <= 250_000 and abs(width / height - PHOTO_SIZE[0] / PHOTO_SIZE[1]) < 0.01
