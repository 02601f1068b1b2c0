"""Small real storages that go wrong in the ways disks and networks do."""

import errno
import threading
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage, InMemoryStorage, Storage


class FullDisk(FileSystemStorage):
    """Takes the first bytes of a file, and then there is no space left."""

    def _save(self, name: str, content: Any) -> str:
        Path(self.location).mkdir(parents=True, exist_ok=True)
        Path(self.path(name)).write_bytes(content.read(10))
        raise OSError(errno.ENOSPC, "No space left on device")


class Killed(FileSystemStorage):
    """The process dies in the middle of a file."""

    def _save(self, name: str, content: Any) -> str:
        Path(self.location).mkdir(parents=True, exist_ok=True)
        Path(self.path(name)).write_bytes(content.read(10))
        raise SystemExit


class Stubborn(FileSystemStorage):
    """Deletes nothing, as a network that is away for a while."""

    def delete(self, name: str) -> None:
        raise OSError(errno.EIO, "Input/output error")


class Remote(Storage):
    """Has no paths, as an object store."""

    def __init__(self) -> None:
        self._memory = InMemoryStorage()

    def _save(self, name: str, content: Any) -> str:
        return str(self._memory.save(name, content))

    def _open(self, name: str, mode: str = "rb") -> Any:
        return self._memory.open(name, mode)

    def delete(self, name: str) -> None:
        self._memory.delete(name)

    def exists(self, name: str) -> bool:
        return bool(self._memory.exists(name))


class Slow(InMemoryStorage):
    """Takes a file only when it is let."""

    entered, let = threading.Event(), threading.Event()

    def _save(self, name: str, content: Any) -> str:
        self.entered.set()
        assert self.let.wait(20)
        return str(super()._save(name, content))
