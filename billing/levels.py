"""How full an account is, for whoever has to be told."""

from enum import StrEnum

LOW_SHARE, VERY_LOW_SHARE = 0.20, 0.05


class Level(StrEnum):
    """How full the account is, measured by what the last grant or purchase left in it."""

    FINE = "fine"
    LOW = "low"
    VERY_LOW = "very_low"
    EMPTY = "empty"


def level_of(available: int, full: int) -> Level:
    """Return how low `available` is beside `full`."""
    if available <= 0:
        return Level.EMPTY
    if available <= full * VERY_LOW_SHARE:
        return Level.VERY_LOW
    return Level.LOW if available <= full * LOW_SHARE else Level.FINE
