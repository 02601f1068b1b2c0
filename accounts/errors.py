"""The base of every error that a caller may read, in English: pages and dialects decide how to say it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_noop as _

Details = str | Mapping[str, Sequence[str]]


class ServiceError(Exception):
    """A refusal with a stable code, an HTTP status, words for the caller, and whose fault it is."""

    code = "internal_server_error"
    status = 500
    is_our_fault = True
    public_text = _("Something went wrong on our side. Nothing was charged; please try again.")

    def __init__(
        self,
        public_text: str | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        details: Details | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        """`values` go into the text, which pages translate before: `%(name)s`."""
        self.words = self.public_text if public_text is None else public_text
        self.values = values or {}
        self.public_text = self.words % self.values if self.values else self.words
        self.details = details
        self.retry_after_s = retry_after_s
        super().__init__(self.public_text)


class AuthenticationError(ServiceError):
    """Nobody we know is calling. One wording for every reason, so that guessing teaches nothing."""

    code = "authentication_error"
    status = 401
    is_our_fault = False
    public_text = "This needs a valid API key. Send it in the `x-api-key` header."


class MissingApiKey(AuthenticationError):
    """Nobody showed a key."""


class PermissionRefused(ServiceError):
    """We know who is calling, and they may not do this."""

    code = "permission_denied"
    status = 403
    is_our_fault = False
    public_text = "This API key may not do that."


class AddressRefused(PermissionRefused):
    """The key is a good one, but is kept to networks that this caller is not in."""

    public_text = "This API key may not be used from this address. Whoever made it chose the networks it works from."


class TooManyKeys(ServiceError):
    """The organization has as many working keys as it may have."""

    code, status, is_our_fault = "validation_error", 400, False

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            _("This organization has %(limit)d working API keys, which is the limit. Revoke one first."),
            values={"limit": limit},
        )


class TooManyOrganizations(ServiceError):
    """The person owns as many organizations as one person may own."""

    code, status, is_our_fault = "validation_error", 400, False

    def __init__(self, *, limit: int) -> None:
        super().__init__(_("One person may own %(count)d organizations here, and you do."), values={"count": limit})
