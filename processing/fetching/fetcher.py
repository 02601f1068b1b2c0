"""The whole story of fetching a picture that a caller named: parse, resolve, check, connect, ask, follow."""

import http.client
import logging
from contextlib import suppress

from django.conf import settings

from processing.fetching.connecting import connection_to
from processing.fetching.deadline import FetchDeadline
from processing.fetching.destinations import find_destinations
from processing.fetching.errors import BadUrl, ClosedPort, FetchFailed, Refused
from processing.fetching.exchange import Redirect, ask
from processing.fetching.urls import Target, parse_location, parse_url

logger = logging.getLogger(__name__)

NETWORK_FAILURES = (OSError, http.client.HTTPException, ValueError)
"""What sockets, TLS and the reader of headers, lengths and chunks raise."""


def check_url(url: str) -> None:
    """Raise BadUrl for what cannot be fetched from; asks nobody, so a good answer promises nothing."""
    with suppress(ClosedPort):
        parse_url(url, ports=settings.FETCH_PORTS)


def fetch_picture(url: str, *, max_bytes: int, deadline_s: float | None = None) -> bytes:
    """Return what a public address answers with; raise BadUrl, FetchFailed or FileTooLarge.

    Everything together ends after FETCH_DEADLINE_S, or earlier with `deadline_s`. The bytes are whatever came: whether
    they are a picture is for the decoder to say.
    """
    try:
        target = parse_url(url, ports=settings.FETCH_PORTS)
    except ClosedPort as error:
        logger.info("fetch_refused", extra={"reason": "a port that we do not fetch from"})
        raise FetchFailed from error
    allowed_s = settings.FETCH_DEADLINE_S if deadline_s is None else min(deadline_s, settings.FETCH_DEADLINE_S)
    deadline = FetchDeadline.after(allowed_s)
    for _ in range(settings.FETCH_MAX_REDIRECTS + 1):
        try:
            answer = _ask(target, max_bytes=max_bytes, deadline=deadline)
            if isinstance(answer, bytes):
                return answer
            target = parse_location(answer.location, base=target, ports=settings.FETCH_PORTS)
        except BadUrl as error:
            raise _failed(target, "a redirect to an address that we do not fetch from") from error
        except Refused as refusal:
            raise _failed(target, _reason(refusal)) from refusal
        except NETWORK_FAILURES as error:
            raise _failed(target, f"{type(error).__name__}: {error}") from error
    raise _failed(target, "too many redirects")


def _ask(target: Target, *, max_bytes: int, deadline: FetchDeadline) -> bytes | Redirect:
    destinations = find_destinations(target, deadline=deadline)
    with connection_to(target, destinations, deadline=deadline) as connection:
        return ask(target, connection, max_bytes=max_bytes, deadline=deadline)


def _reason(refusal: Refused) -> str:
    return f"{refusal}: {refusal.__cause__}" if refusal.__cause__ else str(refusal)


def _failed(target: Target, reason: str) -> FetchFailed:
    logger.info("fetch_refused", extra={"url": target.without_query, "reason": reason})
    return FetchFailed()
