"""In which language somebody is spoken to: pages by this browser's cookie, mails by what the person chose last."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from accounts.models import User


def is_offered(code: str) -> bool:
    """Tell whether the site speaks this language."""
    return code in dict(settings.LANGUAGES)


def language_of_mail(to: str, context: Mapping[str, Any]) -> str:
    """Return the language of a mail to this address: its person's, else that of whoever causes it.

    `context` names the person where the address is not yet theirs. A job that runs by itself speaks LANGUAGE_CODE.
    """
    known = context.get("user")
    user = known if isinstance(known, User) else User.objects.filter(email__iexact=to).first()
    if user is not None and is_offered(user.language):
        return user.language
    return get_language() or settings.LANGUAGE_CODE


def choose(user: User, code: str) -> None:
    """Write to the person in this language from now on."""
    User.objects.filter(pk=user.pk).update(language=code)


def keep_in_browser(response: HttpResponse, code: str) -> None:
    """Show this browser all further pages in this language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,  # type: ignore[arg-type]
    )


@receiver(user_logged_in)
def bring_the_language_along(sender: Any, user: User, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Let the browser that somebody logs in with follow their language; who has none takes that of the page."""
    if is_offered(user.language):
        if request is not None:
            request.language_to_keep = user.language  # type: ignore[attr-defined]
    else:
        choose(user, get_language() or settings.LANGUAGE_CODE)
