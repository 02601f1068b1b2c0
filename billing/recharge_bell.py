"""Rung where credits fall below the threshold of auto-recharge, heard by the thread that buys.

Ringing is all that happens on the way of a customer's answer; a bell that nobody hears is made up for by the periodic
look at all accounts.
"""

import threading

_rung = threading.Event()


def ring() -> None:
    """Wake whoever waits, once for however many rings."""
    _rung.set()


def wait(timeout_s: float | None = None) -> bool:
    """Return when it was rung since the last time, or the time is over; tell which."""
    was_rung = _rung.wait(timeout_s)
    _rung.clear()
    return was_rung
