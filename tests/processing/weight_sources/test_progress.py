"""What is shown on a terminal, and what in a log."""

import io

from processing.weight_sources.progress import TerminalProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def transfer(stream: io.StringIO) -> str:
    progress = TerminalProgress(stream)
    progress.begin("weights from here", total_bytes=2_000_000, done_bytes=1_000_000)
    progress.advance(1_000_000)
    progress.end()
    progress.say("Verified.")
    return stream.getvalue()


def test_a_log_gets_one_line_at_the_start_and_one_at_the_end():
    assert transfer(io.StringIO()) == ("Fetching weights from here (2 MB, 1 MB here already) ...\nVerified.\n")


def test_a_terminal_gets_a_bar():
    shown = transfer(Terminal())

    assert "50%" in shown
    assert "1.00M/2.00M" in shown
    assert shown.endswith("Verified.\n")
