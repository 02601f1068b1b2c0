"""Networks in onnxruntime's optimised form, kept in a folder: made once, checked, then mapped by each process.

Written by one process at a time, in a folder of its own that takes its name in one step; read by anyone, after its
checksums. The checksums tell accidents (a full disk, a cut-off copy, a bad sector). Whoever may write to this folder on
purpose is trusted, as with the program's own files.
"""

import fcntl
import hashlib
import json
import logging
import os
import platform
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

logger = logging.getLogger(__name__)

# To be raised with every change of what `graph.rewritten_for_cpu` returns. It stands here because importing onnx for
# it would cost each start a tenth of a second.
REWRITE_VERSION = 1
# Where these folders lie, in the folder of the weights.
PREPARED = "prepared"
GRAPH, WEIGHTS = "graph.onnx", "weights.bin"
_RECORD = "record.json"
_UNFINISHED = ".unfinished-"
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedKey:
    """What a prepared graph was made of, by what, and for which CPU: another one for any of them is another graph."""

    model: str
    digest: str
    runtime: str
    """The onnxruntime that optimised it, with its version."""

    @property
    def family(self) -> str:
        """The start of the names of all graphs of which a CPU of this kind needs but one."""
        return f"{self.model}-{_short(cpu_kind())}-"

    @property
    def name(self) -> str:
        """The name of the graph's folder."""
        return self.family + _short(f"{self.digest} {self.runtime} rewrite {REWRITE_VERSION}")


def cpu_kind() -> str:
    """Return what decides how onnxruntime lays out weights in memory: the architecture and its vector instructions."""
    vectors = np.show_config(mode="dicts")["SIMD Extensions"]
    return " ".join((platform.machine(), *vectors["baseline"], *vectors.get("found", ())))


def find_prepared(folder: Path, key: PreparedKey) -> Path | None:
    """Return the graph's file when graph and weights are byte by byte what was written, else None; never raises."""
    entry = folder / key.name
    try:
        record = json.loads((entry / _RECORD).read_text(encoding="utf-8"))
        is_whole = all(_checksum(entry / name) == record["crc32"][name] for name in (GRAPH, WEIGHTS))
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return entry / GRAPH if is_whole else None


def find_or_make_prepared(folder: Path, key: PreparedKey, make: Callable[[Path], None]) -> Path:
    """Return the graph's file, made by `make(path of the graph)` when there is none that is whole.

    `make` writes GRAPH and WEIGHTS side by side; what it raises, nothing is kept of. Of several processes one makes the
    graph, and the others wait for it. Raises OSError where the folder cannot be written.
    """
    found = find_prepared(folder, key)
    if found is not None:
        return found
    if (folder / key.name).exists():
        # Worth a word though a new one is made: a disk fails, or somebody writes to files that processes map.
        logger.warning("prepared_graph_damaged", extra={"model": key.model, "folder": str(folder / key.name)})
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        return find_prepared(folder, key) or _make(folder, key, make)


def _make(folder: Path, key: PreparedKey, make: Callable[[Path], None]) -> Path:
    _remove(folder.glob(f"{_UNFINISHED}*"))  # of processes that died: we hold the lock
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        make(unfinished / GRAPH)
        (unfinished / WEIGHTS).touch()  # a graph may have no weights worth a file
        checksums = {name: _checksum(unfinished / name) for name in (GRAPH, WEIGHTS)}
        record = {"model": key.model, "digest": key.digest, "runtime": key.runtime, "cpu": cpu_kind()}
        (unfinished / _RECORD).write_text(json.dumps(record | {"crc32": checksums}, indent=1), encoding="utf-8")
        for path in unfinished.iterdir():
            path.chmod(0o444)  # running processes map these: nobody is to write to them
        unfinished.chmod(0o755)  # made for its maker alone, and servers may run as another user
        # Graphs for other versions and weights; a damaged one of this name has to go for the new one to take its place.
        _remove(folder.glob(f"{key.family}*"))
        unfinished.rename(folder / key.name)
    finally:
        _remove([unfinished])
    return folder / key.name / GRAPH


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the lock of this folder; the system lets it go when the process ends, however it ends."""
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove(folders: Iterable[Path]) -> None:
    """Remove folders; who still maps their files keeps them until it ends."""
    for path in folders:
        shutil.rmtree(path, ignore_errors=True)


def _checksum(path: Path) -> str:
    """Return the CRC-32 of a file: ten times the speed of a cryptographic digest, and made to tell accidents."""
    crc, piece = 0, bytearray(_PIECE_BYTES)
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(piece):
            crc = zlib.crc32(memoryview(piece)[:size], crc)
        return f"{crc:08x} {os.fstat(file.fileno()).st_size}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
