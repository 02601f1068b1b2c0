"""The speed and HTTP benches' own logic: medians, the table of what was asked, bounded load, memory."""

import os
import threading

from benchmarks import memory, serve, serve_report, speed_report
from benchmarks.speed import cases, interleaved


class Echo:
    """A contender that takes as long as it is told, and remembers in which order it was asked."""

    asked = []

    def __init__(self, name, under):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def ask(self, request):
        Echo.asked.append(self.name)
        return {"seconds": len(Echo.asked), "inference_s": 1.0}


def test_every_round_asks_all_in_turn_from_another_one_on():
    Echo.asked = []
    chosen = [case for case in cases(1) if case.contender in ("sgemm", "openvino")]

    timed = interleaved(chosen, under=None, rounds=2, start=Echo)

    assert Echo.asked == ["sgemm", "openvino", "sgemm", "openvino", "openvino", "sgemm"]
    assert [answer["seconds"] for answer in timed["sgemm floor"]["answers"]] == [3, 6]
    assert timed["sgemm floor"]["median_s"] == 4.5


def test_the_table_of_what_was_asked_follows_from_the_figures():
    text = "\n".join(speed_report.parts(report()))

    assert "| wall time / rembg plain, refine and edge colours on | 0.50 | <= 0.45 | no |" in text
    assert "| wall time / our own inference alone | 1.25 | <= 1.3 | yes |" in text
    assert "| the same less our refine and foreground steps | 1.10 | <= 1.15 | yes |" in text
    assert "| peak memory at 50 MP | 1.10 GB | <= 1.2 GB | yes |" in text
    assert "| inference / the sgemm floor | 1.25 | <= 1.1 | no |" in text


def report():
    def case(seconds, inference=2.0):
        stages = {"decode": 100, "refine": 200, "foreground": 100}
        times = {"median_s": seconds, "fastest_s": seconds, "slowest_s": seconds, "inference_s": inference}
        return {**times, "stages_ms": stages, "megabytes": 1.0}

    taken = {"ready_s": 1.0, "first_answer_s": 2.5, "first_peak_mb": 900.0, "peak_mb": 1100.0}
    return {
        "day": "2026-11-23",
        "commit": "0",
        "machine": "a machine",
        "versions": {},
        "threads": 2,
        "rounds": 1,
        "weights": "isnet.onnx",
        "photo_mp": 12,
        "large_mp": 50,
        "photo_bytes": 4_000_000,
        "timed": {
            "sgemm floor": case(1.6),
            "ours standard, 12 MP to png": case(2.5),
            "rembg plain, 12 MP to png": case(5.0),
            "rembg decontaminate, 12 MP to png": case(10.0),
            "ours standard, 1 MP to webp": case(2.1),
        },
        "fresh": dict.fromkeys(
            ["ours standard, 12 MP to png", "rembg plain, 12 MP to png", "ours standard, 50 MP to png"], taken
        ),
        "second_worker": {"first_mb": 700.0, "added_mb": 350.0, "ratio": 0.5},
    }


def test_load_sends_so_many_photos_from_so_many_clients_and_counts_what_fails():
    together, lock, sent = threading.Barrier(2, timeout=10), threading.Lock(), []

    class Server(serve.Server):
        def send(self, photo):
            together.wait()
            with lock:
                sent.append(photo)
                return 200 if len(sent) <= 4 else 503

    level = serve.load(Server("s", os.getpid(), "", ""), b"photo", concurrency=2, images=6, seconds=60)

    assert (level["images"], level["failures"], len(sent)) == (4, ["503", "503"], 6)
    assert level["peak_tree_mb"] > 1
    assert "2 x 503" in "\n".join(serve_report.parts({**report(), "levels": [level]}))


def test_load_sends_nothing_when_its_time_is_over():
    server = serve.Server("s", os.getpid(), "http://127.0.0.1:9", "file")

    assert serve.load(server, b"photo", concurrency=2, images=6, seconds=0)["images"] == 0


def test_memory_of_this_process_is_told_in_megabytes():
    held = bytearray(os.urandom(1)) * 60_000_000

    assert len(held) / 1e6 < memory.proportional_mb(os.getpid()) < 5000
    assert memory.peak_mb(os.getpid()) > len(held) / 1e6
    assert len(held) / 1e6 < memory.tree_mb(os.getpid()) < 20_000, "this process, and whatever servers it started"
