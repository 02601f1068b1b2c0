"""What processes take of this machine's memory, from /proc (Linux)."""

from pathlib import Path

PROC = Path("/proc")


def peak_mb(pid: int) -> float:
    """Return the most that was resident at once since the process began (VmHWM)."""
    return _kilobytes(PROC / str(pid) / "status", "VmHWM") / 1000


def proportional_mb(pid: int) -> float:
    """Return what is resident now, pages shared by n processes counted as a n-th (PSS)."""
    return _kilobytes(PROC / str(pid) / "smaps_rollup", "Pss") / 1000


def tree_mb(pid: int) -> float:
    """Return the proportional memory of a process and of all below it; those that end meanwhile count nothing."""
    total = 0.0
    for member in _tree(pid):
        try:
            total += proportional_mb(member)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def _tree(pid: int) -> list[int]:
    members = [pid]
    for task in sorted((PROC / str(pid) / "task").glob("*/children")):
        try:
            children = [int(child) for child in task.read_text(encoding="ascii").split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in children:
            members += _tree(child)
    return members


def _kilobytes(path: Path, field: str) -> float:
    """Return a field in units of 1000 bytes; the kernel's kB are 1024."""
    for line in path.read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1.024
    raise ValueError(f"{path} has no {field}")
