"""Contenders as processes: started in their own environments under the same conditions, asked, measured, ended."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import onnx

from benchmarks import memory
from benchmarks.environments import OURS, python_of
from benchmarks.places import BENCH, ROOT
from processing.matting.full_precision import widen_to_full_precision

MODEL = "isnet-general-use"
NOT_TAKEN_OVER = (
    # On some machines these hold numpy back to a slower kernel than the processor has: the floor would be too high.
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    # Without compiled files every start would compile our modules again, as no install does.
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",
    "DATABASE_URL",
    "REDIS_URL",
)
ENDS_WITHIN_S = 30


class ContenderFailed(Exception):
    """A contender ended instead of answering; the message holds the end of what it said."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What every contender runs under: so many threads, on as many processors; the weights that all of them read."""

    threads: int
    weights: Path

    def pin(self) -> None:
        """Keep this process, and with it all that it starts, on `threads` processors."""
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: self.threads])

    def environment(self, *, widened: bool = False) -> dict[str, str]:
        """Return the environment of a contender; rembg finds the weights in it, as they are or widened to fp32."""
        kept = {name: value for name, value in os.environ.items() if name not in NOT_TAKEN_OVER}
        threads = str(self.threads)
        pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "INFERENCE_THREADS")
        return {
            **kept,
            **dict.fromkeys(pools, threads),
            "BENCH_WEIGHTS": str(self.weights),
            "U2NET_HOME": str(self._rembg_home(widened=widened)),
            # rembg knows the digest of the fp32 file only; ours is the fp16 file of the same weights.
            "MODEL_CHECKSUM_DISABLED": "1",
            "DATA_DIR": str(BENCH / "data"),
        }

    def _rembg_home(self, *, widened: bool) -> Path:
        folder = BENCH / ("rembg-home-fp32" if widened else "rembg-home")
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"{MODEL}.onnx"
        if not widened:
            place.unlink(missing_ok=True)
            place.symlink_to(self.weights.resolve())
        elif not place.exists():
            _widen(self.weights, place)
        return folder


def _widen(weights: Path, place: Path) -> None:
    """Write the same network in fp32, which is what the release page has: nothing to widen while it runs."""
    network = onnx.load(weights)
    widen_to_full_precision(network)
    part = place.with_suffix(".part")
    onnx.save(network, part)
    part.replace(place)


def conditions(threads: int) -> Conditions:
    """Return the conditions with the weights that lie in the product's folder; SystemExit when they are not there."""
    from benchmarks.product import find_weights

    weights = find_weights(MODEL)
    if weights is None:
        raise SystemExit(f"The weights are not there: run `python manage.py fetch_model {MODEL}`.")
    return Conditions(threads, weights)


class Contender:
    """One process of a contender; `name` is that of its module and, but for our own, of its environment.

    "rembg-fp32" is rembg on the widened weights.
    """

    def __init__(self, name: str, under: Conditions) -> None:
        module, _, precision = name.partition("-")
        python = OURS if module in ("ours", "sgemm") else python_of(module)
        self.name = name
        self._log = BENCH / "logs" / f"{name}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._began = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [python, "-m", f"benchmarks.contenders.{module}"],
                cwd=ROOT,
                env=under.environment(widened=precision == "fp32"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._read()
        self.ready_after_s = time.perf_counter() - self._began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return its answer; raise ContenderFailed."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ContenderFailed(self._last_words()) from None
        return self._read()

    @property
    def alive_for_s(self) -> float:
        """Seconds since the process was started."""
        return time.perf_counter() - self._began

    @property
    def peak_mb(self) -> float:
        """The most memory it has had."""
        return memory.peak_mb(self._process.pid)

    @property
    def proportional_mb(self) -> float:
        """Its memory now, what it shares with others counted in shares."""
        return memory.proportional_mb(self._process.pid)

    def end(self) -> None:
        """Let it end, by force when it does not."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ContenderFailed(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"{self.name} ended: {' | '.join(said[-5:]) or 'without a word'}"
