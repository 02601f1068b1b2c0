"""What a caller is told of an address: whether it may be asked at all, and otherwise only that nothing came of it."""

from accounts.errors import ServiceError


class BadUrl(ServiceError):
    """The text is no address that we fetch from; found out without asking anybody."""

    code, status, is_our_fault = "validation_error", 400, False
    public_text = "must be a public http or https address."


class ClosedPort(BadUrl):
    """A proper address, on a port that we do not fetch from: to the caller a fetch like any other that fails."""


class FetchFailed(ServiceError):
    """No picture came. One wording whatever the reason, so that nobody learns from us what listens where."""

    code, status, is_our_fault = "validation_error", 400, False
    public_text = (
        "The image could not be fetched. Its address must be public and answer with the picture itself, uncompressed "
        "(no `Content-Encoding` such as gzip), without a login, within a few seconds."
    )


class Refused(Exception):
    """Why a fetch came to nothing; the reason is for our log, never for the caller."""
