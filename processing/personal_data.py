"""Everything we hold about a person: what the books say, and the results that are kept for a while."""

from typing import Any

from accounts.models import User
from billing import personal_data
from processing.history.selectors import kept_for

KEPT_FIELDS = (
    "organization__name",
    "file_name",
    "width",
    "height",
    "size_bytes",
    "request_id",
    "created",
    "expires_at",
)


def data_of(user: User) -> dict[str, Any]:
    """Return what the database knows about this person; the pictures themselves are on the history page."""
    kept = [
        {name.replace("__name", ""): value for name, value in row.items()}
        for row in kept_for(user).values(*KEPT_FIELDS)
    ]
    return {**personal_data.data_of(user), "results_kept": kept}
