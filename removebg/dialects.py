"""Which API dialect a path belongs to, however its slashes and its letters are written."""

import re
from typing import Literal

Dialect = Literal["v1", "v1.0"]

_API_PATH = re.compile(r"/*(v1|v1\.0)(?:/|\Z)", re.IGNORECASE)


def dialect_of(path: str) -> Dialect | None:
    """Return the dialect of a path such as `/v1/remove` or `//v1.0`, or None for a page."""
    found = _API_PATH.match(path)
    return found[1].lower() if found else None  # type: ignore[return-value]  # one of the two
