"""One id for each request: in the answer's header, in error bodies, in records and logs."""

import uuid

from django.http import HttpRequest


def request_id_of(request: HttpRequest) -> str:
    """Return the request's id (req_ and 32 hex digits), given at the first asking."""
    if not hasattr(request, "request_id"):
        request.request_id = f"req_{uuid.uuid4().hex}"  # type: ignore[attr-defined]
    return str(request.request_id)  # type: ignore[attr-defined]
