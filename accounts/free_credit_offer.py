"""How many free credits the public pages promise."""

from django.conf import settings


def offered_free_credits() -> int:
    """Return the credits that come with a new account at once; 0 where they need a card or an approval first."""
    return int(settings.FREE_CREDITS) if settings.FREE_CREDITS_REQUIRE == "none" else 0
