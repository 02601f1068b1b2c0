"""Refuses passwords that name this service: attackers try its own words first (OWASP ASVS 6.2.11)."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

SHORTEST_WORD = 4
CONTEXT_WORDS = ("removebg", "remove.bg", "background", "cutout")


class ContextWordsValidator:
    """Refuses a password that is little more than words of this service: fewer than `min_rest` other characters."""

    def __init__(self, min_rest: int = 10) -> None:
        self.min_rest = min_rest

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError if too little of the password is left without the service's words."""
        rest = password.lower()
        for word in _context_words():
            rest = rest.replace(word, "")
        if rest != password.lower() and len(rest) < self.min_rest:
            raise ValidationError(_("This password is too close to the name of this service."), code="context_word")

    def get_help_text(self) -> str:
        """Return what people read beside the field."""
        return _("Your password cannot be close to the name of this service.")


def _context_words() -> list[str]:
    """Return the words of the product's name and address, longest first."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    named = re.split(r"\W+", f"{settings.PRODUCT_NAME} {host}".lower())
    words = {*CONTEXT_WORDS, settings.PRODUCT_NAME.lower(), host, *named}
    return sorted((word for word in words if len(word) >= SHORTEST_WORD), key=len, reverse=True)
