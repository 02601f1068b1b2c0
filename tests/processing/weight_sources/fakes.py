"""A file server on loopback, an `npm` that packs a tiny package, and a terminal that remembers what it was told."""

import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from processing.matting.model_catalog import Artifact, ModelRow, NpmPackage, ReleasePage, Source

WEIGHTS = bytes(range(256)) * 1200  # 307,200 bytes: more than one piece of a download
OTHER_WEIGHTS = WEIGHTS[::-1]
CHUNK_BYTES = 100_000


def artifact_of(data: bytes, file_name: str = "tiny-fp16.onnx", *, sources: tuple[Source, ...] = ()) -> Artifact:
    return Artifact(
        file_name=file_name,
        size_bytes=len(data),
        digest_algorithm="sha256",
        digest=hashlib.sha256(data).hexdigest(),
        precision="fp16",
        sources=sources,
    )


def model_of(*artifacts: Artifact) -> ModelRow:
    return ModelRow(
        name="tiny",
        input_size=8,
        mean=(0.5, 0.5, 0.5),
        std=(1.0, 1.0, 1.0),
        licence="MIT",
        licence_url="https://example.com/licence",
        allows_commercial_use=True,
        origin="https://example.com",
        artifacts=artifacts,
    )


TINY_PACKAGE = NpmPackage(package="@tiny/weights", version="1.0.0", resource="/models/medium", download_bytes=1000)


@dataclass
class RememberedProgress:
    """A Progress for tests."""

    lines: list[str] = field(default_factory=list)
    moved_bytes: int = 0
    is_open: bool = False

    def say(self, line: str) -> None:
        self.lines.append(line)

    def begin(self, label: str, *, total_bytes: int, done_bytes: int = 0) -> None:
        self.is_open = True
        self.moved_bytes = done_bytes

    def advance(self, n_bytes: int) -> None:
        self.moved_bytes += n_bytes

    def end(self) -> None:
        self.is_open = False


@dataclass
class FileServer:
    """Answers every GET with `answer`, and keeps the Range header of each request (None: not sent)."""

    url: str
    ranges: list[str | None]
    paths: list[str]

    def release(self, path: str = "tiny.onnx") -> ReleasePage:
        return ReleasePage(url=f"{self.url}/{path}")


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[FileServer]:
    """Serve on a free port of this machine until the block ends."""
    ranges: list[str | None] = []
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ranges.append(self.headers["Range"])
            paths.append(self.path)
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield FileServer(f"http://127.0.0.1:{server.server_port}", ranges, paths)
        finally:
            server.shutdown()
            thread.join()


def whole_file(data: bytes) -> Answer:
    """Answer with all of it, as a server does that knows no ranges."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def with_ranges(data: bytes, *, cut_after: int | None = None) -> Answer:
    """Answer ranges; with `cut_after`, hang up after so many bytes of each answer."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers["Range"]
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        if start >= len(data):
            handler.send_error(416)
            return
        handler.send_response(206 if asked else 200)
        if asked:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        handler.wfile.write(data[start:][:cut_after])

    return answer


def status(code: int) -> Answer:
    return lambda handler: handler.send_error(code)


def redirect_to(url: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", url)
        handler.end_headers()

    return answer


def pack(chunks: dict[str, bytes], listed: object) -> bytes:
    """Return a tarball laid out like the real package: chunks first, the list after them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in {**chunks, "resources.json": json.dumps(listed).encode()}.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def cut_into_chunks(data: bytes) -> tuple[dict[str, bytes], list[dict[str, object]]]:
    """Return the chunks by sha256, in an order that is not the file's, and the list that puts them in order."""
    pieces = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]
    names = [hashlib.sha256(piece).hexdigest() for piece in pieces]
    starts = range(0, len(data), CHUNK_BYTES)
    listed: list[dict[str, object]] = [
        {"hash": name, "offsets": [start, start + len(piece)]}
        for name, start, piece in zip(names, starts, pieces, strict=True)
    ]
    return dict(sorted(zip(names, pieces, strict=True), reverse=True)), listed


def tiny_package(data: bytes = WEIGHTS) -> bytes:
    chunks, listed = cut_into_chunks(data)
    return pack(chunks, {"/models/medium": {"chunks": listed, "size": len(data)}})


def install_npm(folder: Path, script: str, tarball: bytes = b"") -> Path:
    """Put an executable `npm` into `folder`; its script finds the tarball at $TARBALL and its arguments in "$@"."""
    folder.mkdir(exist_ok=True)
    (folder / "package.tgz").write_bytes(tarball)
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\nTARBALL='{folder}/package.tgz'\necho \"$@\" >> '{folder}/calls'\n{script}\n")
    npm.chmod(0o755)
    return folder


PACKING_NPM = """
for argument in "$@"; do case "$argument" in --pack-destination=*) place="${argument#*=}";; esac; done
cp "$TARBALL" "$place/tiny-weights-1.0.0.tgz"
"""


def path_with(folder: Path) -> str:
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
