"""Weights as one file behind an HTTP address: the operator's mirror and the upstream release page."""

from pathlib import Path
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ReadTimeoutError

from processing.matting.model_catalog import Artifact
from processing.weight_sources.errors import SourceFailed
from processing.weight_sources.progress import Progress

# A line that breaks is taken up again while each try brings something; this ends one that brings almost nothing.
MAX_TRIES = 20
# What of a piece has come when the line breaks is lost.
PIECE_BYTES = 1 << 14


def download(url: str, artifact: Artifact, path: Path, *, timeout_s: float, progress: Progress) -> None:
    """Complete `path` to the artifact's size, going on where an earlier try stopped; raise SourceFailed.

    `timeout_s` bounds the connection and each silence, not the whole. The digest is not looked at here.
    """
    label = describe(url)
    if _size_of(path) > artifact.size_bytes:
        path.unlink()
    progress.begin(f"{artifact.file_name} from {label}", total_bytes=artifact.size_bytes, done_bytes=_size_of(path))
    try:
        _download_in_tries(url, artifact, path, timeout_s=timeout_s, progress=progress)
    finally:
        progress.end()


def describe(url: str) -> str:
    """Return host and path of an address: fit for a terminal and a log, without user, password or query."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def _download_in_tries(url: str, artifact: Artifact, path: Path, *, timeout_s: float, progress: Progress) -> None:
    for _ in range(MAX_TRIES):
        before = _size_of(path)
        if before == artifact.size_bytes:
            return
        failure = _try_once(url, artifact, path, timeout_s=timeout_s, progress=progress)
        if failure is not None and _size_of(path) <= before:
            raise failure
    if _size_of(path) != artifact.size_bytes:
        raise SourceFailed(f"{describe(url)} broke off {MAX_TRIES} times; what came is kept, so run this again")


def _try_once(url: str, artifact: Artifact, path: Path, *, timeout_s: float, progress: Progress) -> SourceFailed | None:
    """Append what one request brings; return why it stopped short of the whole file, or None."""
    label = describe(url)
    try:
        with _request_rest(url, have_bytes=_size_of(path), timeout_s=timeout_s) as response:
            _append(response, artifact, path, progress=progress)
    except requests.Timeout:
        return SourceFailed(f"{label} was silent for {timeout_s:g} s")
    except requests.HTTPError as error:
        raise SourceFailed(f"{label} answered {error.response.status_code}") from None
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
        if error.args and isinstance(error.args[0], ReadTimeoutError):  # a silence in the middle of a body
            return SourceFailed(f"{label} was silent for {timeout_s:g} s")
        return SourceFailed(f"{label} could not be reached, or broke off")
    except requests.RequestException as error:
        raise SourceFailed(f"{label} cannot be asked ({type(error).__name__})") from None
    if _size_of(path) < artifact.size_bytes:
        return SourceFailed(f"{label} ended after {_size_of(path):,} of {artifact.size_bytes:,} bytes")
    return None


def _request_rest(url: str, *, have_bytes: int, timeout_s: float) -> requests.Response:
    headers = {"Accept-Encoding": "identity"}
    if have_bytes:
        headers["Range"] = f"bytes={have_bytes}-"
    response = requests.get(url, headers=headers, stream=True, timeout=timeout_s)
    if response.status_code == requests.codes.requested_range_not_satisfiable and have_bytes:
        response.close()
        return _request_rest(url, have_bytes=0, timeout_s=timeout_s)
    try:
        response.raise_for_status()
    except requests.HTTPError:
        response.close()
        raise
    return response


def _append(response: requests.Response, artifact: Artifact, path: Path, *, progress: Progress) -> None:
    have = _size_of(path)
    goes_on = response.status_code == requests.codes.partial_content and _first_byte(response) == have
    if not goes_on:
        if response.status_code == requests.codes.partial_content:
            raise SourceFailed(f"{describe(response.url)} sent another part than the one asked for")
        progress.advance(-have)
        have = 0
    with path.open("ab" if goes_on else "wb") as file:
        for piece in response.iter_content(PIECE_BYTES):
            have += len(piece)
            if have > artifact.size_bytes:
                break
            file.write(piece)
            progress.advance(len(piece))
    if have > artifact.size_bytes:
        path.unlink()
        raise SourceFailed(f"{describe(response.url)} sends more than the {artifact.size_bytes:,} bytes expected")


def _first_byte(response: requests.Response) -> int | None:
    """Return the first position of `Content-Range: bytes FIRST-LAST/ALL`, or None when it is not so."""
    unit, _, span = response.headers.get("Content-Range", "").partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else None


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
