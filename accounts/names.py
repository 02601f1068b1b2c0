"""What people may call things: names stand in mails and tables, where they must stay one line and lead nowhere."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Controls (C0, C1), line and paragraph separators, and the marks that turn the direction of text around (UAX #9).
_NOT_IN_ONE_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_EMAIL_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.\w")
_SCHEME = re.compile(r"\w://")


def require_plain_name(name: str) -> None:
    """Raise ValidationError for a name with line breaks or other controls, or with a web address in it.

    Mail programs make links of addresses: a name would put them into mails of ours.
    """
    if _NOT_IN_ONE_LINE.search(name):
        raise ValidationError(_("A name is one line, without control characters."), code="not_one_line")
    if _SCHEME.search(name):
        raise ValidationError(_("A name holds no web address."), code="address_in_name")


def refuse_email_addresses(text: str) -> None:
    """Raise ValidationError for a text with an e-mail address: reasons of operators outlive the people they name."""
    if _EMAIL_ADDRESS.search(text):
        raise ValidationError(
            "Leave out e-mail addresses: this is kept after the person is deleted.", code="email_address"
        )


def in_one_line(text: str) -> str:
    """Return what a stranger's program wrote with controls and line breaks as single spaces."""
    return " ".join(_NOT_IN_ONE_LINE.sub(" ", text).split())
