"""Tables as CSV downloads: one at a time for an organization, a few at a time in a process."""

import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence

from django.core.cache import cache
from django.http import StreamingHttpResponse
from django.utils.translation import gettext_noop as _

from accounts.errors import ServiceError
from accounts.models import Organization
from billing.spreadsheet import csv_lines

MOST_IN_A_PROCESS = 2
"""Exports that one process sends at once: each holds a thread and a database connection until it is read."""

LEASE_S = 600
"""After so many seconds the organization may begin another one, also where the process that sent the first died."""

RETRY_AFTER_S = 30

_places = threading.BoundedSemaphore(MOST_IN_A_PROCESS)


class ExportRunning(ServiceError):
    """The organization is downloading a table already."""

    code, status, is_our_fault = "rate_limit_exceeded", 429, False
    public_text = _("Your organization is downloading a table already. Wait until it is complete, then try again.")


class TooManyExports(ServiceError):
    """Every place of this process is taken."""

    code, status, is_our_fault = "service_unavailable", 503, False
    public_text = _("Many tables are being downloaded at the moment. Try again in a minute.")


class _Export:
    """The lines of a table. Closing it, also before the first line, lets the next export begin."""

    def __init__(self, rows: Iterable[Sequence[object]], lease: str, token: str) -> None:
        self._lines = csv_lines(rows)
        self._lease, self._token = lease, token
        self._is_open = True

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def close(self) -> None:
        """Give the place and the organization's lease back, once."""
        if not self._is_open:
            return
        self._is_open = False
        _places.release()
        if cache.get(self._lease) == self._token:
            cache.delete(self._lease)


def csv_response(
    organization: Organization, rows: Iterable[Sequence[object]], *, file_name: str
) -> StreamingHttpResponse:
    """Return the rows as a CSV download that is sent while they are read; raise ExportRunning or TooManyExports."""
    lease, token = f"export:{organization.pk}", uuid.uuid4().hex
    if cache.add(lease, token, LEASE_S) is False:
        raise ExportRunning(retry_after_s=RETRY_AFTER_S)
    if not _places.acquire(blocking=False):
        cache.delete(lease)
        raise TooManyExports(retry_after_s=RETRY_AFTER_S)
    response = StreamingHttpResponse(_Export(rows, lease, token), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response
