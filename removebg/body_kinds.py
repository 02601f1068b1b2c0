"""Which kind of caller a body is from, by its path, and the places of each kind: no kind can take another's."""

from django.conf import settings

from accounts.addresses import client_address_in, counted_address
from processing.api.places import Places
from processing.api.upload_gate import Environ
from processing.playground.pages import AT_ONCE
from removebg.body_paths import (
    PATHS_OF_KEYS,
    PATHS_OF_LOG_IN,
    PATHS_OF_SESSIONS,
    PATHS_OF_STRANGERS,
    PATHS_OF_WEBHOOKS,
    PATHS_WITH_PICTURES,
)

UPLOADS_PER_ADDRESS = 2
FORMS_PER_ADDRESS = 4

_uploads_of_keys = Places(
    "keyed_uploads",
    settings.IMAGE_SLOTS + settings.SLOT_WAITING_PLACES + settings.UPLOADS_AT_ONCE,
    per_owner=settings.PLACES_PER_ORGANIZATION,
)
_uploads_of_sessions = Places("session_uploads", settings.SESSION_UPLOADS_AT_ONCE, per_owner=AT_ONCE)
_uploads_of_strangers = Places("trial_uploads", settings.TRIAL_UPLOADS_AT_ONCE, per_owner=UPLOADS_PER_ADDRESS)
_webhooks = Places("webhooks", settings.WEBHOOKS_AT_ONCE, per_owner=FORMS_PER_ADDRESS)
_log_in_forms = Places("log_in_forms", settings.LOG_IN_FORMS_AT_ONCE, per_owner=FORMS_PER_ADDRESS)
_forms = Places("forms", settings.FORMS_AT_ONCE, per_owner=FORMS_PER_ADDRESS)


def places_of_upload(path: str) -> Places | None:
    """Return the places of the path's uploads; None for a path that takes no pictures."""
    if path.startswith(PATHS_OF_KEYS):
        return _uploads_of_keys
    if path.startswith(PATHS_OF_SESSIONS):
        return _uploads_of_sessions
    return _uploads_of_strangers if path.startswith(PATHS_OF_STRANGERS) else None


def places_of_form(path: str) -> Places | None:
    """Return the places of the path's forms; None for a path that takes pictures."""
    if path.startswith(PATHS_WITH_PICTURES):
        return None
    if path.startswith(PATHS_OF_WEBHOOKS):
        return _webhooks
    return _log_in_forms if path.startswith(PATHS_OF_LOG_IN) else _forms


def address_of(environ: Environ) -> str:
    """Return what the caller is counted by, as the rate limits do."""
    return counted_address(client_address_in(environ))
