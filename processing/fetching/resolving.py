"""Names to IP addresses, asked once and never waited for long."""

import queue
import socket
import threading
from ipaddress import ip_address

from processing.fetching.addresses import Address
from processing.fetching.deadline import FetchDeadline
from processing.fetching.errors import Refused

LOOKUP_S = 5.0
MAX_ANSWERS = 64
MAX_LOOKUPS_AT_ONCE = 64
"""A lookup that was given up goes on in its thread until the resolver gives up too; no more than these do."""

_lookups = threading.BoundedSemaphore(MAX_LOOKUPS_AT_ONCE)


def look_up(host: str, *, deadline: FetchDeadline) -> list[Address]:
    """Return every address of a name in the resolver's order; raise Refused without any, or with very many."""
    deadline = deadline.within(LOOKUP_S)
    if not _lookups.acquire(timeout=deadline.time_left_s()):
        raise Refused("too many lookups are under way")
    outcome: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()
    # Python cannot interrupt getaddrinfo, which waits as long as the system's resolver pleases.
    thread = threading.Thread(target=_ask_resolver, args=(host, outcome), name="fetch-lookup", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # the system has no thread left
        _lookups.release()
        raise Refused("no thread to resolve the name in") from error
    try:
        answers = outcome.get(timeout=deadline.time_left_s())
    except queue.Empty:
        raise Refused("the name was not resolved in time") from None
    if isinstance(answers, Exception):
        raise Refused("the name has no address") from answers
    if not 0 < len(answers) <= MAX_ANSWERS:
        raise Refused(f"the name has {len(answers)} addresses")
    return [ip_address(answer) for answer in answers]


def _ask_resolver(host: str, outcome: "queue.SimpleQueue[list[str] | Exception]") -> None:
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        outcome.put(list(dict.fromkeys(str(answer[4][0]) for answer in answers)))
    except (OSError, UnicodeError) as error:
        outcome.put(error)
    finally:
        _lookups.release()
