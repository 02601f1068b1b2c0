"""The flat shape of every v1 error."""

from typing import Any

from django.conf import settings

from removebg.problems import Problem


def body_of(problem: Problem, *, request_id: str) -> dict[str, Any]:
    """Return code, message, details where there are any, and where to read on."""
    body = {"code": problem.code, "message": problem.message}
    if problem.details is not None:
        body["details"] = problem.details
    return {**body, "request_id": request_id, "doc_url": doc_url(problem.code)}


def doc_url(code: str) -> str:
    """Return the address of the page that explains a code."""
    return f"{settings.PUBLIC_URL}/docs/errors/{code.replace('_', '-')}"
