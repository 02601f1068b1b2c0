"""Second factors at rest: what opens accounts is stored encrypted with this server's secret."""

import base64
import hashlib

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

PURPOSE = b"removebg second factors:"


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's second factors, encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """Return the secret as it is stored, readable with the newest SECRET_KEY only."""
        return _boxes().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret; raise cryptography's InvalidToken where no known SECRET_KEY has written it."""
        return _boxes().decrypt(encrypted_text.encode()).decode()


def _boxes() -> MultiFernet:
    return MultiFernet([_box(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _box(secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(PURPOSE + secret_key.encode()).digest()))
