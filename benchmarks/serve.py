"""Both servers over HTTP, at growing concurrency: `python -m benchmarks.serve [--images N] [--concurrency 1,2,4,8]`.

Ours is gunicorn with the settings of production, `rembg s` runs in an environment of its own. At each level both are
asked in turn by so many clients that send their next photo when they have the last answer. Bounded in count and in
time, on the loopback only, and it ends both servers itself.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import requests

from benchmarks import memory, serve_report
from benchmarks.camera_photos import camera_photo
from benchmarks.contest import MODEL, Conditions, conditions
from benchmarks.environments import python_of
from benchmarks.places import BENCH
from benchmarks.reports import circumstances, write_json, write_markdown
from deploy.demo.server import running, tail
from tests.live.server import LiveServer, free_port

READY_WITHIN_S = 180.0
ANSWER_WITHIN_S = 300.0
SAMPLE_EVERY_S = 0.5
# Nobody is turned away while the bench asks: the line of production is short, so that callers learn soon to come back.
PATIENT = {"SLOT_WAITING_PLACES": "64", "SLOT_WAIT_S": "300"}
CREDITS = 100_000


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: how to send it a photo, and the process that all of its others come from."""

    name: str
    pid: int
    url: str
    file_field: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, photo: bytes) -> int:
        """Return the status of the answer, read whole."""
        answer = requests.post(
            self.url,
            headers=dict(self.headers),
            data=dict(self.fields),
            files={self.file_field: ("photo.jpg", photo, "image/jpeg")},
            timeout=ANSWER_WITHIN_S,
        )
        return answer.status_code if answer.content else 0


@dataclass
class Tally:
    """What came of one level; `seconds` of the answers that were images."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the whole bench and print its report."""
    chosen = _parser().parse_args(arguments)
    under = conditions(chosen.threads)
    under.pin()
    photo = camera_photo(chosen.photo_mp).read_bytes()
    levels = [int(level) for level in chosen.concurrency.split(",")]
    rows = []
    with ExitStack() as stack:
        servers = [stack.enter_context(ours(under)), stack.enter_context(rembg(under))]
        for server in servers:
            server.send(photo)  # opens the model
        for level in levels:
            for server in servers:
                images = max(chosen.images, 2 * level)
                rows.append(load(server, photo, concurrency=level, images=images, seconds=chosen.seconds))
                print(serve_report.line(rows[-1]), flush=True)
    report = {
        **circumstances(),
        "threads": under.threads,
        "photo_mp": chosen.photo_mp,
        "photo_bytes": len(photo),
        "levels": rows,
    }
    write_json(chosen.out / "serve.json", report)
    write_markdown(chosen.markdown or chosen.out / "serve.md", serve_report.parts(report))
    print("\n\n".join(serve_report.parts(report)))


def load(server: Server, photo: bytes, *, concurrency: int, images: int, seconds: float) -> dict[str, Any]:
    """Let so many clients send `images` photos between them, none after `seconds`; return what came of it."""
    tickets = iter(range(images))  # handed out under the GIL, one to a client
    tally = Tally()
    began = time.perf_counter()

    def client() -> None:
        while time.perf_counter() - began < seconds and next(tickets, None) is not None:
            _send_one(server.send, photo, tally)

    with _peak_of_tree(server.pid) as peak:
        with ThreadPoolExecutor(concurrency) as clients:
            for future in [clients.submit(client) for _ in range(concurrency)]:
                future.result()
        took_s = time.perf_counter() - began
    return {
        "server": server.name,
        "concurrency": concurrency,
        "images": len(tally.seconds),
        "failures": tally.failures,
        "took_s": took_s,
        "images_a_minute": 60 * len(tally.seconds) / took_s,
        "p50_s": float(np.percentile(tally.seconds, 50)) if tally.seconds else None,
        "p95_s": float(np.percentile(tally.seconds, 95)) if tally.seconds else None,
        "peak_tree_mb": max(peak),
    }


@contextmanager
def ours(under: Conditions) -> Iterator[Server]:
    """Run our service as in production, on a database of its own."""
    environ = {**PATIENT, "INFERENCE_THREADS": str(under.threads)}
    server = LiveServer(BENCH / "serve" / "ours", environ=environ)
    try:
        server.start()
        assert server.process is not None
        key = server.create_organization(f"Bench {time.time_ns()}", credits=CREDITS)
        yield Server("ours", server.process.pid, f"{server.url}/v1/remove", "image_file", headers={"x-api-key": key})
    finally:
        server.stop()


@contextmanager
def rembg(under: Conditions) -> Iterator[Server]:
    """Run `rembg s` without its web page, as it comes."""
    port, log = free_port(), BENCH / "logs" / "rembg-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(python_of("rembg").with_name("rembg")), "s", "--no-ui", "--host", "127.0.0.1", "--port", str(port)]
    # It opens a browser when it starts; `true` is one that shows nothing.
    with running({**under.environment(), "BROWSER": "true"}, log, command) as process:
        _wait_until_open(f"http://127.0.0.1:{port}/api", lambda: process.poll() is None, log)
        url = f"http://127.0.0.1:{port}/api/remove"
        yield Server("rembg s", process.pid, url, "file", fields={"model": MODEL})


def _send_one(send: Callable[[bytes], int], photo: bytes, tally: Tally) -> None:
    began = time.perf_counter()
    try:
        status = send(photo)
    except requests.RequestException as error:
        tally.failures.append(type(error).__name__)
        return
    if status == requests.codes.ok:
        tally.seconds.append(time.perf_counter() - began)
    else:
        tally.failures.append(str(status))


@contextmanager
def _peak_of_tree(pid: int) -> Iterator[list[float]]:
    """Yield a list that grows, while the block runs, by the memory of the process and all below it."""
    samples, done = [memory.tree_mb(pid)], Event()

    def watch() -> None:
        while not done.wait(SAMPLE_EVERY_S):
            samples.append(memory.tree_mb(pid))

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield samples
    finally:
        done.set()
        watcher.join()


def _wait_until_open(url: str, is_alive: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if not is_alive():
            break
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise SystemExit(f"The server behind {url} did not open:\n{tail(log)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("--concurrency", default="1,2,4,8", help="Clients at once, with commas between.")
    parser.add_argument("--images", type=int, default=12, help="Photos a level (12), but at least two a client.")
    parser.add_argument("--seconds", type=float, default=180, help="No photo is sent later in a level (180).")
    parser.add_argument("--photo-mp", type=int, default=12, choices=(1, 12, 50), help="The photo's megapixels (12).")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="Threads and processors.")
    parser.add_argument("--out", type=Path, default=BENCH / "serve", help="Where to write (.bench/serve).")
    parser.add_argument("--markdown", type=Path, help="Where to write the table (OUT/serve.md).")
    return parser


if __name__ == "__main__":
    main()
