"""Any exception, anywhere, to the one error shape of the dialect that was spoken; pages get a page."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework.response import Response

from processing.api.request_ids import request_id_of
from removebg import v1_0_errors, v1_errors
from removebg.problems import CODES, OUR_FAULT, Problem, problem_of

logger = logging.getLogger(__name__)


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
    return _answer(request, Problem(status=400, code=CODES[400], message="The request is malformed."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return _answer(request, Problem(status=403, code=CODES[403], message="You may not do this."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return _answer(request, Problem(status=404, code=CODES[404], message="There is nothing at this address."))


def too_many(request: HttpRequest) -> HttpResponse:
    """allauth's handler429: somebody guesses, or asks for mails, too often."""
    text = "Too many tries in a short time. Wait five minutes, then try again."
    return _answer(request, Problem(status=429, code=CODES[429], message=text, retry_after_s=300))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a crash outside the API views."""
    return _answer(request, Problem(status=500, code=CODES[500], message=OUR_FAULT))


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW: the form was open too long, or came from elsewhere."""
    text = "The form is too old or came from another site. Go back, reload the page and send it again."
    return _answer(request, Problem(status=403, code=CODES[403], message=text))


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path.startswith("/v1/"):
        return JsonResponse(v1_errors.body_of(problem, request_id=request_id_of(request)), status=problem.status)
    if _is_v1_0(request):
        return JsonResponse(v1_0_errors.body_of(problem), status=problem.status)
    context = {"problem": problem, "request_id": request_id_of(request)}
    page = render(request, "errors/problem.html", context, status=problem.status)
    for name, value in _headers(problem).items():
        page[name] = value
    return page


def _is_v1_0(request: HttpRequest) -> bool:
    return request.path.startswith("/v1.0/")


def _headers(problem: Problem) -> dict[str, str]:
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    return headers


def _log(problem: Problem, error: Exception) -> None:
    if problem.status == 500:
        logger.error("api_crash", exc_info=error)
    elif problem.status == 503 and getattr(error, "is_our_fault", True):
        logger.warning("api_unavailable", extra={"problem": str(error)})
