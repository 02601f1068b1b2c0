"""What a person at the terminal sees of a download."""

import sys
from typing import NoReturn, Protocol, TextIO

from tqdm import tqdm


class Progress(Protocol):
    """Told what happens, in this order: any number of `say`, then `begin`, `advance`..., `end`, and again."""

    def say(self, line: str) -> None:
        """Show one line."""

    def begin(self, label: str, *, total_bytes: int, done_bytes: int = 0) -> None:
        """Start a transfer of which `done_bytes` are here already."""

    def advance(self, n_bytes: int) -> None:
        """Count bytes that have arrived; negative when a transfer starts over."""

    def end(self) -> None:
        """Close the transfer, whether it succeeded or not."""


class TerminalProgress:
    """A bar that moves on a terminal; elsewhere (a log, a pipe) one line for each event and no bar."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._bar: tqdm[NoReturn] | None = None

    def say(self, line: str) -> None:
        """Print one line."""
        print(line, file=self._stream, flush=True)

    def begin(self, label: str, *, total_bytes: int, done_bytes: int = 0) -> None:
        """Say what is coming, and open a bar where someone can see it move."""
        here = f", {done_bytes / 1e6:.0f} MB here already" if done_bytes else ""
        self.say(f"Fetching {label} ({total_bytes / 1e6:.0f} MB{here}) ...")
        if self._stream.isatty():
            self._bar = tqdm(
                total=total_bytes, initial=done_bytes, unit="B", unit_scale=True, leave=False, file=self._stream
            )

    def advance(self, n_bytes: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(n_bytes)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
