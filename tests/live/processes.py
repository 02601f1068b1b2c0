"""What the processes of a server take: memory and processor time, as Linux counts them."""

import os
from collections.abc import Iterator
from pathlib import Path

_GROUP, _USER_TICKS, _SYSTEM_TICKS, _RESIDENT_PAGES = 2, 11, 12, 21
"""Places of the fields in /proc/PID/stat, counted from the one after the name."""


def resident_bytes(group: int) -> int:
    """Return the resident memory of a process group, in bytes."""
    return sum(int(fields[_RESIDENT_PAGES]) * os.sysconf("SC_PAGE_SIZE") for fields in _stats_of(group))


def cpu_seconds(group: int) -> float:
    """Return the seconds of processor time that a process group has used so far."""
    ticks = sum(int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS]) for fields in _stats_of(group))
    return ticks / os.sysconf("SC_CLK_TCK")


def _stats_of(group: int) -> Iterator[list[str]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[_GROUP]) == group:
            yield fields
