"""Why credits moved, where it is we who say so: written in English into the ledger, read in the reader's language.

What is bought, used, expired or corrected for a debt has no row here: the statement says those in words of its own.
"""

import re

from django.utils.translation import gettext, gettext_noop

from billing.models import LedgerEntry

BY_HAND = "admin:"
"""What references begin with where an operator moved credits, and typed the reason."""

MONTH = gettext_noop("A month of %(name)s.")
UPGRADE = gettext_noop("Upgrade to %(name)s.")
REFUND = gettext_noop("Refund of %(name)s.")
REFUND_FAILED = gettext_noop("The refund of %(name)s failed: the money did not arrive.")
DISPUTED = gettext_noop("The payment of %(name)s is disputed.")
DISPUTE_WON = gettext_noop("The dispute about %(name)s was won.")
FREE_CREDITS = gettext_noop("Free credits to start with.")
OPENING = gettext_noop("Opening credits.")

_NAME = "%(name)s"
_WRITTEN = {
    phrase: re.compile(re.escape(phrase).replace(re.escape(_NAME), "(?P<name>.*)"), re.DOTALL)
    for phrase in (MONTH, UPGRADE, REFUND, REFUND_FAILED, DISPUTED, DISPUTE_WON, FREE_CREDITS, OPENING)
}


def in_english(phrase: str, name: str = "") -> str:
    """Return a phrase as the ledger keeps it."""
    return phrase % {"name": name}


def in_words(entry: LedgerEntry) -> str:
    """Return why an entry's credits moved: in the reader's language where we wrote it, else as somebody typed it."""
    if entry.reference.startswith(BY_HAND):
        return entry.reason
    for phrase, written in _WRITTEN.items():
        if found := written.fullmatch(entry.reason):
            return gettext(phrase) % found.groupdict()
    return entry.reason
