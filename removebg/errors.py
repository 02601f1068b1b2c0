"""Any exception, anywhere, to the one error shape of the dialect that was spoken; pages get a page."""

import logging
import sys
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.errors import ServiceError
from processing.api.request_ids import request_id_of
from removebg import problem_pages, second_tab, v1_0_errors, v1_errors
from removebg.dialects import dialect_of
from removebg.problems import CODES, OUR_FAULT, Problem, problem_of

logger = logging.getLogger(__name__)

LONGEST_HOST = 253
"""Characters of a foreign host name that an answer repeats; no real name is longer."""
V1_0_CONTENT_TYPE = "application/json; charset=utf-8"


def handle_api_exception(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: the dialect's body, with the error logged where it is ours."""
    problem = problem_of(error)
    _log(problem, error)
    request: HttpRequest = context["request"]._request
    if _is_v1_0(request):
        problem, body = v1_0_errors.reworded(problem, error)
    else:
        body = v1_errors.body_of(problem, request_id=request_id_of(request))
    response = Response(body, status=problem.status)
    for name, value in _headers(problem).items():
        response[name] = value
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: malformed requests that reach no view."""
    if isinstance(exception, ServiceError):
        return answer_of(request, exception)
    text = _("The request is malformed.")
    if isinstance(exception, DisallowedHost):
        host = request.META.get("HTTP_HOST", "")[:LONGEST_HOST]
        text = _("This server does not answer for the host %(host)s. Its operator lists the hosts in ALLOWED_HOSTS.")
        text %= {"host": host}
    return _answer(request, Problem(status=400, code=CODES[400], message=text))


def answer_of(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the answer to an error that a middleware found: the dialect's body, or a page."""
    return _answer(request, problem_of(error))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403, with the reason where whoever refused gave one."""
    reason = str(exception) if isinstance(exception, PermissionDenied) else ""
    return _answer(request, Problem(status=403, code=CODES[403], message=reason or _("You may not do this.")))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return _answer(request, Problem(status=404, code=CODES[404], message=_("There is nothing at this address.")))


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler429, which allauth looks for: guesses and forms that come too fast."""
    text = _("Too many tries in a short time. Nothing was changed.")
    return _answer(request, Problem(status=429, code=CODES[429], message=text, retry_after_s=300))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a crash outside the API views, or a database that does not answer."""
    error = sys.exc_info()[1]
    problem = problem_of(error) if isinstance(error, Exception) else None
    if problem is None or problem.status != 503:
        problem = Problem(status=500, code=CODES[500], message=str(OUR_FAULT))
    return _answer(request, problem)


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW: the form was open too long, or came from elsewhere."""
    if answer := second_tab.answer_for_logged_in(request):
        return answer
    text = _("The form is too old or came from another site. Go back, reload the page and send it again.")
    return _answer(request, Problem(status=403, code=CODES[403], message=text), words=problem_pages.STALE_FORM)


def _answer(request: HttpRequest, problem: Problem, *, words: problem_pages.Words | None = None) -> HttpResponse:
    response: HttpResponse
    if dialect_of(request.path_info) == "v1":
        response = JsonResponse(v1_errors.body_of(problem, request_id=request_id_of(request)), status=problem.status)
    elif _is_v1_0(request):
        response = JsonResponse(v1_0_errors.body_of(problem), status=problem.status, content_type=V1_0_CONTENT_TYPE)
    else:
        response = problem_pages.page_of(request, problem, words=words)
    for name, value in _headers(problem).items():
        response[name] = value
    return response


def _is_v1_0(request: HttpRequest) -> bool:
    return dialect_of(request.path_info) == "v1.0"


def _headers(problem: Problem) -> dict[str, str]:
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if problem.status == 415:
        headers["Accept-Encoding"] = "identity"  # RFC 7694, section 3
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    return headers


def _log(problem: Problem, error: Exception) -> None:
    if problem.status == 500:
        logger.error("api_crash", exc_info=error)
    elif problem.status == 503 and getattr(error, "is_our_fault", True):
        logger.warning("api_unavailable", extra={"problem": str(error)})
