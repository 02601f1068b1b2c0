"""What the serializers cannot know of the OpenAPI description: which errors each answer may hold."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from removebg import v1_errors
from removebg.error_catalogue import ERROR_PAGES, ErrorPage
from removebg.v1_0_error_catalogue import v1_0_rows

EXAMPLE_REQUEST_ID = "req_0123456789abcdef0123456789abcdef"
_OF_THE_SOURCE = frozenset(
    {
        "missing_source",
        "multiple_sources",
        "invalid_image_url",
        "invalid_file_type",
        "failed_to_read_image",
        "invalid_dimensions",
        "file_too_large",
        "resolution_too_high",
        "invalid_body",
        "invalid_image_file_b64",
        "validation_error",
    }
)
"""What can be wrong where there are no fields beside the picture, which is not fetched."""

_OF_WORK = frozenset({"server_busy", "missing_image", "image_too_large"})
"""What only a call with an image is told."""

_RETRY_AFTER = {"schema": {"type": "integer"}, "description": "Whole seconds until it is worth trying again."}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": 'Bearer realm="api"'}},
    405: {"Allow": {"schema": {"type": "string"}, "description": "The methods that this address takes."}},
    409: {"Retry-After": _RETRY_AFTER},
    415: {"Accept-Encoding": {"schema": {"type": "string"}, "description": "identity: no compressed body is read."}},
    429: {"Retry-After": _RETRY_AFTER},
    503: {"Retry-After": _RETRY_AFTER},
}
_REQUEST_ID = {"X-Request-ID": {"schema": {"type": "string"}, "description": "req_...; support asks for it."}}


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add to the description the codes of each error answer, an example of each, and the headers on it."""
    for path, operations in result["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                _complete_answer(response, path=path, status=int(status))
    return result


def pages_of(path: str, status: int) -> list[ErrorPage]:
    """Return the pages of the codes that an endpoint answers with this status."""
    if not path.startswith("/v1.0/"):
        pages = [page for page in ERROR_PAGES if page.status == status]
        return pages if path.endswith("/remove") else [page for page in pages if page.code not in _OF_WORK]
    pages = [page for its_status, page in v1_0_rows() if its_status == status]
    if path.endswith("/improve"):
        return [page for page in pages if status != 400 or page.code in _OF_THE_SOURCE]
    if path.endswith("/account"):
        return [page for page in pages if page.code not in _OF_WORK]
    return pages


def _complete_answer(response: dict[str, Any], *, path: str, status: int) -> None:
    response["description"] = response.get("description") or HTTPStatus(status).phrase
    if status < 400:
        return
    response["headers"] = {**response.get("headers", {}), **_HEADERS.get(status, {}), **_REQUEST_ID}
    body = response["content"]["application/json"]
    body["examples"] = _examples_of(pages_of(path, status), in_v1_0=path.startswith("/v1.0/"))


def _examples_of(pages: Iterable[ErrorPage], *, in_v1_0: bool) -> dict[str, Any]:
    return {
        page.code: {"summary": page.title, "value": _in_remove_bgs_words(page) if in_v1_0 else _in_poofs_words(page)}
        for page in pages
    }


def _in_remove_bgs_words(page: ErrorPage) -> dict[str, Any]:
    return {"errors": [{"title": page.title, "code": page.code}]}


def _in_poofs_words(page: ErrorPage) -> dict[str, Any]:
    return {
        "code": page.code,
        "message": page.title,
        "request_id": EXAMPLE_REQUEST_ID,
        "doc_url": v1_errors.doc_url(page.code),
    }
