"""POST /docs/migrate/run/...: a translated call, sent by a page. The same work as for the API, behind a session."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from billing.errors import BadIdempotencyKey
from processing.api import v1, v1_0
from processing.api.request_ids import request_id_of
from processing.cutout_names import name_beside
from processing.matting.header import ImageHeader
from processing.playground.downloading import ForForms
from processing.playground.people import ForPeople
from processing.services import RemovalRequest
from removebg.migrating.run_page import run_context
from removebg.migrating.runnable import runnable_from

MOST_SHOWN_BYTES = 8 * 1024 * 1024
"""Larger pictures are not written into the page: they are downloaded."""

_TOLD = (
    "X-Credits-Charged", "X-Credits-Remaining", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-Image-Width",
    "X-Image-Height", "X-Width", "X-Height", "X-Type", "X-Foreground-Top", "X-Foreground-Left", "X-Foreground-Width",
    "X-Foreground-Height", "X-Matte-Confidence", "X-Model", "X-Quality", "X-Processing-Time-Ms", "Idempotent-Replayed",
    "Retry-After",
)  # fmt: skip


class Run(ForForms, ForPeople):
    """What both dialects share: a form of ours comes in, a page goes out that shows what the API answers."""

    dialect: str
    page = "docs-migrate"

    def read_request(self, request: Request) -> RemovalRequest:
        """Return what was asked; the same picture from the same form is not paid for twice."""
        asked: RemovalRequest = super().read_request(request)
        token = str(request.POST.get("run", ""))
        if token and (len(token) > 32 or not token.isalnum() or not token.isascii()):
            raise BadIdempotencyKey
        return replace(
            asked,
            idempotency_key=f"run-{token}-{asked.fingerprint[:32]}" if token else None,
            as_test=bool(request.POST.get("as_test")),
        )

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Turn the API's answer into a page about it, or into a file where that was asked for."""
        response = super().finalize_response(request, response, *args, **kwargs)
        is_picture = response.status_code == 200 and not isinstance(response, Response)
        name = name_beside(self.photo_name, response.get("Content-Type", ""))
        sent = _sent(request, self.dialect)
        if is_picture and sent.get("then") == "download":
            response["Content-Disposition"] = content_disposition_header(True, name) or ""
            return response
        context = {
            "place": "migrate",
            "status": response.status_code,
            "headers": list(_told(request, response)),
            "problem": getattr(response, "data", None),
            "was_test": self.is_test,
            **run_context(request._request, runnable_from(sent)),
        }
        if not is_picture:
            return render(request._request, "docs/run.html", context, status=response.status_code)
        context |= _shown(response)
        # The same answer with another content, so that whatever waits for its end still does.
        response.content = render_to_string("docs/run.html", context, request=request._request)
        response["Content-Type"] = "text/html; charset=utf-8"
        response["Cache-Control"] = "private, no-store"
        return response


class RunV1(Run, v1.RemoveBackground):
    """In Poof's words."""

    dialect = "v1"
    parser_classes = (MultiPartParser,)  # type: ignore[assignment]  # a form of ours is nothing else


class RunV1_0(Run, v1_0.RemoveBackground):  # noqa: N801 - the dialect's name
    """In remove.bg's words; counted by requests as everything on the pages, and not by megapixels."""

    dialect = "v1.0"
    parser_classes = (MultiPartParser,)  # type: ignore[assignment]  # a form of ours is nothing else

    def charge_megapixels(self, header: ImageHeader) -> None:
        """Leave the key's bucket of megapixels as it is."""


def _told(request: Request, response: HttpResponse) -> Iterator[tuple[str, str]]:
    """Yield the headers that matter to who wrote the call."""
    if response.status_code == 200:
        yield "Content-Type", response["Content-Type"]
        yield "Content-Length", str(len(response.content))
    for name in _TOLD:
        if name in response:
            yield name, response[name]
    yield "X-Request-ID", request_id_of(request._request)


def _shown(response: HttpResponse) -> dict[str, Any]:
    """Return the picture as it stands in the page; nothing of what is no picture, or too large."""
    kind = response["Content-Type"]
    if not kind.startswith("image/") or len(response.content) > MOST_SHOWN_BYTES:
        return {"picture": ""}
    return {"picture": f"data:{kind};base64,{base64.b64encode(response.content).decode('ascii')}"}


def _sent(request: Request, dialect: str) -> dict[str, str]:
    """Return the text fields of the form; none of a body that could not be read."""
    try:
        return {**{name: str(value) for name, value in request.POST.items()}, "dialect": dialect}
    except Exception:  # refused before its body was read, or the body is none
        return {"dialect": dialect, "files": "image_file"}
