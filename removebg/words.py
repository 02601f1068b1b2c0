"""The words of scripts, as a script of its own for each language: its address changes with what is in it."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.i18n import JavaScriptCatalog

KEPT_S = 31_536_000


class Words(JavaScriptCatalog):
    """Django's catalogue of the domain `djangojs`, in the language of the address."""

    packages = ["removebg"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the script; 404 for a language that is not offered."""
        language = kwargs["language"]
        if language not in dict(settings.LANGUAGES):
            raise Http404
        with translation.override(language):
            response = super().get(request, *args, **kwargs)
        patch_cache_control(response, public=True, max_age=KEPT_S, immutable=True)
        return response

    def get_paths(self, packages: list[str]) -> list[str]:
        """Return our catalogues and, to go before them, those of the operator."""
        return [str(folder) for folder in reversed(settings.LOCALE_PATHS)]


def address_of(language: str) -> str:
    """Return where the words of this language are now."""
    return f"{reverse('words', args=[language])}?{_version(language)}"


@cache
def _version(language: str) -> str:
    name = Path(translation.to_locale(language), "LC_MESSAGES", "djangojs.mo")
    files = [folder / name for folder in settings.LOCALE_PATHS]
    return sha256(b"".join(file.read_bytes() for file in files if file.is_file())).hexdigest()[:12]
