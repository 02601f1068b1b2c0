"""How a contender is asked: a line of JSON in, a line of JSON out, until its input ends. Standard library only.

The first line it writes says that it is loaded and ready; the time it took to get there is the asker's to take.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def serve(open_contender: Callable[[], Answer]) -> None:
    """Open the contender and let it answer every request; what libraries print goes to stderr."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answer = open_contender()
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=out, flush=True)


class Stopwatch:
    """Takes the time of calls that are made through it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call and add the time it took."""
        began = time.perf_counter()
        try:
            return call(*arguments, **named)
        finally:
            self.seconds += time.perf_counter() - began
