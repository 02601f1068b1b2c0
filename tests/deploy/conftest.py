"""A wheel of our own, so that real environments are made without a network."""

import hashlib
import zipfile
from pathlib import Path

import pytest


class TinyWheel:
    """A package of one module, and the lock that names it with its hash."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tinywheel-1.0-py3-none-any.whl"
        with zipfile.ZipFile(self.path, "w") as wheel:
            wheel.writestr("tinywheel.py", "ANSWER = 42\n")
            wheel.writestr("tinywheel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinywheel\nVersion: 1.0\n")
            wheel.writestr(
                "tinywheel-1.0.dist-info/WHEEL",
                "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            wheel.writestr("tinywheel-1.0.dist-info/RECORD", "")

    def lock(self, *, digest: str | None = None) -> str:
        right = hashlib.sha256(self.path.read_bytes()).hexdigest()
        return f"tinywheel @ {self.path.as_uri()} --hash=sha256:{digest or right}\n"


@pytest.fixture
def wheel(tmp_path, monkeypatch) -> TinyWheel:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return TinyWheel(tmp_path)
